import { abortAfter, type Clock } from '../../../fleet/clock.ts';
import { type Announcement, announcedKey, announcedNode } from '../../../fleet/digitalocean/announcement.ts';
import type { ObjectStore } from '../../../fleet/object-store.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { Log } from '../../log.ts';
import type { CallAnswer } from './call-answer.ts';

export interface HearTools {
  registry: Pick<Registry, 'readDecision'>;
  store: Pick<ObjectStore, 'put'>;
  poolSecret: string;
  clock: Clock;
  log: Log;
}

/** A node waits for the answer, and asks again. */
const HEAR_BUDGET_MS = 20_000;

/**
 * A node is about to take calls. It is written down where no node can take it away, and only then answered: from then on
 * it is never taken for one that did not come up. Whoever is to leave already is told so, and takes none. Rejects where it
 * could not be written down, or where it is not known whether the node is to leave.
 */
export async function hear(announcement: Announcement, tools: HearTools): Promise<CallAnswer> {
  const { registry, store, poolSecret, clock, log } = tools;
  const node = announcedNode(poolSecret, announcement);
  if (node === undefined) {
    log('warn', 'announcement-forged', { node: announcement.announced.node });
    return { statusCode: 403, body: { failures: ['the announcement is not signed by its node'] } };
  }
  const patience = abortAfter(clock, HEAR_BUDGET_MS);
  try {
    await store.put(announcedKey(node), JSON.stringify({ v: 1, node }), patience.signal);
    // Only then: whoever decides that it never came up has looked before, or sees it now.
    const decided = await registry.readDecision(node);
    if (decided.kind === 'unknown') throw new Error(decided.reason);
    if (decided.kind === 'decided') return { statusCode: 410, body: { leaves: decided.decision.id } };
  } finally {
    patience.letGo();
  }
  log('info', 'announced', { node });
  return { statusCode: 200, body: { announced: node } };
}
