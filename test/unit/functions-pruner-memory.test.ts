import assert from 'node:assert/strict';
import { GcpError } from '../../fleet/gcp/client.ts';
import type { SharedMemory } from '../../fleet/shared-memory.ts';
import { createPatientMemory } from '../../functions/gcp/pruner/patient-memory.ts';

const tooSoon = new GcpError('writing', 'rateLimitExceeded', 429);
const broken = new GcpError('writing', 'backendError', 503);

describe('the memory of a pruner that is woken twice in a second', () => {
  const rows: { given: string; says: (boolean | GcpError)[]; then: boolean | GcpError; waits: number[] }[] = [
    { given: 'a store that takes it', says: [true], then: true, waits: [] },
    { given: 'another run that was first', says: [false], then: false, waits: [] },
    { given: 'a write that comes too soon', says: [tooSoon, true], then: true, waits: [1_100] },
    { given: 'another run that wrote meanwhile', says: [tooSoon, false], then: false, waits: [1_100] },
    { given: 'a store that is too busy still', says: [tooSoon, tooSoon], then: tooSoon, waits: [1_100] },
    { given: 'a store that is broken', says: [broken], then: broken, waits: [] },
  ];
  for (const { given, says, then, waits } of rows) {
    it(given, async () => {
      const waited: number[] = [];
      const written: unknown[][] = [];
      const store: SharedMemory = {
        read: async () => ({ memory: { kind: 'none' }, version: undefined }),
        async replace(...what) {
          const said = says[written.push(what) - 1];
          if (said instanceof Error) throw said;
          return said ?? false;
        },
      };
      const clock = {
        now: () => 0,
        after(ms: number, action: () => void) {
          waited.push(ms);
          action();
          return () => undefined;
        },
      };
      const outcome = createPatientMemory(store, clock).replace({ v: 1 }, 'version-7');
      if (then instanceof Error) await assert.rejects(outcome, then);
      else assert.equal(await outcome, then);
      assert.deepEqual(waited, waits);
      assert.equal(written.length, says.length);
      for (const what of written) assert.deepEqual(what.slice(0, 2), [{ v: 1 }, 'version-7']);
    });
  }
});
