import assert from 'node:assert/strict';
import fc from 'fast-check';
import { recommend, STABILIZATION_MS } from '../../lab/gcp/compute/recommendation.ts';
import { masked } from '../../lab/gcp/front/fields.ts';
import { filtered } from '../../lab/gcp/front/filter.ts';
import { pageOf } from '../../lab/gcp/front/paging.ts';
import { recursive } from '../../lab/gcp/metadata/tree.ts';

const POLICY = { min: 1, max: 4, target: 0.5 };

describe('what the twin autoscaler recommends', () => {
  const rows = [
    { given: 'nothing is known yet', samples: [], present: 2, is: 2 },
    { given: 'nothing is known of an empty group', samples: [], present: 0, is: 1 },
    { given: 'the load of one and a half busy machines', samples: [{ at: 0, load: 1.5 }], present: 1, is: 3 },
    { given: 'just as much as two carry', samples: [{ at: 0, load: 0.3 + 0.7 }], present: 1, is: 2 },
    { given: 'more than all could carry', samples: [{ at: 0, load: 9 }], present: 1, is: 4 },
    {
      given: 'a dip',
      samples: [
        { at: 0, load: 1.5 },
        { at: 1, load: 0 },
      ],
      present: 3,
      is: 3,
    },
    {
      given: 'a peak that is over',
      samples: [
        { at: -STABILIZATION_MS, load: 1.5 },
        { at: 1, load: 0 },
      ],
      present: 3,
      is: 1,
    },
  ];
  for (const { given, samples, present, is } of rows) {
    it(`${is}: ${given}`, () => assert.equal(recommend(POLICY, samples, present, 0), is));
  }

  it('is always within its bounds', () => {
    const sample = fc.record({
      at: fc.integer({ min: -1_000_000, max: 0 }),
      load: fc.double({ min: 0, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(sample), fc.nat(20), (samples, present) => {
        const size = recommend(POLICY, samples, present, 0);
        return size >= POLICY.min && size <= POLICY.max;
      }),
    );
  });
});

describe('lists of the twin Google Cloud', () => {
  it('come whole by their pages, whatever these hold', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 7 }), (all, most) => {
        const read: number[] = [];
        let pageToken: string | undefined;
        do {
          const page = pageOf(all, { pageToken }, most);
          read.push(...page.items);
          pageToken = page.nextPageToken;
        } while (pageToken !== undefined);
        assert.deepEqual(read, all);
      }),
    );
  });

  const machines = [
    { name: 'a', status: 'RUNNING', labels: { 'ebbtide-pool': 'media' } },
    { name: 'b', status: 'STOPPING', labels: {} },
  ];
  const filters = [
    { filter: 'labels.ebbtide-pool=media', names: ['a'] },
    { filter: 'labels.ebbtide-pool:*', names: ['a'] },
    { filter: 'status != RUNNING', names: ['b'] },
    { filter: '(labels.ebbtide-pool = "media") (status = STOPPING)', names: [] },
  ];
  for (const { filter, names } of filters) {
    it(`are filtered by ${filter}`, () => {
      assert.deepEqual(
        filtered(machines, filter).map(({ name }) => name),
        names,
      );
    });
  }
  it('are not filtered by what is not known', () => {
    assert.throws(() => filtered(machines, 'name eq a.*'), /does not know the filter/);
  });

  it('show the members that are asked for', () => {
    const value = { kind: 'k', items: [{ name: 'a', size: 1 }], nextPageToken: 't' };
    assert.deepEqual(masked(value, 'kind,items(name)'), { kind: 'k', items: [{ name: 'a' }] });
    assert.deepEqual(masked(value, 'items/size'), { items: [{ size: 1 }] });
  });
});

it('metadata are told whole with Google’s names in camel case, and an operator’s as they are', () => {
  const tree = {
    'maintenance-event': 'NONE',
    attributes: { 'my-key': 'x' },
    'network-interfaces': { '0': { ip: 'y' } },
  };
  assert.deepEqual(recursive(tree), {
    maintenanceEvent: 'NONE',
    attributes: { 'my-key': 'x' },
    networkInterfaces: [{ ip: 'y' }],
  });
});
