import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import * as v from 'valibot';
import { type Decision, decisionSchema } from '../../fleet/decision.ts';
import type { DecisionReading, NodeReading } from '../../fleet/registry.ts';
import { NO_WORK, PHASES, statusSchema } from '../../fleet/status.ts';
import { drainsUnderWay } from '../../functions/level-triggered/drains.ts';
import { memorySchema } from '../../functions/level-triggered/memory.ts';
import { whyRemove } from '../../functions/level-triggered/removal.ts';
import type { SeenMachine } from '../../functions/level-triggered/world.ts';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { callRunbook, type RunbookCall } from '../support/runbook.ts';
import { ago, fresh, NOW } from './support/fleet.ts';

const NODE = 'ebbtide-media_0';
const MACHINE = 'vm-0';

const DECISION: Decision = {
  v: 1,
  id: 'd-1',
  node: NODE,
  machine: MACHINE,
  pool: 'media',
  at: ago(60),
  by: 'runbook',
  cause: 'scale-in',
  intent: 'leave',
  reason: 'empty',
};
const said = (id: string, intent: Decision['intent']) =>
  ({ id, by: 'runbook', cause: 'scale-in', intent, at: DECISION.at }) as const;
const aBit = <T>(usual: T, ...odd: T[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, fc.constantFrom(...odd));

const arbitraryReading: fc.Arbitrary<NodeReading> = fc.oneof(
  { weight: 1, arbitrary: fc.nat(7_200_000).map((ageMs) => ({ kind: 'stale', ageMs }) as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<NodeReading>({ kind: 'missing' }, { kind: 'unreadable', reason: 'x' }),
  },
  {
    weight: 8,
    arbitrary: fc
      .record({
        ageMs: aBit(1_000, 12_000, 12_001, 50_000),
        phase: aBit('empty' as const, ...PHASES),
        work: aBit<Partial<typeof NO_WORK> | null>(NO_WORK, { rooms: 1 }, { egress: 1 }, null),
        machine: aBit<string | undefined>(MACHINE, 'vm-of-before', undefined),
        isProtected: aBit(false, true),
        decision: aBit(said('d-1', 'leave'), said('d-2', 'leave'), said('d-1', 'maintenance'), undefined),
      })
      .map(({ ageMs, phase, work, machine, isProtected, decision }) => {
        const reading = fresh(NODE, { phase, work, machine, protected: isProtected, decision });
        return reading.kind === 'fresh' ? { ...reading, ageMs } : reading;
      }),
  },
);

const arbitraryMachine: fc.Arbitrary<SeenMachine> = fc.record({
  node: fc.constant(NODE),
  machine: fc.constant(MACHINE),
  zone: fc.constant('1'),
  state: fc.constant('Succeeded'),
  // Nothing of Azure's leaves its set: whoever was decided is as good as outside.
  place: aBit<SeenMachine['place']>('outside', 'stopped'),
  mark: fc.constant(undefined),
  protected: aBit(false, true),
  reading: arbitraryReading,
  decided: fc
    .record({
      kind: aBit('decided', 'none', 'unknown'),
      secondsAgo: fc.constantFrom(60, 3_599, 3_601, 7_200),
    })
    .map(({ kind, secondsAgo }): DecisionReading => {
      if (kind === 'none') return { kind };
      if (kind === 'unknown') return { kind, reason: 'x' };
      return { kind: 'decided', decision: { ...DECISION, at: ago(secondsAgo) } };
    }),
});

/** As the runbook sees the same. */
function nodeOf({ node, machine, place, protected: isProtected, reading, decided }: SeenMachine): object {
  return {
    node,
    machine,
    protected: isProtected,
    stopped: place === 'stopped',
    reading,
    decision: decided.kind === 'decided' ? decided.decision : null,
    doubt: decided.kind === 'unknown' ? decided.reason : null,
  };
}

/** For each member, every odd value, and its absence. */
function mutantsOf(good: object, members: readonly string[]): object[] {
  const odd = [null, -1, 2, 'x', [], {}, [{}], true, '2026-11-21T19:00:00.000Z', { rooms: 'many' }];
  return members.flatMap((name) => [
    ...odd.map((value) => ({ ...good, [name]: value })),
    Object.fromEntries(Object.entries(good).filter(([key]) => key !== name)),
  ]);
}

describe('the plan of the Azure runbook', () => {
  before(function () {
    if (!hasPython()) this.skip();
  });

  it('deletes, and takes for drains, what the pruner of GCP does, in two thousand worlds', () => {
    const seed = Date.now();
    const machines = fc.sample(arbitraryMachine, { numRuns: 2_000, seed });
    const calls = machines.flatMap((machine): RunbookCall[] => [
      ['may_delete', [nodeOf(machine)]],
      ['is_drain', [nodeOf(machine), NOW]],
    ]);
    const outcomes = callRunbook(calls);
    const counts = { removed: 0, drains: 0 };
    for (const [index, machine] of machines.entries()) {
      const where = `seed ${seed}: ${JSON.stringify(machine)}`;
      const isRemoved = whyRemove(machine) !== undefined;
      const inSet: SeenMachine = machine.place === 'outside' ? { ...machine, place: 'in-group' } : machine;
      const isDrain = drainsUnderWay([inSet], [], NOW).size === 1;
      assert.equal(outcomes[2 * index]?.value, isRemoved, where);
      assert.equal(outcomes[2 * index + 1]?.value, isDrain, where);
      counts.removed += isRemoved ? 1 : 0;
      counts.drains += isDrain ? 1 : 0;
    }
    assert.ok(counts.removed > 50 && counts.drains > 100 && counts.drains < 1_900, JSON.stringify(counts));
  });

  it('knows its own services by scheme, host and port, however they write them', () => {
    const given = [
      ['https://management.azure.com:443/subscriptions/s', 'https://management.azure.com', true],
      ['https://Management.Azure.com/subscriptions/s', 'https://management.azure.com', true],
      ['https://management.azure.com:8443/x', 'https://management.azure.com', false],
      ['http://management.azure.com/x', 'https://management.azure.com', false],
      ['https://management.azure.com.evil.test/x', 'https://management.azure.com', false],
      ['https://management.azure.com:443@evil.test/x', 'https://management.azure.com', false],
    ] as const;
    const origins = callRunbook(
      given.flatMap(([url, base]): RunbookCall[] => [
        ['origin_of', [url]],
        ['origin_of', [base]],
      ]),
    );
    for (const [index, [url, , isOwn]] of given.entries())
      assert.equal(isDeepStrictEqual(origins[2 * index]?.value, origins[2 * index + 1]?.value), isOwn, url);
  });

  it('deletes nothing for what was decided about another machine', () => {
    const node = {
      node: NODE,
      protected: false,
      stopped: true,
      reading: { kind: 'missing' },
      decision: DECISION,
    };
    const outcomes = callRunbook(
      [MACHINE, 'vm-of-later', ''].map((machine) => ['may_delete', [{ ...node, machine }]]),
    );
    assert.deepEqual(
      outcomes.map(({ value }) => value),
      [true, false, false],
    );
  });

  for (const [what, madeMsAgo, reading, expected] of [
    ['comes up yet: it has no agent', 599_999, { kind: 'missing' }, []],
    ['should have come up', 600_000, { kind: 'missing' }, ['found-unknown']],
    ['was made who knows when', -1e12, { kind: 'missing' }, ['found-unknown']],
    ['is new, and has fallen silent', 90_000, { kind: 'stale', ageMs: 70_000 }, ['found-stale']],
    ['is new, and cannot be read', 90_000, { kind: 'unreadable', reason: 'x' }, ['found-unknown']],
  ] as const) {
    it(`tells of a machine that ${what}: ${expected.join() || 'nothing'}`, () => {
      const seen = { node: NODE, state: 'Succeeded', decision: null, doubt: null, reading };
      const node = { ...seen, createdAt: NOW - madeMsAgo };
      const [told] = callRunbook([['findings_of', [node, { warnAfterMs: 1 }, NOW]]]);
      const events = v.parse(v.array(v.object({ event: v.string() })), told?.value);
      assert.deepEqual(
        events.map(({ event }) => event),
        expected,
      );
    });
  }

  it('takes no time of another zone for one of its own', () => {
    const calls = [
      '2026-11-21T19:00:00.123+02:00',
      '2026-11-21T19:00:00+02:00',
      '2026-11-21T19:00:00.1234567+00:00',
    ];
    const outcomes = callRunbook(calls.map((each) => ['parse_time', [each]]));
    assert.deepEqual(
      outcomes.map(({ value }) => value),
      [undefined, undefined, Date.parse('2026-11-21T19:00:00.123Z')],
    );
  });

  it('takes the same objects for sense as every other reader', () => {
    const reading = fresh(NODE, { machine: MACHINE, decision: said('d-1', 'leave') });
    assert.ok(reading.kind === 'fresh');
    const alarm = { name: 'media-down', since: ago(9), text: 'it is down' };
    const status = { ...reading.status, alarms: [alarm] };
    const memory = { v: 1, lastDecisionAt: ago(60), claims: [], outside: [] };
    const statuses = mutantsOf(status, [
      ...['v', 'node', 'machine', 'phase', 'since', 'bootedAt', 'work', 'unknown', 'cpu', 'protected'],
      ...['decision', 'alarms'],
    ]);
    const decisions = mutantsOf(DECISION, Object.keys(DECISION));
    const memories = mutantsOf(memory, ['v', 'lastDecisionAt']);
    const rows = [
      ...[status, ...statuses].map((each) => ({ shape: '$STATUS', each, schema: statusSchema })),
      // A decision must say which machine it is about, where names come again.
      ...[DECISION, ...decisions].map((each) => ({
        shape: '$DECISION',
        each,
        schema: v.looseObject({ ...decisionSchema.entries, machine: v.string() }),
      })),
      ...[memory, ...memories].map((each) => ({ shape: '$REMEMBERED', each, schema: memorySchema })),
    ];
    const outcomes = callRunbook(rows.map(({ shape, each }) => ['parse', [JSON.stringify(each), shape]]));
    for (const [index, { shape, each, schema }] of rows.entries()) {
      const isSense = outcomes[index]?.problem === undefined;
      assert.equal(
        isSense,
        v.is(schema, each),
        `${shape} ${JSON.stringify(each)}: ${outcomes[index]?.problem}`,
      );
    }
  });
});
