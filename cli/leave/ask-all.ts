import type { Decision } from '../../fleet/decision.ts';
import { createDecisionId } from '../../fleet/decision-id.ts';
import { describeError } from '../../fleet/error.ts';
import type { LeavingOptions, LeavingTools } from './leaving-tools.ts';
import type { LeavingPlan } from './plan-leaving.ts';
import type { Asked } from './progress.ts';

/** Gives whether any could not be asked, and how many were not asked since a person has seen enough. */
export async function askAll(
  plan: LeavingPlan,
  at: number,
  asked: Asked,
  { replacement, by, reason }: LeavingOptions,
  { pool, tell, now, random, signal, keep }: LeavingTools,
): Promise<{ failed: boolean; left: number }> {
  let failed = false;
  let left = plan.ask.length;
  for (const seen of plan.leaving)
    asked.set(seen.machine.machine, { at: 0, ...asked.get(seen.machine.machine), seen });
  for (const { seen, reason: why, isMissed } of plan.ask) {
    // One is asked to the end, or not at all.
    if (signal.aborted) break;
    await keep?.();
    left -= 1;
    const { node, machine } = seen.machine;
    const decision: Decision = {
      v: 1,
      id: createDecisionId(now(), random),
      node,
      machine,
      pool: pool.address.pool,
      at: new Date(at).toISOString(),
      by,
      cause: 'operator',
      intent: 'leave',
      reason: reason === undefined ? why : `${reason} (${why})`,
    };
    try {
      const remark = await pool.leave(
        seen.machine,
        decision,
        replacement === 'if-needed' && isMissed ? 'at-once' : replacement,
      );
      asked.set(machine, { seen, at: now() });
      tell({
        event: 'asked',
        node,
        machine,
        decision: decision.id,
        reason: why,
        ...(remark === undefined ? {} : { remark }),
      });
    } catch (cause) {
      failed = true;
      tell({ event: 'failed', node, reason: `${node} could not be asked to leave: ${describeError(cause)}` });
    }
  }
  return { failed, left };
}
