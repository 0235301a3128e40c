import * as v from 'valibot';

/**
 * Why a node should go. `scale-in` to `rebalance` are the group's own causes; `replacement` is a machine that the
 * cloud calls unhealthy or takes away without asking; `spot` a reclaimed machine; `operator` a person on the node.
 */
export const CAUSES = [
  'scale-in',
  'instance-refresh',
  'max-lifetime',
  'rebalance',
  'replacement',
  'spot',
  'operator',
] as const;
export type Cause = (typeof CAUSES)[number];

/** `leave`: the machine goes once it is empty. `maintenance`: it is emptied and stays until `resume`. */
export const INTENTS = ['leave', 'maintenance'] as const;

/** A decision is read by people, and by a node each few seconds: it does not list a whole fleet. */
export const PASSED_OVER_KEPT = 50;

const passedOver = v.object({ node: v.string(), reason: v.string() });

/**
 * The record of one decision about one node, stored as `decisions/NODE.json`: the mailbox that its agent reads and
 * what `explain` prints. `at` is ISO 8601; `deadline` is when the cloud takes the machine whatever happens.
 */
export const decisionSchema = v.object({
  v: v.literal(1),
  id: v.pipe(v.string(), v.minLength(1)),
  node: v.pipe(v.string(), v.minLength(1)),
  /** The cloud's own id of the one machine that is meant, where the name of a node may come again. */
  machine: v.optional(v.pipe(v.string(), v.minLength(1))),
  pool: v.string(),
  at: v.pipe(v.string(), v.isoTimestamp()),
  by: v.string(),
  cause: v.picklist(CAUSES),
  intent: v.picklist(INTENTS),
  reason: v.string(),
  deadline: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  /** Who was not chosen, and why: at most `PASSED_OVER_KEPT` of them. */
  passedOver: v.optional(v.array(passedOver)),
  /** How many more there were. */
  passedOverMore: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
export type Decision = v.InferOutput<typeof decisionSchema>;

/** What a node says that decides for itself, since the cloud takes its machine away and it knows of no record why. */
export const TAKEN_AWAY = { by: 'auto-scaling-group', cause: 'replacement', intent: 'leave' } as const;

/** A decision older than this was not made for what the cloud does now. */
const VALID_MS = 3_600_000;

/** Whether a machine that its cloud takes away at `atMs` goes by this decision. */
export function explainsLeaving({ intent, at }: Pick<Decision, 'intent' | 'at'>, atMs: number): boolean {
  return intent === 'leave' && atMs - Date.parse(at) < VALID_MS;
}
