import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type LeavingPlan, planLeaving, type Wish } from '../../cli/leave/plan-leaving.ts';
import type { PoolWorld } from '../../cli/view/seen.ts';
import type { Place } from '../../fleet/pool-machine.ts';
import type { DecisionReading, NodeReading } from '../../fleet/registry.ts';
import { poolAddress } from '../support/pool-address.ts';
import { ago, fleetOf, fresh, NOW } from './support/fleet.ts';

const ADDRESS = poolAddress('gcp');

interface Given {
  reading?: NodeReading;
  place?: Place;
  protected?: boolean;
  decided?: boolean;
}

function worldOf(nodes: Record<string, Given>, broken: Partial<PoolWorld> = {}): PoolWorld {
  const entries = Object.entries(nodes);
  const decisions = entries
    .filter(([, { decided }]) => decided)
    .map(([node]): [string, DecisionReading] => [
      node,
      {
        kind: 'decided',
        decision: {
          v: 1,
          id: 'd',
          node,
          machine: node,
          pool: 'media',
          at: ago(5),
          by: 'x',
          cause: 'operator',
          intent: 'leave',
          reason: 'r',
        },
      },
    ]);
  return {
    machines: {
      kind: 'known',
      machines: entries.map(([node, { place = 'in-group', protected: kept = false }]) => ({
        node,
        machine: node,
        zone: 'a',
        place,
        state: 'InService',
        protected: kept,
      })),
    },
    fleet: fleetOf(Object.fromEntries(entries.map(([node, { reading }]) => [node, reading ?? fresh(node)]))),
    decisions: { decisions: new Map(decisions), complete: true },
    now: NOW,
    ...broken,
  };
}

const old = (node: string) => fresh(node, { software: { agent: '1', template: 'lt-1' } });
const rooms = (node: string, count: number) => fresh(node, { work: { rooms: count, people: count } });
const asked = ({ ask }: LeavingPlan) => ask.map(({ seen }) => seen.machine.node);
const plan = (wish: Wish, nodes: Record<string, Given>, broken?: Partial<PoolWorld>) =>
  planLeaving(wish, ADDRESS, worldOf(nodes, broken));

describe('who is asked to leave, at an operator’s wish', () => {
  const rows: [string, Wish, Record<string, Given>, string[], boolean][] = [
    ['just the one that is named', { kind: 'node', node: 'b' }, { a: {}, b: {} }, ['b'], false],
    [
      'the one that is named, however many drain',
      { kind: 'node', node: 'b' },
      { a: {}, b: {}, c: { decided: true }, d: { decided: true } },
      ['b'],
      false,
    ],
    [
      'a silent one too: it drains when it speaks',
      { kind: 'node', node: 'b' },
      { b: { reading: { kind: 'missing' } } },
      ['b'],
      false,
    ],
    ['nobody twice', { kind: 'node', node: 'b' }, { b: { decided: true } }, [], false],
    ['nobody once it is gone', { kind: 'node', node: 'b' }, { a: {} }, [], true],
    ['nobody that is protected', { kind: 'node', node: 'b' }, { b: { protected: true } }, [], true],
    [
      'all but so many, the emptiest first, no more at once than are allowed',
      { kind: 'all', keep: 1 },
      {
        a: { reading: rooms('a', 3) },
        b: { reading: rooms('b', 1) },
        c: { reading: rooms('c', 2) },
        d: { reading: rooms('d', 9) },
      },
      ['b', 'c'],
      false,
    ],
    [
      'as many as the drains under way leave room for',
      { kind: 'all', keep: 0 },
      { a: {}, b: {}, c: { decided: true } },
      ['a'],
      false,
    ],
    [
      'all but so many that serve: one that is protected and silent is none of these',
      { kind: 'all', keep: 1 },
      {
        a: { reading: rooms('a', 3) },
        b: { reading: rooms('b', 1) },
        c: { protected: true, reading: { kind: 'missing' } },
      },
      ['b'],
      false,
    ],
    ['nobody where no more are left than are to stay', { kind: 'all', keep: 2 }, { a: {}, b: {} }, [], true],
    [
      'nobody yet, while the last ones drain',
      { kind: 'all', keep: 1 },
      { a: {}, b: { place: 'leaving-group' } },
      [],
      false,
    ],
    [
      'outdated ones, and no others',
      { kind: 'outdated' },
      { a: { reading: old('a') }, b: {}, c: { reading: { kind: 'missing' } } },
      ['a'],
      false,
    ],
    [
      'no more outdated ones than leave as many serving as are to',
      { kind: 'outdated' },
      { a: { reading: old('a') }, b: { reading: old('b') } },
      ['a'],
      false,
    ],
    [
      'one outdated one where no more serve than are to: else no other would come',
      { kind: 'outdated' },
      { a: { reading: old('a') } },
      ['a'],
      false,
    ],
    ['nobody once all software is new', { kind: 'outdated' }, { a: {}, b: {} }, [], true],
  ];
  for (const [what, wish, nodes, expected, isDone] of rows) {
    it(`asks ${what}`, () => {
      const planned = plan(wish, nodes);
      assert.deepEqual([asked(planned), planned.isDone], [expected, isDone]);
    });
  }

  it('asks nobody where it does not know whom there is, or who leaves already', () => {
    const nodes = { a: { reading: old('a') }, b: {} };
    for (const broken of [
      { machines: { kind: 'unknown', reason: 'HTTP 403' } },
      { decisions: { decisions: new Map(), complete: false, problem: 'HTTP 500' } },
      { fleet: { ...worldOf(nodes).fleet, complete: false, problem: 'HTTP 503' } },
    ] satisfies Partial<PoolWorld>[]) {
      for (const wish of [
        { kind: 'node', node: 'a' },
        { kind: 'all', keep: 0 },
        { kind: 'outdated' },
      ] as const) {
        const planned = plan(wish, nodes, broken);
        assert.deepEqual([asked(planned), planned.isDone], [[], false]);
        assert.match(planned.held ?? '', /HTTP/);
      }
    }
  });

  it('takes what AWS has not begun for no more than a wish: it is asked again', () => {
    const world = worldOf({ a: { decided: true }, b: { decided: true, place: 'leaving-group' } });
    const planned = (node: string) => asked(planLeaving({ kind: 'node', node }, poolAddress('aws'), world));
    assert.deepEqual([planned('a'), planned('b')], [['a'], []]);
  });

  it('takes a drain that has been silent for an hour for none that others wait for', () => {
    const silentFor = (ageMs: number, place: Place = 'in-group') =>
      asked(
        plan(
          { kind: 'all', keep: 0 },
          {
            a: {},
            b: {},
            c: {},
            s: { decided: true, place, reading: { kind: 'stale', ageMs } },
          },
        ),
      );
    assert.deepEqual(silentFor(3_599_000), ['a']);
    assert.deepEqual(silentFor(3_601_000), ['a', 'b']);
    assert.deepEqual(silentFor(60_000, 'ending'), ['a', 'b']);
    const never = { s: { place: 'leaving-group', reading: { kind: 'missing' } } } as const;
    assert.deepEqual(asked(plan({ kind: 'all', keep: 0 }, { a: {}, b: {}, ...never })), ['a']);
  });

  it('says what to do where nobody makes others in the place of those that leave', () => {
    const reasonWhere = (scales: boolean | undefined) =>
      planLeaving(
        { kind: 'outdated' },
        { ...poolAddress('gcp', { min: 2 }), scales },
        worldOf({ a: { reading: old('a') }, b: { decided: true } }),
      ).waiting.reason;
    assert.match(
      reasonWhere(false),
      /^1 serve, and 2 are to: scaling.kind is none.* managed resize g --region r --project p --size N/,
    );
    for (const scales of [true, undefined])
      assert.equal(reasonWhere(scales), '1 serve, and 2 are to: those that come must serve first');
  });

  it('never has more drain at once than are allowed, nor fewer stay than are to', () => {
    const anyNode = fc.record({
      kind: fc.constantFrom<'old' | 'new' | 'missing'>('old', 'new', 'missing'),
      decided: fc.boolean(),
      protected: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyNode, { maxLength: 8 }), fc.integer({ min: 0, max: 4 }), (given, keep) => {
        const nodes = Object.fromEntries(
          given.map(({ kind, ...rest }, index): [string, Given] => {
            const node = `n${index}`;
            const reading: NodeReading =
              kind === 'old' ? old(node) : kind === 'new' ? fresh(node) : { kind: 'missing' };
            return [node, { reading, ...rest }];
          }),
        );
        const draining = given.filter(({ decided }) => decided).length;
        for (const wish of [{ kind: 'all', keep }, { kind: 'outdated' }] as const) {
          const planned = plan(wish, nodes);
          assert.ok(planned.ask.length === 0 || draining + planned.ask.length <= ADDRESS.rules.maxDrains);
          assert.ok(planned.ask.every(({ seen }) => !nodes[seen.machine.node]?.protected));
          if (wish.kind === 'all' && planned.ask.length > 0)
            assert.ok(given.length - draining - planned.ask.length >= keep);
        }
      }),
    );
  });
});
