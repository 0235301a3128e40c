import * as v from 'valibot';
import { createStatusSigner, verifyStatus } from '../status-signature.ts';

/**
 * What a node says to the orchestrator itself before its media server is started: that it is about to take calls. Unlike a
 * word in the store, nobody else can say it for another, nor take it away again.
 */
export const announcementSchema = v.object({
  announced: v.object({ node: v.string(), signature: v.string() }),
});
export type Announcement = v.InferOutput<typeof announcementSchema>;

/** No place of the store: what is signed for it is nothing else's. */
const PLACE = 'announcement';

/** `statusKey`: the node's own, by which it signs its statuses. */
export function announce(node: string, statusKey: string): Announcement {
  return { announced: { node, signature: createStatusSigner(statusKey)(PLACE, node) } };
}

/** The node that announces itself; undefined where it is not that node who says so. */
export function announcedNode(poolSecret: string, { announced }: Announcement): string | undefined {
  const { node, signature } = announced;
  if (node === '') return undefined;
  const verdict = verifyStatus(poolSecret, { node, objectKey: PLACE, body: node, signature });
  return verdict === 'right' ? node : undefined;
}

export const ANNOUNCED = 'memory/announced/';

export function announcedKey(node: string): string {
  return `${ANNOUNCED}${node}.json`;
}
