import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodesInService } from '../cloud/nodes-in-service.ts';
import type { TwinCloud } from '../cloud/twin-cloud.ts';
import { LabMachines } from '../instance/machine-factory.ts';
import { buildTwinLiveKit } from '../media/build-twin-livekit.ts';
import type { MediaNode } from '../media/driver.ts';
import { TwinDriver } from '../media/twin-driver.ts';
import { People } from '../rehearsal/people.ts';
import { clockText } from '../rehearsal/picture.ts';
import { newTally, type Observation, observe } from '../rehearsal/tally.ts';
import type { LocalStackArguments } from './arguments.ts';
import { LOCAL_CLOUDS } from './clouds.ts';
import { planGuests } from './guests.ts';
import { invitation } from './invitation.ts';
import type { LocalCloud } from './local-cloud.ts';
import { createProject, type Project } from './project.ts';
import { runPulumi } from './pulumi.ts';
import { localStackSecrets, localStackValues } from './values.ts';
import { createWatch } from './watch.ts';

export interface LocalStackOptions extends LocalStackArguments {
  /** The Pulumi CLI. */
  program: string;
  say: (line: string) => void;
  signal: AbortSignal;
}

const TICK_MS = 200;
const SUMMARY_EVERY_MS = 15_000;
const STACK = 'lab';

/** Makes the stack, tells how to work on it, and shows what happens until it is aborted. Then everything is gone. */
export async function runLocalStack(options: LocalStackOptions): Promise<void> {
  const { say, signal } = options;
  const undo: (() => Promise<void> | void)[] = [];
  try {
    const folder = mkdtempSync(join(tmpdir(), 'ebbtide-media-'));
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    const artifact = join(folder, 'livekit-server');
    await buildTwinLiveKit(artifact);

    const begun = Date.now();
    const tell = createTeller(say, begun);
    const functionLog = join(folder, 'functions.log');
    writeFileSync(functionLog, '');
    const watch = createWatch({
      file: functionLog,
      say: (text) => say(`${clockText(Date.now() - begun)}  ${text}`),
    });
    const machines: LabMachines = new LabMachines({
      cpuOf: (instance) => people.on(instance).cpu,
      signalsAreHeard: true,
    });
    undo.push(() => machines.dispose());
    const values = localStackValues(options.cloud, artifact);
    const cloud = await LOCAL_CLOUDS[options.cloud]({
      values,
      machines,
      factor: options.factor,
      onEvent: (event) => {
        tell({ kind: 'cloud', event });
        watch(event);
      },
    });
    undo.push(() => cloud.close());
    const driver = new TwinDriver();
    undo.push(() => driver.close());
    const nodes = () => nodesInService(cloud.twin, machines);
    const people: People = new People({ plan: planGuests(), driver, nodes, tell, mayFail: true });

    const project = createProject(STACK, values);
    undo.push(() => project.remove());
    await firstUp(options, project, cloud);
    const folders = { machines: machines.folder, functionLog };
    const variables = { ...project.environment, ...cloud.environment };
    for (const line of invitation(options.program, project, variables, folders)) say(line);
    await live({ people, nodes, twin: cloud.twin, begun, say, signal });
  } finally {
    for (const step of undo.reverse()) await step();
    say('Everything that was started has ended, and its folders are gone.');
  }
}

async function firstUp(options: LocalStackOptions, project: Project, cloud: LocalCloud): Promise<void> {
  const { program, say, signal } = options;
  const environment = { ...project.environment, ...cloud.environment };
  const pulumi = async (...args: string[]) => {
    const result = await runPulumi({ program, folder: project.folder, environment, signal }, ...args);
    if (result.code !== 0) throw new Error(`pulumi ${args[0]} ended with ${result.code}:\n${result.output}`);
  };
  say('The first `pulumi up`: a minute at most …');
  await pulumi('stack', 'init', STACK);
  for (const [path, value] of localStackSecrets(options.cloud)) {
    await pulumi('config', 'set', '--secret', '--path', path, value);
  }
  await pulumi('up', '--yes', '--skip-preview');
}

interface Living {
  people: People;
  nodes: () => MediaNode[];
  twin: TwinCloud;
  /** All that is told has its time since then. */
  begun: number;
  say: (line: string) => void;
  signal: AbortSignal;
}

async function live({ people, nodes, twin, begun, say, signal }: Living): Promise<void> {
  let dayMs = 0;
  let told = '';
  let toldAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    // Nobody calls where nobody answers: their day stands still meanwhile. But whoever is in a call hangs up in time, or a
    // pool that was asked for no nodes would drain for ever.
    if (nodes().length > 0 || people.all().people > 0) dayMs += TICK_MS;
    people.liveUntil(dayMs);
    const { rooms, people: present } = people.all();
    const group = twin.size();
    const size = group === undefined ? 'no group' : `${nodes().length} of ${group.desired} nodes serve`;
    const summary = `${size}; ${rooms} rooms, ${present} people`;
    const elapsedMs = Date.now() - begun;
    if (summary !== told && elapsedMs - toldAt >= SUMMARY_EVERY_MS) {
      say(`${clockText(elapsedMs)}  ${summary}`);
      told = summary;
      toldAt = elapsedMs;
    }
    await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The same words as in the rehearsal. */
function createTeller(say: (line: string) => void, begun: number): (observation: Observation) => void {
  let tally = newTally('ebbtide');
  return (observation) => {
    const before = tally.news.length;
    tally = observe(tally, observation);
    for (const { at, text } of tally.news.slice(before)) say(`${clockText(at - begun)}  ${text}`);
  };
}
