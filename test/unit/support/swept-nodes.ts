import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { NodeStatus, Work } from '../../../fleet/status.ts';

/** What a node that is swept says of itself. */
export type Say = { phase?: NodeStatus['phase']; work?: Partial<Work> | null } | 'silent';

export const BUSY: Say = { work: { rooms: 2, people: 5 } };

/** It says itself that nothing is on it. */
export const saysEmpty = (says: Say): boolean => says !== 'silent' && says.work === undefined;

interface Sweeping<Given> {
  /** Whatever else is of a node. */
  any: fc.Arbitrary<Omit<Given, 'says'>>;
  /** Sweeps a pool of these, to whatever end, and tells whether the one of that number is still there. */
  sweep(given: Given[]): Promise<(index: number) => boolean>;
  mayGo?(given: Given): boolean;
}

/** Never, unless it cuts, does a sweep delete a machine on which a call may be. */
export async function assertSparesCalls<Given extends { says: Say }>({
  any,
  sweep,
  mayGo = ({ says }) => saysEmpty(says),
}: Sweeping<Given>): Promise<void> {
  const says = fc.constantFrom<Say>(
    {},
    { phase: 'empty' },
    BUSY,
    { work: null },
    { work: { egress: 1 } },
    'silent',
  );
  const one = fc.tuple(any, says).map(([more, said]) => ({ ...more, says: said }) as Given);
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 4 }), async (given) => {
      const isHere = await sweep(given);
      given.forEach((each, index) => {
        if (!mayGo(each)) assert.ok(isHere(index), `number ${index}`);
      });
    }),
    { numRuns: 60 },
  );
}
