import assert from 'node:assert/strict';
import type { Compute } from '../../fleet/gcp/compute.ts';
import { readPool } from '../../fleet/gcp/pool-machines.ts';

const zone = 'europe-west1-b';

/** Two in their group, of which one is being made anew, and one beside it. */
const compute = {
  groupName: 'ebbtide-media',
  readGroup: async () => ({
    baseInstanceName: 'ebbtide-media',
    targetSize: 2,
    currentActions: { none: 1, recreating: 1 },
  }),
  listManaged: async () =>
    [
      ['a', 'NONE'],
      ['b', 'RECREATING'],
    ].map(([end, currentAction]) => ({
      instance: { zone, name: `ebbtide-media-${end}` },
      id: `id-${end}`,
      instanceStatus: 'RUNNING',
      currentAction,
    })),
  listInstances: async () =>
    ['a', 'b', 'c'].map((end) => ({
      id: `id-${end}`,
      name: `ebbtide-media-${end}`,
      zone,
      status: 'RUNNING',
      labels: {},
      labelFingerprint: '',
    })),
} as unknown as Compute;

describe('machines of a pool on GCP', () => {
  it("are told in Google's words, but for an action that is none", async () => {
    const { machines } = await readPool(compute);
    assert.deepEqual(
      machines.map(({ node, state }) => [node, state]),
      [
        ['ebbtide-media-a', 'RUNNING'],
        ['ebbtide-media-b', 'RECREATING, RUNNING'],
        ['ebbtide-media-c', 'RUNNING'],
      ],
    );
  });
});
