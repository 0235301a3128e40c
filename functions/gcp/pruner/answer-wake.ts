import { describeError } from '../../../fleet/error.ts';
import { coalesce } from '../../coalesce.ts';
import { type PrunerTools, planOnly, prune } from './prune.ts';

/** The little of a request and its answer that is used of what Google's functions framework gives. */
export interface WakeRequest {
  query: Readonly<Record<string, unknown>>;
}
export interface WakeResponse {
  status(code: number): { json(body: unknown): unknown };
}

/**
 * Answers whoever wakes the function: its schedule each minute, and a node when it is empty. What they send is not looked
 * at: each run looks at the world for itself. `?dryRun=1` answers what a run would do, and does nothing.
 */
export function createWakeHandler(
  tools: PrunerTools,
): (request: WakeRequest, response: WakeResponse) => Promise<void> {
  const wake = coalesce(() => prune(tools));
  return async (request, response) => {
    try {
      if (request.query.dryRun !== undefined && request.query.dryRun !== '0') {
        response.status(200).json(await planOnly(tools));
        return;
      }
      const { answer, ended } = await wake();
      const failures = [...answer.failures, ...(await ended)];
      response.status(failures.length > 0 ? 500 : 200).json({ ...answer, failures });
    } catch (cause) {
      tools.log('error', 'pruner-failed', { pool: tools.settings.pool, reason: describeError(cause) });
      response.status(500).json({ failures: [describeError(cause)] });
    }
  };
}
