import { createGcpClient, type GcpClient } from '../../../../fleet/gcp/client.ts';
import type { TwinEvent } from '../../../../lab/cloud/events.ts';
import { type Applied, applyProgram, type GcpApplication } from '../../../../lab/gcp/apply.ts';
import type { GcpTwin } from '../../../../lab/gcp/gcp-twin.ts';
import { createTwin, type TwinOptions } from '../../../../lab/gcp/twin.ts';
import { type QuietMachine, quietRun, started } from '../quiet-run.ts';
import { smallPool } from '../small-pool.ts';

export const PROJECT = 'my-project';
export const REGION = 'europe-west1';
export const GROUP = 'ebbtide-media';

export function applyPool(
  settings: Record<string, unknown> = {},
  there: Pick<GcpApplication, 'backendServices'> = {},
): Promise<Applied> {
  const provider = { 'gcp:project': PROJECT, 'gcp:region': REGION };
  return applyProgram({ ...smallPool('gcp', settings, provider), ...there });
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

export async function startTwin(
  { model }: Applied,
  { cpu, ...options }: TestTwinOptions = {},
): Promise<TestTwin> {
  const { run, events, machines } = quietRun(cpu);
  const twin = createTwin({ model, ...run, ...options });
  await started(twin);
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
      return createGcpClient({ token: async () => token, environment: twin.environment(), timeoutMs: 5_000 });
    },
  };
}
