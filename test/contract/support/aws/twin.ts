import { fileURLToPath } from 'node:url';
import { type AwsClient, createAwsClient } from '../../../../fleet/aws/client.ts';
import { type Applied, applyProgram } from '../../../../lab/aws/apply.ts';
import type { AwsTwin, AwsTwinOptions } from '../../../../lab/aws/aws-twin.ts';
import type { AwsEvent } from '../../../../lab/aws/events.ts';
import { createTwin } from '../../../../lab/aws/twin.ts';
import type { MachineSpec } from '../../../../lab/machine.ts';

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

/** A machine on which nothing runs: the test is its agent. */
interface QuietMachine {
  spec: MachineSpec;
  on: boolean;
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

export async function startTwin({ model }: Applied, options: TestTwinOptions = {}): Promise<TestTwin> {
  const events: AwsEvent[] = [];
  const machines = new Map<string, QuietMachine>();
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
          cpu: options.cpu ?? (() => 0),
        };
      },
    },
    ...options,
  });
  await twin.start();
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
        timeoutMs: 1000,
      });
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
