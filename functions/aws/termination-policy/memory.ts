import * as v from 'valibot';

export const MEMORY_NAME = 'termination-policy';

/** A decided node that has not begun to drain after this long was not taken by the group: its slot is free again. */
export const REMEMBER_MS = 120_000;

const when = v.pipe(v.string(), v.isoTimestamp());

/** What the policy knows of its own last answers: a group asks again before the nodes are seen to drain. */
export const memorySchema = v.object({
  v: v.literal(1),
  lastDecisionAt: v.optional(when),
  decided: v.array(v.object({ node: v.string(), id: v.string(), at: when })),
});
export type PolicyMemory = v.InferOutput<typeof memorySchema>;
