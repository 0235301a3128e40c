import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaNode } from './driver.ts';

/** Servers on a machine that is busy with others may all be late for a moment: whoever wants to talk tries again. */
const PATIENCE_MS = 30_000;
const TRY_AGAIN_MS = 500;

/** What one node is to a new room. A node that did not answer says why. */
export type Candidate<Place> =
  | { readonly kind: 'takes'; readonly place: Place; readonly rooms: number; readonly people: number }
  | { readonly kind: 'does-not-take'; readonly node: MediaNode; readonly why: string };

/** Where a new room goes: to the node with the fewest rooms, and then people. Throws where none takes it for all that time. */
export async function chooseNode<Place>(
  room: string,
  ask: () => Promise<readonly Candidate<Place>[]>,
  patienceMs = PATIENCE_MS,
): Promise<Place> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const candidates = await ask();
    const [best] = candidates
      .flatMap((each) => (each.kind === 'takes' ? [each] : []))
      .sort((a, b) => a.rooms - b.rooms || a.people - b.people);
    if (best !== undefined) return best.place;
    if (Date.now() >= until)
      throw new Error(`no node takes ${room}: of ${candidates.length} none is serving${reasons(candidates)}`);
    await sleep(TRY_AGAIN_MS);
  }
}

function reasons(candidates: readonly Candidate<unknown>[]): string {
  const each = candidates.flatMap((one) =>
    one.kind === 'does-not-take' ? [`${one.node.id} ${one.why}`] : [],
  );
  return each.length === 0 ? '' : ` (${each.join('; ')})`;
}
