import { fullestZone } from '../../cloud/fullest-zone.ts';
import type { Instance } from './instance.ts';

/** Azure's default policy: the zones stay even, and of a zone the one with the highest number goes. */
export function chooseForScaleIn(candidates: readonly Instance[], count: number): Instance[] {
  const left = [...candidates];
  const chosen: Instance[] = [];
  while (chosen.length < count && left.length > 0) {
    const zone = fullestZone(left);
    const [victim] = left.filter((each) => each.zone === zone).sort((a, b) => Number(b.id) - Number(a.id));
    if (victim === undefined) break;
    left.splice(left.indexOf(victim), 1);
    chosen.push(victim);
  }
  return chosen;
}
