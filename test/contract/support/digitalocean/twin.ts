import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRealClock } from '../../../../fleet/clock.ts';
import { createDigitalOceanClient, type DigitalOceanClient } from '../../../../fleet/digitalocean/client.ts';
import type { TwinEvent } from '../../../../lab/cloud/events.ts';
import { GARBAGE } from '../../../../lab/cloud/faults.ts';
import type { HttpReply } from '../../../../lab/cloud/http-front.ts';
import { type Applied, applyProgram, placeOf } from '../../../../lab/digitalocean/apply.ts';
import type { OceanModel } from '../../../../lab/digitalocean/model.ts';
import type { OceanTwin } from '../../../../lab/digitalocean/ocean-twin.ts';
import { readModel } from '../../../../lab/digitalocean/read-model.ts';
import { OPERATOR_TOKEN, ORCHESTRATOR_TOKEN } from '../../../../lab/digitalocean/tokens.ts';
import { createTwin, type TwinOptions } from '../../../../lab/digitalocean/twin.ts';
import type { MachineSpec } from '../../../../lab/machine.ts';
import type { RawRequest } from '../../../../lab/raw-request.ts';
import type { OpenApi } from '../specs/openapi.ts';

const REGION = 'fra1';

const MEDIA = fileURLToPath(import.meta.url);

export interface Exchanged {
  request: RawRequest;
  reply: HttpReply;
}

/** The program of stacks/ itself, with a small pool. Nothing runs its media server: any file will do. */
export function applyPool(
  settings: Record<string, unknown> = {},
  exchanges: Exchanged[] = [],
): Promise<Applied> {
  const sha256 = createHash('sha256').update(readFileSync(MEDIA)).digest('hex');
  const all: Record<string, unknown> = {
    cloud: 'digitalocean',
    digitalocean: { region: REGION, loadBalancer: {} },
    digitaloceanSecrets: { orchestratorToken: ORCHESTRATOR_TOKEN },
    pool: { name: 'media', min: 1, max: 4 },
    scaling: { kind: 'cpu', target: 50, warmUp: '30s' },
    media: { kind: 'livekit', artifact: { file: MEDIA, sha256 } },
    mediaSecrets: { keys: { one: 'k'.repeat(32) } },
    alarms: { notify: ['on-call@example.org'] },
    ...settings,
  };
  const texts = Object.entries(all).map(([key, value]) => [
    `ebbtide:${key}`,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return applyProgram({
    program: fileURLToPath(new URL('../../../../stacks/index.ts', import.meta.url)),
    config: Object.fromEntries(texts),
    secrets: ['ebbtide:mediaSecrets', 'ebbtide:digitaloceanSecrets'],
    onExchange: (request, reply) => exchanges.push({ request, reply }),
  });
}

/** An account in which nothing was provisioned. */
export async function emptyModel(): Promise<OceanModel> {
  return readModel([], await placeOf({ region: REGION }));
}

/** A machine on which nothing runs: the test is its agent. */
interface QuietMachine {
  spec: MachineSpec;
  on: boolean;
}

export interface TestTwin {
  twin: OceanTwin;
  events: TwinEvent[];
  /** The latest of each name. */
  machines: Map<string, QuietMachine>;
  exchanges: Exchanged[];
  client(token?: string): DigitalOceanClient;
}

export interface TestTwinOptions extends Partial<Omit<TwinOptions, 'model'>> {
  cpu?: (droplet: string) => number;
}

export async function startTwin(
  model: OceanModel,
  { cpu = () => 0, ...options }: TestTwinOptions = {},
): Promise<TestTwin> {
  const events: TwinEvent[] = [];
  const machines = new Map<string, QuietMachine>();
  const exchanges: Exchanged[] = [];
  const twin = createTwin({
    model,
    mode: 'ebbtide',
    factor: 1,
    onEvent: (event) => events.push(event),
    onExchange: (request, reply) => exchanges.push({ request, reply }),
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
    ...options,
  });
  await twin.start().catch(async (cause) => {
    await twin.close();
    throw cause;
  });
  return {
    twin,
    events,
    machines,
    exchanges,
    client: (token = OPERATOR_TOKEN) =>
      createDigitalOceanClient({
        token: async () => token,
        environment: twin.environment(),
        clock: createRealClock(),
        timeoutMs: 2_000,
      }),
  };
}

/** What is wrong with what went to DigitalOcean's own API, and came of it, by its description. */
export function problemsIn(exchanges: readonly Exchanged[], description: OpenApi | undefined): string[] {
  return exchanges.flatMap(({ request: { method, target, body }, reply }) => {
    if (!target.startsWith('/v2/') || reply.body === GARBAGE) return [];
    const { status, body: answer } = reply;
    const exchange = { method, target, body: body.toString(), status, answer: String(answer) };
    return description?.problems(exchange) ?? [];
  });
}

/** Waits for what must come true soon; rejects, saying what did not, after eight seconds. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + 8_000;
  while (Date.now() < deadline) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`it did not come true that ${what}`);
}
