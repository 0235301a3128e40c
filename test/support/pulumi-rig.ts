import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { parse, stringify } from 'yaml';
import type { CloudName } from '../../lab/cloud/names.ts';
import { nodesInService, serving } from '../../lab/cloud/nodes-in-service.ts';
import type { TwinCloud } from '../../lab/cloud/twin-cloud.ts';
import { LabMachines } from '../../lab/instance/machine-factory.ts';
import type { LocalCloud, LocalCloudOptions } from '../../lab/local-stack/local-cloud.ts';
import { createProject, type Project } from '../../lab/local-stack/project.ts';
import { type PulumiResult, runPulumi } from '../../lab/local-stack/pulumi.ts';
import { cloudSecrets, localStackValues } from '../../lab/local-stack/values.ts';
import { buildTwinLiveKit } from '../../lab/media/build-twin-livekit.ts';
import type { Participant } from '../../lab/media/driver.ts';
import { TwinDriver } from '../../lab/media/twin-driver.ts';

export const AGENT_UNIT = 'ebbtide-agent.service';
export const MEDIA_UNIT = 'livekit.service';
export const YES = ['--yes', '--skip-preview'];
/** What must never be told in plain text. */
export const SECRETS = { key: 'rehearsal-secret-of-32-characters', redis: 'redis-password-of-a-test' };

/** Neither busy enough to grow nor idle enough to shrink: only a test moves the group. */
const QUIET_CPU = 42;

/** A living cloud on this machine, and the real Pulumi CLI that works on it. */
export interface PulumiRig<Twin extends TwinCloud = TwinCloud> {
  cloud: LocalCloud<Twin>;
  machines: LabMachines;
  project: Project;
  pulumi(...args: string[]): Promise<PulumiResult>;
  /** Expects that it goes well. */
  does(...args: string[]): Promise<PulumiResult>;
  /** The same, while it goes on. */
  begin(...args: string[]): { output(): string; ended: Promise<PulumiResult> };
  /** Writes into the stack file, as an editor would. */
  set(key: string, value: unknown): void;
  /** A section of the stack file; empty where it has none. */
  section(key: string): Record<string, unknown>;
  setSecrets(): Promise<void>;
  inService(): string[];
  /** People in a new room; LiveKit chooses the node. */
  meet(room: string, ...people: string[]): Promise<Participant[]>;
  until(what: string, happens: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

const fileSchema = v.object({ config: v.record(v.string(), v.unknown()) });

/** A cloud on which a rig can stand. */
export interface RigCloud<Twin extends TwinCloud> {
  name: CloudName;
  start(options: LocalCloudOptions): Promise<LocalCloud<Twin>>;
}

export async function startRig<Twin extends TwinCloud>(
  { name, start }: RigCloud<Twin>,
  program: string,
): Promise<PulumiRig<Twin>> {
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-media-'));
  const artifact = join(folder, 'livekit-server');
  await buildTwinLiveKit(artifact);
  const machines = new LabMachines({ cpuOf: () => QUIET_CPU });
  const values = localStackValues(name, artifact);
  const cloud = await start({ values, machines, factor: 60 });
  const project = createProject('test', values);
  const driver = new TwinDriver();
  const environment = { ...project.environment, ...cloud.environment };

  const pulumi = (...args: string[]) => runPulumi({ program, folder: project.folder, environment }, ...args);
  async function does(...args: string[]): Promise<PulumiResult> {
    const result = await pulumi(...args);
    assert.equal(result.code, 0, result.output);
    return result;
  }

  return {
    cloud,
    machines,
    project,
    pulumi,
    does,
    begin(...args) {
      let output = '';
      const onText = (text: string) => {
        output += text;
      };
      const ended = runPulumi({ program, folder: project.folder, environment, onText }, ...args);
      return { output: () => output, ended };
    },
    inService: () => serving(cloud.twin),
    set(key, value) {
      const file = parse(readFileSync(project.stackFile, 'utf8'));
      const { config } = v.parse(fileSchema, file);
      writeFileSync(
        project.stackFile,
        stringify({ ...file, config: { ...config, [key]: value } }, { lineWidth: 0 }),
      );
    },
    section(key) {
      const { config } = v.parse(fileSchema, parse(readFileSync(project.stackFile, 'utf8')));
      return v.parse(v.record(v.string(), v.unknown()), config[key] ?? {});
    },
    async setSecrets() {
      for (const [path, value] of [
        ...cloudSecrets(name),
        ['ebbtide:mediaSecrets.keys.rehearsal', SECRETS.key],
        ['ebbtide:mediaSecrets.redis.address', '127.0.0.1:1'],
        ['ebbtide:mediaSecrets.redis.password', SECRETS.redis],
      ] as const) {
        await does('config', 'set', '--secret', '--path', path, value);
      }
    },
    async meet(room, ...people) {
      const node = await driver.openRoom(nodesInService(cloud.twin, machines), room);
      return Promise.all(people.map((identity) => driver.join(node, room, identity)));
    },
    async until(what, happens) {
      const deadline = Date.now() + 90_000;
      while (!(await happens())) {
        assert.ok(Date.now() < deadline, `waited too long: ${what}`);
        await sleep(50);
      }
    },
    async close() {
      await driver.close();
      await cloud.close();
      await machines.dispose();
      project.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
