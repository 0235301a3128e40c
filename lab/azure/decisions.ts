import { readLeaving } from '../cloud/decisions.ts';
import type { StoredBlob } from './blobs.ts';
import type { Machines } from './compute/machines.ts';

export function noticeDecision(container: string, { name, body }: StoredBlob, machines: Machines): void {
  const leaving = readLeaving(`${container}/${name}`, body);
  if (leaving === undefined) return;
  const { node, machine, cause } = leaving;
  const meant = machines
    .present()
    .find(
      (each) =>
        each.name === node &&
        each.stoppedAt === undefined &&
        (machine === undefined || machine.toLowerCase() === each.vmId.toLowerCase()),
    );
  if (meant !== undefined) machines.decide(meant, { scaleIn: cause === 'scale-in', cause });
}
