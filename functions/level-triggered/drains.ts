import { isSilent } from '../../fleet/node-reading.ts';
import type { Claim } from './memory.ts';
import type { SeenMachine } from './world.ts';

/** The machines that are on their way out and still here, by their ids. Whatever may be a drain counts as one. */
export function drainsUnderWay(
  machines: readonly SeenMachine[],
  claims: readonly Claim[],
  now: number,
): Set<string> {
  const claimed = new Set(claims.map(({ machine }) => machine));
  const drains = machines.filter(
    (seen) => !isOver(seen) && (claimed.has(seen.machine) || isDecided(seen, now) || saysSo(seen)),
  );
  return new Set(drains.map(({ machine }) => machine));
}

/** Nothing runs on it any more, or the cloud takes it away whatever we do. One that starts again drains on. */
function isOver({ place }: SeenMachine): boolean {
  return place === 'stopped' || place === 'ending';
}

function isDecided(seen: SeenMachine, now: number): boolean {
  const { decided, place } = seen;
  if (decided.kind === 'decided') return !isSilent(seen.reading, Date.parse(decided.decision.at), now);
  if (place === 'leaving-group') return true;
  if (place === 'outside') return !seen.protected && !isSilent(seen.reading, now, now);
  return decided.kind === 'unknown';
}

/** A machine that is drained by its cloud, not one that an operator empties to keep it. */
function saysSo({ reading }: SeenMachine): boolean {
  if (reading.kind !== 'fresh') return false;
  const { phase, decision } = reading.status;
  return (phase === 'draining' || phase === 'empty') && decision?.intent !== 'maintenance';
}
