import { readLeaving } from '../cloud/decisions.ts';
import type { Machines } from './compute/machines.ts';
import type { StoredObject } from './objects.ts';

export function noticeDecision({ key, body }: StoredObject, machines: Machines): void {
  const leaving = readLeaving(key, body);
  if (leaving === undefined) return;
  const { node, machine, cause } = leaving;
  const meant = machines
    .present()
    .find(
      ({ name, id, stoppedAt }) =>
        name === node && stoppedAt === undefined && (machine === undefined || machine === id),
    );
  if (meant !== undefined) machines.decide(meant, { scaleIn: cause === 'scale-in', cause });
}
