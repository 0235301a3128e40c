import type { Choice } from '../../fleet/choose-victims.ts';
import type { Finding } from './finding.ts';

/**
 * That somebody should go and nobody may, each for a reason of its own: no drain is under way that would make room, and no
 * bound of the operator's lets them wait for their turn.
 */
export function isRefused({ victims, bound }: Choice, drainsUnderWay: number): boolean {
  return victims.length === 0 && bound === undefined && drainsUnderWay === 0;
}

/** That once is no trouble, again and again is one: the alarm counts for how long. */
export function whatOfRefusal(excess: number, passedOver: Choice['passedOver']): Finding {
  const reasons = Object.entries(countReasons(passedOver)).map(([reason, times]) => `${times} × ${reason}`);
  const text = `${excess} too many serve, and nobody may go: ${reasons.join('; ') || 'there is nobody'}`;
  return { level: 'warn', name: 'scale-in-refused', text };
}

/** Reasons with how often each was given; the numbers in them vary from node to node and are left out. */
export function countReasons(passedOver: Choice['passedOver']): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of passedOver) {
    const kind = reason.split(/[:(]/, 1)[0]?.replace(/\d+ s/g, 'n s').trim() ?? reason;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
