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
import type { RawRequest } from '../../../../lab/raw-request.ts';
import { type QuietMachine, quietRun, started } from '../quiet-run.ts';
import { smallPool } from '../small-pool.ts';
import type { OpenApi } from '../specs/openapi.ts';

const REGION = 'fra1';

export interface Exchanged {
  request: RawRequest;
  reply: HttpReply;
}

export function applyPool(
  settings: Record<string, unknown> = {},
  exchanges: Exchanged[] = [],
): Promise<Applied> {
  const { secrets, ...pool } = smallPool('digitalocean', {
    digitalocean: { region: REGION, loadBalancer: {}, monitoring: true },
    digitaloceanSecrets: { orchestratorToken: ORCHESTRATOR_TOKEN },
    alarms: { notify: ['on-call@example.org'] },
    ...settings,
  });
  return applyProgram({
    ...pool,
    secrets: [...secrets, 'ebbtide:digitaloceanSecrets'],
    onExchange: (request, reply) => exchanges.push({ request, reply }),
  });
}

/** An account in which nothing was provisioned. */
export async function emptyModel(): Promise<OceanModel> {
  return readModel([], await placeOf({ region: REGION }));
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
  { cpu, ...options }: TestTwinOptions = {},
): Promise<TestTwin> {
  const { run, events, machines } = quietRun(cpu);
  const exchanges: Exchanged[] = [];
  const onExchange: TwinOptions['onExchange'] = (request, reply) => exchanges.push({ request, reply });
  const twin = createTwin({ model, ...run, onExchange, ...options });
  await started(twin);
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
        timeoutMs: 5_000,
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
