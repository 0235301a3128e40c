import * as v from 'valibot';

/** Where the stack says which agent it publishes. Only its operator can write there; nodes read it. */
export const AGENT_UPDATE_KEY = 'software/agent.json';

/**
 * `manual`: a running node takes it when somebody on the node says so; `automatic`: by itself. It stands here, and not in a
 * node's own configuration, so that a changed setting reaches the nodes that run.
 */
export const UPDATE_MODES = ['manual', 'automatic'] as const;

/** The agent that nodes are to have: an object of the same store, and what must be in it. */
export const publishedAgentSchema = v.object({
  v: v.literal(1),
  version: v.pipe(v.string(), v.minLength(1)),
  key: v.pipe(v.string(), v.startsWith('software/')),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  update: v.picklist(UPDATE_MODES),
});
export type PublishedAgent = v.InferOutput<typeof publishedAgentSchema>;

/** By which people tell two agents of one version apart. */
export function buildOf(sha256: string): string {
  return sha256.slice(0, 12);
}
