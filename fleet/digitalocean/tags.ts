/** A person puts it on a droplet that is not to be touched. */
export const PROTECTED_TAG = 'ebbtide-protected';

/** On every droplet of a pool, to its end: firewall and load balancer are bound to it, and it is found by it. */
export function poolTag(pool: string): string {
  return `ebbtide-${pool}`;
}

/** Added, never in place of the pool's own tag: the droplet is to go once it is empty. */
export function drainingTag(pool: string): string {
  return `ebbtide-${pool}-draining`;
}

const DECISION = 'ebbtide-decision:';

/** Tells a node, beside its mailbox, that there is a decision about it. */
export function decisionTag(mark: string): string {
  return `${DECISION}${mark}`;
}

/** The id of the decision that a droplet carries, as a mark: in small letters. */
export function markInTags(tags: readonly string[]): string | undefined {
  return tags
    .find((tag) => tag.toLowerCase().startsWith(DECISION))
    ?.slice(DECISION.length)
    .toLowerCase();
}
