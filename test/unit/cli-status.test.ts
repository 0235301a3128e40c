import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { storyOf } from '../../cli/explain/story.ts';
import { timeOf } from '../../cli/view/nodes-time.ts';
import { type NodeRow, viewPool } from '../../cli/view/pool-view.ts';
import type { PoolWorld } from '../../cli/view/seen.ts';
import { tableOf } from '../../cli/view/table.ts';
import { cellsOf, clip, wrap } from '../../cli/view/text.ts';
import type { Decision } from '../../fleet/decision.ts';
import type { PoolAddress } from '../../fleet/pool-address.ts';
import type { PoolMachine } from '../../fleet/pool-machine.ts';
import type { DecisionsReading, NodeReading } from '../../fleet/registry.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { poolAddress } from '../support/pool-address.ts';
import { ago, fleetOf, fresh, NOW } from './support/fleet.ts';

const ADDRESS = poolAddress('gcp', {
  coolDownMs: 60_000,
  warmUpMs: 120_000,
  warnAfterMs: 4 * 3_600_000,
});

const machine = (node: string, changed: Partial<PoolMachine> = {}): PoolMachine => ({
  node,
  machine: `id-${node}`,
  zone: 'r-a',
  place: 'in-group',
  state: 'RUNNING',
  protected: false,
  ...changed,
});

const decisionFor = (node: string, changed: Partial<Decision> = {}): Decision => ({
  v: 1,
  id: 'd-1',
  node,
  machine: `id-${node}`,
  pool: 'media',
  at: ago(300),
  by: 'pruner',
  cause: 'scale-in',
  intent: 'leave',
  reason: 'fewest calls',
  ...changed,
});

function decisionsOf(...decisions: Decision[]): DecisionsReading {
  return {
    decisions: new Map(decisions.map((decision) => [decision.node, { kind: 'decided', decision }])),
    complete: true,
  };
}

function worldOf(
  machines: PoolMachine[],
  nodes: Record<string, NodeReading>,
  ...decisions: Decision[]
): PoolWorld {
  return {
    machines: { kind: 'known', machines },
    fleet: fleetOf(nodes),
    decisions: decisionsOf(...decisions),
    now: NOW,
  };
}

function rowIn(world: PoolWorld, node: string): NodeRow {
  const row = viewPool(ADDRESS, world).nodes?.find((each) => each.node === node);
  assert.ok(row, `there is a row of ${node}`);
  return row;
}

const story = (world: PoolWorld, node: string) => storyOf(rowIn(world, node), ADDRESS, NOW).join('\n');

describe('how a pool is, to its operator', () => {
  const busy = fresh('b', { work: { rooms: 4, people: 9, egress: 1, agents: 2 }, load: 0.42 });

  it('tells what is on a node, for how long, and by what software', () => {
    const row = rowIn(worldOf([machine('b')], { b: busy }), 'b');
    assert.deepEqual(
      [row.phase, row.rooms, row.people, row.jobs, row.load, row.forMs, row.agent, row.outdated],
      ['serving', 4, 9, 3, 0.42, 3_500_000, '1.0.0', false],
    );
  });

  const unknown: [string, NodeReading, RegExp][] = [
    ['is silent', { kind: 'stale', ageMs: 180_000 }, /last heard of 3 min ago/],
    ['has never spoken', { kind: 'missing' }, /no status/],
    ['cannot be read', { kind: 'unreadable', reason: 'no JSON' }, /no JSON/],
    ['does not know its work', fresh('b', { work: null, unknown: 'metrics are off' }), /metrics are off/],
    ['is an earlier machine of its name', fresh('b', { machine: 'id-before' }), /no status/],
  ];
  for (const [what, reading, told] of unknown) {
    it(`a node that ${what} is unknown, never empty`, () => {
      const row = rowIn(worldOf([machine('b')], { b: reading }), 'b');
      assert.deepEqual([row.rooms, row.people, row.jobs], [undefined, undefined, undefined]);
      assert.match(row.unknown ?? '', told);
      const table = tableOf(viewPool(ADDRESS, worldOf([machine('b')], { b: reading }))).join('\n');
      assert.match(table, told);
      assert.match(table, /what is on 1 of which it is not known/);
      assert.match(story(worldOf([machine('b')], { b: reading }), 'b'), /never counts as empty/);
    });
  }

  const whyNot: [string, PoolMachine[], Record<string, NodeReading>, Decision[], RegExp | undefined][] = [
    ['is one of the last', [machine('a')], { a: fresh('a') }, [], /minimum of 1/],
    ['may go', [machine('a'), machine('b')], { a: fresh('a'), b: busy }, [], undefined],
    [
      'is protected on the machine itself',
      [machine('a', { protected: true }), machine('b')],
      { a: fresh('a'), b: busy },
      [],
      /protected/,
    ],
    [
      'has just come',
      [machine('a'), machine('b')],
      { a: fresh('a', { bootedAt: ago(10) }), b: busy },
      [],
      /warming up/,
    ],
    [
      'must wait for the cool-down',
      [machine('a'), machine('b'), machine('c', { place: 'outside' })],
      { a: fresh('a'), b: busy },
      [decisionFor('c', { at: ago(20) })],
      /cooling down/,
    ],
    [
      'must wait for the drains under way',
      [
        machine('a'),
        machine('b'),
        machine('c', { place: 'outside' }),
        machine('d', { place: 'leaving-group' }),
      ],
      { a: fresh('a'), b: busy },
      [decisionFor('c')],
      /drains at once: 2 allowed, 2 under way/,
    ],
  ];
  for (const [what, machines, nodes, decisions, told] of whyNot) {
    it(`says why a node that ${what} would${told === undefined ? '' : ' not'} be chosen`, () => {
      const row = rowIn(worldOf(machines, nodes, ...decisions), 'a');
      if (told === undefined) assert.equal(row.whyNot, undefined);
      else assert.match(row.whyNot ?? '', told);
    });
  }

  it('gives nobody that leaves a reason not to be chosen', () => {
    const world = worldOf([machine('a'), machine('b')], { a: fresh('a'), b: busy }, decisionFor('a'));
    assert.equal(rowIn(world, 'a').whyNot, undefined);
    assert.equal(rowIn(world, 'a').decision?.id, 'd-1');
  });

  it('takes a decision about an earlier machine of the name for none', () => {
    const world = worldOf([machine('a')], { a: fresh('a') }, decisionFor('a', { machine: 'id-before' }));
    assert.equal(rowIn(world, 'a').decision, undefined);
  });

  const told = (at: string, changed: Partial<Decision> = {}) => ({
    id: 'own-1',
    by: 'auto-scaling-group',
    at,
    cause: 'replacement' as const,
    intent: 'leave' as const,
    ...changed,
  });
  const explained: [what: string, told: ReturnType<typeof told>, written: Decision, by: string][] = [
    ['that could not read in time why it goes', told(ago(60)), decisionFor('a', { by: 'ana' }), 'ana'],
    [
      'whose decision is from long ago',
      told(ago(60)),
      decisionFor('a', { at: ago(3_700) }),
      'auto-scaling-group',
    ],
    [
      'that was only kept empty before',
      told(ago(60)),
      decisionFor('a', { intent: 'maintenance' }),
      'auto-scaling-group',
    ],
    ['that goes for a reason of its own', told(ago(60), { by: 'ben on it' }), decisionFor('a'), 'ben on it'],
  ];
  for (const [what, own, written, by] of explained) {
    it(`tells who decided about a node ${what}`, () => {
      const draining = fresh('a', { phase: 'draining', decision: own });
      const { decision } = rowIn(worldOf([machine('a')], { a: draining }, written), 'a');
      assert.equal(decision?.by, by);
      if (by === 'ana')
        assert.match(decision?.reason ?? '', /^fewest calls \(its agent .* by decision own-1\)$/);
      else assert.equal(decision?.id, 'own-1');
    });
  }

  it('says what could not be read, and counts nothing that it does not know', () => {
    const world: PoolWorld = {
      machines: { kind: 'unknown', reason: 'HTTP 403' },
      fleet: fleetOf({}, 'HTTP 500'),
      decisions: { decisions: new Map(), complete: false, problem: 'HTTP 503' },
      now: NOW,
    };
    const view = viewPool(ADDRESS, world);
    assert.equal(view.problems.length, 3);
    const text = tableOf(view, { columns: 80 }).join('\n');
    for (const told of ['HTTP 403', 'HTTP 500', 'HTTP 503']) assert.ok(text.includes(told), text);
    assert.ok(!text.includes('It has no machines'), text);
  });

  it('puts what needs a person first', () => {
    const alarm = [{ name: 'drain-stuck', since: ago(60), text: 'it stays' }];
    const world = worldOf([machine('a'), machine('b'), machine('c')], {
      a: fresh('a'),
      b: { kind: 'missing' },
      c: fresh('c', { alarms: alarm }),
    });
    assert.deepEqual(
      viewPool(ADDRESS, world).nodes?.map(({ node }) => node),
      ['c', 'b', 'a'],
    );
    assert.match(
      tableOf(viewPool(ADDRESS, world), { columns: 200 }).join('\n'),
      /ALARM drain-stuck: it stays/,
    );
  });

  it('is never wider than its terminal, and keeps node and phase to the last', () => {
    const anyReading = fc.constantFrom<NodeReading>(
      busy,
      fresh('b', {
        phase: 'draining',
        alarms: [{ name: 'x', since: ago(1), text: 'a long story '.repeat(9) }],
      }),
      { kind: 'missing' },
      { kind: 'unreadable', reason: 'r'.repeat(120) },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 30, max: 200 }),
        fc.array(anyReading, { maxLength: 6 }),
        (width, readings) => {
          const names = readings.map((_, index) => `ebbtide-${index}`);
          const nodes = Object.fromEntries(readings.map((reading, index) => [`ebbtide-${index}`, reading]));
          const lines = tableOf(
            viewPool(
              ADDRESS,
              worldOf(
                names.map((name) => machine(name)),
                nodes,
              ),
            ),
            { columns: width },
          );
          for (const line of lines) assert.ok(cellsOf(line) <= width, `${width}: ${line}`);
          for (const name of names)
            assert.ok(
              lines.some((line) => line.startsWith(name)),
              name,
            );
        },
      ),
    );
  });

  it('tells nodes with long names apart on 40 columns, and their phases and rooms', () => {
    const names = ['1', '2'].map((end) => `ebbtide-media-europe-production-group-x7f${end}`);
    const nodes = Object.fromEntries(names.map((name) => [name, fresh(name, { work: { rooms: 3 } })]));
    const world = worldOf(
      names.map((name) => machine(name)),
      nodes,
    );
    const lines = tableOf(viewPool(ADDRESS, world), { columns: 40 });
    assert.deepEqual(lines.slice(-5), [
      'NODE                  PHASE    ROOMS',
      'ebbtide-m…group-x7f1  serving      3',
      'ebbtide-m…group-x7f2  serving      3',
      '  the minimum of 1 serving nodes must',
      '    remain',
    ]);
  });

  it('says where what nodes say could not be checked', () => {
    const view = viewPool(ADDRESS, worldOf([machine('a')], { a: fresh('a') }), 'the secret is not known');
    assert.match(tableOf(view, { columns: 80 }).join('\n'), /NOT VERIFIED: the secret is not known/);
  });

  it('says on a terminal of 80 columns why one is not chosen, rather than all that is less', () => {
    const names = ['i-22c60dc04fec3780a', 'i-d8a55778bb7cc5bee'];
    const world = worldOf(
      names.map((name) => machine(name)),
      Object.fromEntries(names.map((name) => [name, fresh(name)])),
    );
    const [title, , second] = tableOf(viewPool(ADDRESS, world), { columns: 80 }).slice(-3);
    assert.match(title ?? '', /^NODE +PHASE +ROOMS .*WHY NOT$/);
    assert.match(second ?? '', /the minimum of 1 serv/);
  });

  it('shows no more rows than a terminal has: those that need a person, and how many more there are', () => {
    const names = Array.from({ length: 50 }, (_, index) => `n-${index}`);
    const world = {
      ...worldOf(
        names.map((name) => machine(name)),
        Object.fromEntries(names.map((name) => [name, name === 'n-49' ? { kind: 'missing' } : fresh(name)])),
      ),
      decisions: { decisions: new Map(), complete: false, problem: 'HTTP 503' },
    };
    const lines = tableOf(viewPool(ADDRESS, world), { columns: 200, rows: 24 });
    assert.equal(lines.length, 23);
    assert.ok(
      lines.some((line) => line.startsWith('n-49 ')),
      'the silent one',
    );
    assert.match(lines.at(-3) ?? '', /^… 33 more lines: `status --once` tells all$/);
    assert.match(lines.at(-1) ?? '', /NOT KNOWN: .*HTTP 503/);
    for (const rows of [1, 5]) assert.ok(tableOf(viewPool(ADDRESS, world), { rows }).length < 10);
  });

  it('takes a terminal that says that it has 0 columns for one of any width', () => {
    const view = viewPool(ADDRESS, worldOf([machine('a')], { a: fresh('a') }));
    assert.deepEqual(tableOf(view, { columns: 0, rows: 0 }), tableOf(view));
  });

  it('counts no machines where they could not be read', () => {
    const world = { ...worldOf([], {}), machines: { kind: 'unknown', reason: 'HTTP 403' } } as const;
    const view = viewPool(ADDRESS, world);
    assert.ok(!('nodes' in JSON.parse(JSON.stringify(view))));
    assert.match(tableOf(view).join('\n'), /its machines are not known \(1 to 5 serve\)/);
    assert.doesNotMatch(tableOf(view).join('\n'), /\b0 (machines|rooms|people)/);
  });

  it('takes a decision that cannot be read for one that may be, and never for none', () => {
    const world = {
      ...worldOf([machine('a'), machine('b')], { a: fresh('a'), b: busy }),
      decisions: {
        decisions: new Map([['a', { kind: 'unknown', reason: 'no JSON' } as const]]),
        complete: true,
      },
    };
    const view = viewPool(ADDRESS, world);
    assert.deepEqual(view.problems, ['what is decided about a could not be read: no JSON']);
    assert.match(tableOf(view).join('\n'), /\? +RUNNING/);
    assert.match(story(world, 'a'), /Whether anybody has decided that it should go is not known: no JSON\./);
    // As its function does, which takes it for a drain: of two, one is to stay.
    assert.match(rowIn(world, 'b').whyNot ?? '', /minimum of 1/);
  });

  it('lets no time pass after what an operator has decided, as the pool’s function does not', () => {
    const decided = decisionFor('c', { at: ago(20), cause: 'operator' });
    const machines = [machine('a'), machine('b'), machine('c', { place: 'outside' })];
    assert.equal(rowIn(worldOf(machines, { a: fresh('a'), b: busy }, decided), 'a').whyNot, undefined);
  });

  it('says who may go by the order of the pool’s function: outdated software first', () => {
    const world = worldOf([machine('a'), machine('b')], {
      a: fresh('a'),
      b: fresh('b', { work: { rooms: 4 }, software: { agent: '1', template: 'lt-1' } }),
    });
    assert.deepEqual(
      [rowIn(world, 'b').whyNot, rowIn(world, 'a').whyNot?.slice(0, 11)],
      [undefined, 'the minimum'],
    );
  });

  it('says where nobody asks for fewer by itself', () => {
    const world = worldOf([machine('a'), machine('b')], { a: fresh('a'), b: busy });
    const address: PoolAddress = { ...ADDRESS, scales: false };
    assert.match(tableOf(viewPool(address, world)).join('\n'), /scaling.kind is none: nobody asks for fewer/);
    const row = viewPool(address, world).nodes?.find(({ node }) => node === 'a') ?? assert.fail('no row');
    assert.match(storyOf(row, address, NOW).join('\n'), /scaling.kind is none, so that nobody asks/);
  });

  it('gives no terminal a command that a node, a cloud or a person wrote', () => {
    const text = '\u001b[2J\u009b31m\u202egone\r\nnext\u0007';
    const world = worldOf(
      [machine('a', { state: text })],
      { a: fresh('a', { work: null, unknown: text, alarms: [{ name: text, since: ago(1), text }] }) },
      decisionFor('a', { by: text, reason: text }),
    );
    for (const columns of [40, 300]) {
      const lines = tableOf(viewPool(ADDRESS, world, text), { columns });
      for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\u202e]/u);
    }
  });

  it('counts what is wide on a terminal as wide, and loses no word that is too long for a line', () => {
    assert.deepEqual(['abc', '部屋', 'e\u0301', '🎉', 'ﬀ', '한'].map(cellsOf), [3, 4, 1, 2, 1, 2]);
    const word = 'arn:aws:s3:::ebbtide-media-9f88f8e/statuses/部屋部屋部屋';
    const lines = wrap(`lacks ${word} now`, 20);
    for (const line of lines) assert.ok(cellsOf(line) <= 20, line);
    assert.equal(lines.map((line) => line.replaceAll(' ', '')).join(''), `lacks${word}now`);
    assert.equal(cellsOf(clip('部屋部屋', 5)), 5);
  });

  it('goes by the clock of the nodes where that of the operator’s machine is wrong', () => {
    const told = fleetOf({
      a: fresh('a', { at: ago(305) }),
      b: fresh('b', { at: ago(300) }),
      c: fresh('c', { at: ago(-86_400) }),
    });
    assert.equal(timeOf(told, NOW), NOW - 295_000);
    assert.equal(timeOf(told, NOW - 290_000), NOW - 290_000);
    assert.equal(timeOf(fleetOf({ a: { kind: 'missing' } }), NOW), NOW);
  });
});

describe('the story of one node', () => {
  type Told = NonNullable<NodeStatus['decision']>;
  const by = (who: string, cause: Told['cause'], intent: Told['intent'], secondsAgo: number): Told => ({
    id: 'own',
    by: who,
    cause,
    intent,
    at: ago(secondsAgo),
  });
  const draining = (decision?: Told) =>
    fresh('a', {
      phase: 'draining',
      since: ago(290),
      work: { rooms: 2, people: 5 },
      ...(decision === undefined ? {} : { decision }),
    });
  const rows: [string, PoolWorld, RegExp[]][] = [
    [
      'drains',
      worldOf([machine('a', { place: 'outside' })], { a: draining() }, decisionFor('a')),
      [
        /is draining, for 4 min/,
        /pruner decided 5 min ago \(scale-in, decision d-1\) that it leaves: fewest calls/,
        /last of 2 rooms \(5 people\) has ended/,
        /After 4h an alarm is raised/,
      ],
    ],
    [
      'drains, as its cloud or a person on it has decided, which only the node tells',
      worldOf([machine('a', { place: 'leaving-group' })], {
        a: draining(by('aws', 'replacement', 'leave', 30)),
      }),
      [/aws decided 30 s ago \(replacement, decision own\) that it leaves\./, /and leaves when the last/],
    ],
    [
      'is emptied for maintenance, after an earlier decision from which it stayed',
      worldOf(
        [machine('a')],
        { a: draining(by('operator', 'operator', 'maintenance', 30)) },
        decisionFor('a', { at: ago(4000) }),
      ),
      [
        /operator decided 30 s ago \(operator, decision own\) that it is emptied and stays\./,
        /and is empty when the last/,
      ],
    ],
    [
      'serves, and would not be chosen',
      worldOf([machine('a')], { a: fresh('a') }),
      [/Nobody has decided/, /would not be chosen now: the minimum of 1/],
    ],
    [
      'serves, and is decided',
      worldOf([machine('a')], { a: fresh('a') }, decisionFor('a', { at: ago(5) })),
      [/takes up the decision within seconds/],
    ],
    [
      'was to drain long ago, and serves',
      worldOf([machine('a')], { a: fresh('a') }, decisionFor('a')),
      [/was to drain for 5 min, and serves/],
    ],
    [
      'drains for longer than it should',
      worldOf(
        [machine('a')],
        { a: fresh('a', { phase: 'draining', since: ago(5 * 3_600) }) },
        decisionFor('a'),
      ),
      [/drains for longer than 4h, of which an alarm is raised; nobody is cut/],
    ],
    [
      'is silent',
      worldOf([machine('a')], { a: { kind: 'missing' } }),
      [/tells nothing/, /until it speaks again/],
    ],
    [
      'is empty for maintenance',
      worldOf(
        [machine('a')],
        { a: fresh('a', { phase: 'empty' }) },
        decisionFor('a', { intent: 'maintenance' }),
      ),
      [/is emptied and stays/, /stays until it is resumed/],
    ],
    [
      'was chosen among others',
      worldOf(
        [machine('a')],
        { a: draining() },
        decisionFor('a', { passedOver: [{ node: 'z', reason: 'protected' }], passedOverMore: 3 }),
      ),
      [/Others were not chosen then:/, /not z: protected/, /3 more/],
    ],
    [
      'has outdated software',
      worldOf([machine('a')], { a: fresh('a', { software: { agent: '0.9', template: 'lt-1' } }) }),
      [/agent 0.9, template lt-1, which is not the one/],
    ],
  ];
  for (const [what, world, told] of rows) {
    it(`of one that ${what}`, () => {
      const text = story(world, 'a');
      for (const each of told) assert.match(text, each);
    });
  }
});
