import { type Clock, pause } from '../clock.ts';
import { type GcpClient, GcpError, readAnswer } from './client.ts';
import { type Operation, operationSchema } from './compute-schemas.ts';

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3_000;

export interface FollowTools {
  client: GcpClient;
  project: string;
  clock: Clock;
}

/**
 * Follows an operation to its end. Rejects with `GcpError` where Google ended it with an error, and where its end was not
 * seen before `signal` aborted (`timeout`): then it may have been done, or not.
 */
export async function followOperation(
  { client, project, clock }: FollowTools,
  begun: Operation,
  signal?: AbortSignal,
): Promise<void> {
  const where = begun.zone === undefined ? `regions/${begun.region}` : `zones/${begun.zone}`;
  const path = `/compute/v1/projects/${encodeURIComponent(project)}/${where}/operations/${encodeURIComponent(begun.name)}`;
  let operation = begun;
  let pauseMs = FIRST_PAUSE_MS;
  while (operation.status !== 'DONE') {
    await pause(clock, pauseMs, signal);
    if (signal?.aborted) throw new GcpError(`operation ${begun.name} was not seen to end in time`, 'timeout');
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    const answer = await client.send({ service: 'compute', method: 'GET', path, signal });
    operation = readAnswer(`operation ${begun.name}`, answer, operationSchema);
  }
  const [first, ...others] = operation.error?.errors ?? [];
  if (first === undefined && operation.error === undefined && operation.httpErrorMessage === undefined)
    return;
  const what = first === undefined ? (operation.httpErrorMessage ?? 'no reason given') : first.message;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new GcpError(`operation ${begun.name} failed: ${what}${more}`, first?.code || 'operationFailed');
}
