import { fileURLToPath } from 'node:url';
import { type AwsClient, createAwsClient } from '../../../../fleet/aws/client.ts';
import { type Applied, applyProgram } from '../../../../lab/aws/apply.ts';
import type { AwsTwin, AwsTwinOptions } from '../../../../lab/aws/aws-twin.ts';
import type { AwsEvent } from '../../../../lab/aws/events.ts';
import { createTwin } from '../../../../lab/aws/twin.ts';
import { type QuietMachine, quietRun, started } from '../quiet-run.ts';

export const NODE_ROLE = 'ebbtide-media-node';
export const FUNCTION_ROLE = 'ebbtide-media-function';
export const LAUNCH_HOOK = 'ebbtide-media-launch';
export const TERMINATE_HOOK = 'ebbtide-media-terminate';
export const GROUP = 'ebbtide-media';

/** The small program of these tests, applied with a termination policy of the test's own. */
export function applySmallProgram(
  pool: { min: number; max: number; initial: number; target?: number },
  terminationPolicy = 'exports.handler = async () => ({ InstanceIDs: [] });',
): Promise<Applied> {
  return applyProgram({
    program: fileURLToPath(new URL('program.ts', import.meta.url)),
    config: {
      'aws:region': 'eu-west-1',
      'ebbtide:pool': JSON.stringify(pool),
      'ebbtide:terminationPolicy': terminationPolicy,
    },
  });
}

export interface TestTwin {
  twin: AwsTwin;
  events: AwsEvent[];
  machines: Map<string, QuietMachine>;
  client(role: string, session: string): AwsClient;
  bucket: string;
}

export interface TestTwinOptions extends Partial<Pick<AwsTwinOptions, 'mode' | 'factor' | 'credentialsMs'>> {
  cpu?: () => number;
}

export async function startTwin(
  { model }: Applied,
  { cpu, ...options }: TestTwinOptions = {},
): Promise<TestTwin> {
  const { run, events, machines } = quietRun<AwsEvent>(cpu);
  const twin = createTwin({ model, ...run, ...options });
  await started(twin);
  return {
    twin,
    events,
    machines,
    bucket: model.buckets[0]?.name ?? '',
    client: (role, session) => {
      const credentials = twin.assume(role, session);
      return createAwsClient({
        region: 'eu-west-1',
        credentials: async () => credentials,
        environment: { AWS_ENDPOINT_URL: twin.endpoint },
        timeoutMs: 5_000,
      });
    },
  };
}
