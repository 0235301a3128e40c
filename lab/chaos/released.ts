import type { Happening } from './happening.ts';
import type { VirtualNode } from './node.ts';

/** A machine is given back, with whatever is on it at this moment. */
export function releaseOf({ id, unit }: VirtualNode): Happening {
  const life = unit.life();
  return { kind: 'released', node: id, running: life ? [life.id] : [], people: life?.people ?? 0 };
}
