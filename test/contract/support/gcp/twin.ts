import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createGcpClient, type GcpClient } from '../../../../fleet/gcp/client.ts';
import type { TwinEvent } from '../../../../lab/cloud/events.ts';
import { type Applied, applyProgram } from '../../../../lab/gcp/apply.ts';
import type { GcpTwin } from '../../../../lab/gcp/gcp-twin.ts';
import { createTwin, type TwinOptions } from '../../../../lab/gcp/twin.ts';
import type { MachineSpec } from '../../../../lab/machine.ts';

export const PROJECT = 'my-project';
export const REGION = 'europe-west1';
export const GROUP = 'ebbtide-media';

const MEDIA = fileURLToPath(import.meta.url);

/** The program of stacks/ itself, with a small pool. Nothing runs its media server: any file will do. */
export function applyPool(settings: Record<string, unknown> = {}): Promise<Applied> {
  const sha256 = createHash('sha256').update(readFileSync(MEDIA)).digest('hex');
  const all: Record<string, unknown> = {
    pool: { name: 'media', min: 1, max: 4 },
    scaling: { kind: 'cpu', target: 50, warmUp: '30s' },
    media: { kind: 'livekit', artifact: { file: MEDIA, sha256 } },
    mediaSecrets: { keys: { one: 'k'.repeat(32) } },
    ...settings,
  };
  const texts = Object.entries(all).map(([key, value]) => [`ebbtide:${key}`, JSON.stringify(value)]);
  return applyProgram({
    program: fileURLToPath(new URL('../../../../stacks/index.ts', import.meta.url)),
    config: {
      'gcp:project': PROJECT,
      'gcp:region': REGION,
      'ebbtide:cloud': 'gcp',
      ...Object.fromEntries(texts),
    },
    secrets: ['ebbtide:mediaSecrets'],
  });
}

/** A machine on which nothing runs: the test is its agent. */
interface QuietMachine {
  spec: MachineSpec;
  on: boolean;
}

export interface TestTwin {
  twin: GcpTwin;
  events: TwinEvent[];
  /** The latest of each name. */
  machines: Map<string, QuietMachine>;
  bucket: string;
  /** Of one of the pool's service accounts, by what it is for; of a person who may do everything. */
  client(who: 'node' | 'pruner' | 'operator', instance?: string): GcpClient;
}

export interface TestTwinOptions
  extends Partial<Pick<TwinOptions, 'mode' | 'factor' | 'tokensMs' | 'pageSize'>> {
  cpu?: (instance: string) => number;
}

export async function startTwin({ model }: Applied, options: TestTwinOptions = {}): Promise<TestTwin> {
  const events: TwinEvent[] = [];
  const machines = new Map<string, QuietMachine>();
  const { cpu = () => 0, ...rest } = options;
  const twin = createTwin({
    model,
    mode: 'ebbtide',
    factor: 1,
    onEvent: (event) => events.push(event),
    machines: {
      create(spec) {
        const machine = { spec, on: true };
        machines.set(spec.instanceId, machine);
        return {
          id: spec.instanceId,
          boot: async () => undefined,
          terminate: async () => {
            machine.on = false;
          },
          cpu: () => cpu(spec.instanceId),
        };
      },
    },
    ...rest,
  });
  await twin.start().catch(async (cause) => {
    await twin.close();
    throw cause;
  });
  const emails = {
    node: model.groups[0]?.template.serviceAccount?.email ?? '',
    pruner: model.functions[0]?.serviceAccount ?? '',
  };
  return {
    twin,
    events,
    machines,
    bucket: model.buckets[0]?.name ?? '',
    client: (who, instance) => {
      const token = who === 'operator' ? twin.operatorToken() : twin.tokenOf(emails[who], instance);
      return createGcpClient({ token: async () => token, environment: twin.environment(), timeoutMs: 2000 });
    },
  };
}

/** Waits for what must come true soon; rejects, saying what did not, after eight seconds. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + 8000;
  while (Date.now() < deadline) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`it did not come true that ${what}`);
}
