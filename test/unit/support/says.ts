import fc from 'fast-check';
import type { NodeStatus, Work } from '../../../fleet/status.ts';

/** What a node tells of itself, to a sweep. */
export type Say = { phase?: NodeStatus['phase']; work?: Partial<Work> | null } | 'silent';

export const BUSY = { work: { rooms: 2, people: 5 } };

export const anySay = fc.constantFrom<Say>(
  {},
  { phase: 'empty' },
  BUSY,
  { work: null },
  { work: { egress: 1 } },
  'silent',
);
