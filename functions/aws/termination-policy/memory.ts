import * as v from 'valibot';

export const MEMORY_NAME = 'termination-policy';

/** A decided node that after this long is offered again was not taken by the group: its slot is free again. */
export const REMEMBER_MS = 120_000;

/**
 * A decided node that is silent, or has not heard of it and is not offered again, may be on its way out: it holds its
 * slot for so long after its last words. By then the alarms have called a person, and a machine that died in its drain,
 * or one that stayed in a zone of which no question is asked, must not hold up all others for ever.
 */
export const SILENT_MS = 3_600_000;

const when = v.pipe(v.string(), v.isoTimestamp());

/** What the policy knows of its own last answers: a group asks again before the nodes are seen to drain. */
export const memorySchema = v.object({
  v: v.literal(1),
  lastDecisionAt: v.optional(when),
  decided: v.array(v.object({ node: v.string(), id: v.string(), at: when })),
});
export type PolicyMemory = v.InferOutput<typeof memorySchema>;
