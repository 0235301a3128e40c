import * as v from 'valibot';
import { STALE_AFTER_MS } from '../../../fleet/registry.ts';
import { LONGEST_RETRY_MS } from '../../../node-agent/core/settings.ts';
import type { AwsHappening } from '../../aws/events.ts';
import type { Objects } from '../../aws/objects.ts';
import type { WorldKit } from '../cloud.ts';
import type { Members } from './machines.ts';
import { BUCKET, NODE_ROLE } from './model.ts';
import type { AwsPlan } from './plan.ts';

/** Beyond what the plan says of intervals and timeouts. */
const SETTLING_MS = 10_000;
/** What a termination policy is asked for; for the first two it may choose known nodes only. */
const KNOWN_ONLY = ['SCALE_IN', 'REBALANCE'];
const CHOSEN = ['SCALE_IN', 'REBALANCE', 'INSTANCE_REFRESH', 'MAX_INSTANCE_LIFETIME'];

const keptSchema = v.object({
  phase: v.string(),
  since: v.string(),
  decision: v.nullish(v.object({ intent: v.string() })),
});

/** Tells what the twin does in the words of all clouds. */
export function createRetelling(
  plan: AwsPlan,
  { clock, tell, wasDisturbed }: WorldKit,
  members: Members,
  objects: Objects,
): (happening: AwsHappening) => void {
  /** As the store has it, and a little longer, as the group was told before it acts. */
  function isHeardOf(instance: string): boolean {
    const status = objects.get(BUCKET, `statuses/${NODE_ROLE.uniqueId}:${instance}.json`);
    return status !== undefined && clock.now() - status.modified <= STALE_AFTER_MS + SETTLING_MS;
  }

  /** Its group keeps others, and each of them is one that an operator has emptied to keep it, for long enough to be known. */
  function isLastServing(instance: string): boolean {
    const kept = members
      .all()
      .filter(({ instance: { id, life } }) => id !== instance && life.state === 'InService');
    return kept.length > 0 && kept.every(({ instance: { id } }) => isKeptEmpty(id));
  }

  function isKeptEmpty(instance: string): boolean {
    const status = objects.get(BUCKET, `statuses/${NODE_ROLE.uniqueId}:${instance}.json`);
    if (status === undefined || clock.now() - status.modified > STALE_AFTER_MS) return false;
    const { phase, since, decision } = v.parse(keptSchema, JSON.parse(status.body.toString()));
    return (
      phase !== 'serving' &&
      decision?.intent === 'maintenance' &&
      clock.now() - Date.parse(since) > SETTLING_MS
    );
  }

  function unfoundedness(instance: string, cause: string): string | undefined {
    if (KNOWN_ONLY.includes(cause) && !isHeardOf(instance)) return 'nothing was known of it';
    if (cause === 'SCALE_IN' && isLastServing(instance))
      return 'nobody serves any more in what its group keeps';
    return undefined;
  }

  function tellOfInstance({ instance, to, why }: Extract<AwsHappening, { kind: 'instance' }>): void {
    if (to === 'Pending') tell({ kind: 'launched', node: instance });
    tell({ kind: 'cloud', node: instance, state: to });
    if (to === 'Terminating:Retained') {
      const heldWithinMs = Math.min(plan.hookTimeoutMs, LONGEST_RETRY_MS) + SETTLING_MS;
      tell({ kind: 'hold-lost', node: instance, disturbed: wasDisturbed(heldWithinMs) });
    }
    if (to === 'Terminating:Proceed' && why.includes('was completed')) {
      const life = members.find(instance)?.node.unit.life();
      tell({
        kind: 'released',
        node: instance,
        running: life ? [life.id] : [],
        people: life?.people ?? 0,
      });
    }
  }

  return (happening) => {
    switch (happening.kind) {
      case 'instance':
        tellOfInstance(happening);
        return;
      case 'decision': {
        const { instance, cause } = happening;
        const unfounded = unfoundedness(instance, cause);
        tell({ kind: 'wanted', node: instance, chosen: CHOSEN.includes(cause), unfounded, why: cause });
        return;
      }
      case 'trouble':
        tell({ kind: 'refused', what: happening.problem });
        return;
      default:
        return;
    }
  };
}
