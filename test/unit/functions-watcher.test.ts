import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { GroupMachine } from '../../fleet/aws/auto-scaling-group.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import type { NodeReading } from '../../fleet/registry.ts';
import type { Metric } from '../../functions/aws/metrics.ts';
import { planWatch, type WatcherWorld } from '../../functions/aws/watcher/plan.ts';
import { watch } from '../../functions/aws/watcher/watch.ts';
import { createLog } from '../../functions/log.ts';
import { ago, fleetOf, fresh, NOW, statusOf } from './support/fleet.ts';
import { createMemoryStore } from './support/memory-store.ts';

const WARN_AFTER_MS = 3_600_000;

function machine(node: string, lifecycleState = 'InService'): GroupMachine {
  return { node, zone: 'a', lifecycleState };
}

function world(
  machines: [string, string, NodeReading | undefined][],
  changed: Partial<WatcherWorld> = {},
): WatcherWorld {
  const known = machines.flatMap(([node, , reading]) =>
    reading === undefined ? [] : [[node, reading] as const],
  );
  return {
    group: { kind: 'known', machines: machines.map(([node, state]) => machine(node, state)) },
    fleet: fleetOf(Object.fromEntries(known)),
    memory: { kind: 'none' },
    now: NOW,
    ...changed,
  };
}

const plan = (given: WatcherWorld) => planWatch(given, WARN_AFTER_MS);
const measured = (given: WatcherWorld) =>
  Object.fromEntries(plan(given).metrics.map(({ name, value }) => [name, value]));
const found = (given: WatcherWorld) =>
  plan(given).findings.map(({ name, node }) => (node ? `${name} ${node}` : name));

const stale: NodeReading = { kind: 'stale', ageMs: 90_000 };

describe('watcher plan', () => {
  it('counts the pool', () => {
    const given = world([
      ['i-1', 'InService', fresh('i-1', { work: { rooms: 2, people: 9 } })],
      ['i-2', 'InService', fresh('i-2', { work: { rooms: 1, people: 1 } })],
      [
        'i-3',
        'Terminating:Wait',
        fresh('i-3', { phase: 'draining', since: ago(60), work: { rooms: 1, people: 2 } }),
      ],
      ['i-4', 'Terminating:Wait', fresh('i-4', { phase: 'draining', since: ago(3601) })],
      ['i-5', 'InService', stale],
      ['i-6', 'InService', undefined],
      ['i-7', 'InService', fresh('i-7', { work: null, unknown: 'x' })],
      ['i-8', 'Pending:Wait', undefined],
      ['i-9', 'Terminating:Proceed', stale],
      ['i-10', 'Terminating:Retained', fresh('i-10', { phase: 'draining', since: ago(60) })],
    ]);
    assert.deepEqual(measured(given), {
      Nodes: 10,
      ServingNodes: 3,
      DrainingNodes: 3,
      StaleNodes: 1,
      UnknownNodes: 2,
      RetainedNodes: 1,
      OverdueDrains: 1,
      CeilingDrains: 0,
      CallsCutNodes: 0,
      CallsLostNodes: 0,
      AlarmingNodes: 0,
      Rooms: 4,
      People: 12,
    });
    assert.deepEqual(found(given), [
      'retained i-10',
      'overdue i-4',
      'stale i-5',
      'unknown i-6',
      'unknown i-7',
    ]);
  });

  it('does not count a machine that is gone, though its last status is fresh', () => {
    const given = world([['i-1', 'InService', fresh('i-1', { work: { rooms: 1 } })]]);
    given.fleet.nodes.set('i-gone', fresh('i-gone', { work: { rooms: 7 } }));
    assert.equal(measured(given).Rooms, 1);
  });

  it('leaves out the sums while a status cannot be read: they would be too small', () => {
    const metrics = measured(
      world([
        ['i-1', 'InService', fresh('i-1', { phase: 'draining', since: ago(3601), work: { rooms: 1 } })],
        ['i-2', 'InService', { kind: 'unreadable', reason: 'SlowDown' }],
      ]),
    );
    for (const name of ['Rooms', 'People', 'ServingNodes', 'DrainingNodes'])
      assert.equal(metrics[name], undefined);
    assert.equal(metrics.UnknownNodes, 1);
    assert.equal(metrics.OverdueDrains, 1);
  });

  it('without the group, leaves out who should speak', () => {
    const given = world([], { group: { kind: 'unknown', reason: 'Throttling' } });
    given.fleet.nodes.set('i-1', fresh('i-1', { work: { rooms: 7 } }));
    const metrics = measured(given);
    assert.equal(metrics.Rooms, 7);
    for (const name of ['Nodes', 'RetainedNodes', 'StaleNodes', 'UnknownNodes'])
      assert.equal(metrics[name], undefined);
    assert.deepEqual(plan(given).findings, [{ level: 'error', name: 'group-unknown', text: 'Throttling' }]);
  });

  it('without the whole registry, leaves out sums that would be too small', () => {
    const given = world([['i-1', 'InService', undefined]], { fleet: fleetOf({}, 'SlowDown') });
    assert.deepEqual(measured(given), { Nodes: 1, RetainedNodes: 0, StaleNodes: 0, UnknownNodes: 1 });
    assert.ok(found(given).includes('registry-unknown'));
  });

  it('tells what a node says of itself that needs a person', () => {
    const alarms = [{ name: 'signal-uncertain', since: ago(900), text: 'it may not have arrived' }];
    const given = world([['i-1', 'InService', fresh('i-1', { alarms })]]);
    assert.deepEqual(found(given), ['node-signal-uncertain i-1']);
    assert.equal(measured(given).AlarmingNodes, 1);
  });

  it('counts what has an alarm of its own apart', () => {
    const said = (...names: string[]) => ({
      alarms: names.map((name) => ({ name, since: ago(60), text: 'as a test has it' })),
    });
    const given = world([
      ['i-1', 'InService', fresh('i-1', said('ceiling-reached'))],
      ['i-2', 'InService', fresh('i-2', said('calls-cut', 'ceiling-reached'))],
      ['i-3', 'InService', fresh('i-3', said('calls-lost'))],
      ['i-4', 'InService', fresh('i-4', said('state-lost'))],
    ]);
    const { CeilingDrains, CallsCutNodes, CallsLostNodes, AlarmingNodes } = measured(given);
    assert.deepEqual([CeilingDrains, CallsCutNodes, CallsLostNodes, AlarmingNodes], [2, 1, 1, 1]);
  });

  describe('of a machine that is gone', () => {
    const alarms = (name: string) => [{ name, since: ago(60), text: 'as a test has it' }];
    const last = (changed: Parameters<typeof statusOf>[1]): NodeReading => ({
      kind: 'stale',
      ageMs: 90_000,
      last: statusOf('i-gone', changed),
    });
    const rows: [string, NodeReading, string[]][] = [
      ['tells who was on it', last({ work: { rooms: 1, people: 3 } }), ['calls-lost i-gone']],
      ['tells nothing where nobody was on it', last({ work: { rooms: 1 } }), []],
      ['tells nothing where it was empty', last({ phase: 'leaving' }), []],
      ['guesses nothing where its work was not known', last({ phase: 'draining', work: null }), []],
      [
        'tells what it had said of calls that were cut',
        last({ phase: 'leaving', alarms: alarms('calls-cut') }),
        ['node-calls-cut i-gone'],
      ],
      ['tells nothing else that it had said', last({ alarms: alarms('work-unknown') }), []],
      [
        'waits until it is silent: it may be one that was made just now',
        fresh('i-gone', { work: { rooms: 1, people: 3 } }),
        [],
      ],
    ];
    for (const [then, reading, expected] of rows) {
      it(then, () => {
        const given = world([]);
        given.fleet.nodes.set('i-gone', reading);
        assert.deepEqual(found(given), expected);
        const { CallsLostNodes = 0, CallsCutNodes = 0 } = measured(given);
        assert.equal(CallsLostNodes + CallsCutNodes, expected.length);
      });
    }

    it('says nothing where the group is not known', () => {
      const given = world([], { group: { kind: 'unknown', reason: 'x' } });
      given.fleet.nodes.set('i-gone', last({ work: { rooms: 1, people: 3 } }));
      assert.deepEqual(found(given), ['group-unknown']);
    });
  });

  describe('ends', () => {
    const rows: [string, string, NodeReading | undefined, boolean][] = [
      [
        'a retained machine that is freshly empty',
        'Terminating:Retained',
        fresh('i-1', { phase: 'empty' }),
        true,
      ],
      ['not one in service that is empty', 'InService', fresh('i-1', { phase: 'empty' }), false],
      ['not one whose hook is open', 'Terminating:Wait', fresh('i-1', { phase: 'empty' }), false],
      ['not a retained one that drains', 'Terminating:Retained', fresh('i-1', { phase: 'draining' }), false],
      ['not a retained one without calls that serves', 'Terminating:Retained', fresh('i-1'), false],
      [
        'not a retained one that contradicts itself',
        'Terminating:Retained',
        fresh('i-1', { phase: 'empty', work: { rooms: 1 } }),
        false,
      ],
      ['not a stale one', 'Terminating:Retained', stale, false],
      ['not a silent one', 'Terminating:Retained', undefined, false],
      ['not an unreadable one', 'Terminating:Retained', { kind: 'unreadable', reason: 'x' }, false],
    ];
    for (const [given, state, reading, ends] of rows) {
      it(given, () => {
        const { terminations, findings, memory } = plan(world([['i-1', state, reading]]));
        assert.deepEqual(
          terminations.map(({ node }) => node),
          ends ? ['i-1'] : [],
        );
        assert.deepEqual(
          memory,
          ends ? { v: 1, terminations: [{ node: 'i-1', at: ago(0), times: 1 }] } : undefined,
        );
        const alarmed = findings.some(({ name }) => name === 'retained');
        assert.equal(alarmed, state === 'Terminating:Retained' && !ends);
      });
    }

    const memory = (node: string, times = 1): WatcherWorld['memory'] => ({
      kind: 'found',
      memory: { v: 1, terminations: [{ node, at: ago(60), times }] },
    });

    it('once more what it ended and what is retained still, and says so', () => {
      const given = world([['i-1', 'Terminating:Retained', fresh('i-1', { phase: 'empty' })]], {
        memory: memory('i-1', 2),
      });
      assert.deepEqual(plan(given).memory, { v: 1, terminations: [{ node: 'i-1', at: ago(0), times: 3 }] });
      assert.deepEqual(found(given), ['still-retained i-1']);
    });

    it('and forgets what is retained no more', () => {
      for (const machines of [
        [],
        [['i-1', 'Terminating:Wait', fresh('i-1', { phase: 'empty' })]],
      ] as Parameters<typeof world>[0][]) {
        assert.deepEqual(plan(world(machines, { memory: memory('i-1') })).memory, { v: 1, terminations: [] });
      }
    });

    it('nothing while it does not know the group, and keeps its memory', () => {
      const given = world([], { group: { kind: 'unknown', reason: 'x' }, memory: memory('i-1') });
      assert.equal(plan(given).memory, undefined);
    });

    it('nothing while its memory cannot be read', () => {
      const given = world([['i-1', 'Terminating:Retained', fresh('i-1', { phase: 'empty' })]], {
        memory: { kind: 'unknown', reason: '503' },
      });
      assert.deepEqual(plan(given).terminations, []);
      assert.deepEqual(found(given), ['memory-unknown']);
    });

    it('even though its memory makes no sense, which is begun anew', () => {
      for (const corrupt of [
        { kind: 'corrupt', reason: 'torn' },
        { kind: 'found', memory: [] },
      ] as WatcherWorld['memory'][]) {
        const given = world([['i-1', 'Terminating:Retained', fresh('i-1', { phase: 'empty' })]], {
          memory: corrupt,
        });
        assert.equal(plan(given).terminations.length, 1);
        assert.equal(plan(given).memory?.terminations.length, 1);
        assert.ok(found(given).includes('memory-corrupt'));
      }
    });
  });
});

describe('watcher run', () => {
  function setUp(machines: GroupMachine[] | Error, failing: Record<string, Error> = {}) {
    const store = createMemoryStore();
    const done: string[] = [];
    const lines: Record<string, unknown>[] = [];
    const written: Metric[] = [];
    for (const [what, error] of Object.entries(failing)) store.failing.set(what, error);
    const fail = (what: string) => {
      const error = failing[what];
      if (error) throw error;
    };
    const put = store.put.bind(store);
    store.put = async (key, body, signal) => {
      await put(key, body, signal);
      done.push(`wrote ${key}`);
    };
    const run = () =>
      watch({
        settings: {
          pool: 'media',
          bucket: 'b',
          group: 'ebbtide-media',
          metricNamespace: 'Ebbtide/media',
          warnAfterMs: WARN_AFTER_MS,
        },
        group: {
          async readMachines() {
            if (machines instanceof Error) throw machines;
            return machines;
          },
          async terminate(node) {
            fail(`terminate ${node}`);
            done.push(`ended ${node}`);
          },
        },
        registry: createBucketRegistry({ store }),
        async putMetrics(metrics) {
          fail('metrics');
          written.push(...metrics);
        },
        log: createLog(
          (line) => lines.push(JSON.parse(line)),
          () => NOW,
        ),
        clock: createRealClock(() => NOW),
        readBudgetMs: 60,
      });
    const empty = (node: string) =>
      store.objects.set(`statuses/AROAX:${node}.json`, {
        body: JSON.stringify(statusOf(node, { phase: 'empty' })),
        ageMs: 1_000,
      });
    return { store, run, done, lines, written, empty };
  }
  const retained = (node: string) => machine(node, 'Terminating:Retained');

  it('writes down what it ends before it ends it', async () => {
    const { run, done, empty, lines, written } = setUp([retained('i-1')]);
    empty('i-1');
    await run();
    assert.deepEqual(done, ['wrote memory/watcher.json', 'ended i-1']);
    assert.equal(lines.at(-1)?.event, 'watcher');
    assert.equal(written.find(({ name }) => name === 'RetainedNodes')?.value, 1);
  });

  it('does not end what it could not write down, writes its metrics all the same, and fails', async () => {
    const { run, done, empty, written } = setUp([retained('i-1')], {
      'put memory/watcher.json': new Error('AccessDenied'),
    });
    empty('i-1');
    await assert.rejects(run(), /AccessDenied/);
    assert.deepEqual(done, []);
    assert.ok(written.length > 0);
  });

  it('ends the others where one fails, and fails', async () => {
    const { run, done, empty } = setUp([retained('i-1'), retained('i-2')], {
      'terminate i-1': new Error('Throttling'),
    });
    empty('i-1');
    empty('i-2');
    await assert.rejects(run(), /ending i-1: Throttling/);
    assert.deepEqual(done, ['wrote memory/watcher.json', 'ended i-2']);
  });

  it('ends what is empty where its metrics are not taken, and fails', async () => {
    const { run, done, empty } = setUp([retained('i-1')], { metrics: new Error('CloudWatch is down') });
    empty('i-1');
    await assert.rejects(run(), /CloudWatch is down/);
    assert.ok(done.includes('ended i-1'));
  });

  it('fails where the group or the registry cannot be read, after writing what it knows', async () => {
    const { run, written } = setUp(new Error('no such group'));
    await assert.rejects(run(), /no such group/);
    assert.ok(written.some(({ name }) => name === 'Rooms'));
    const other = setUp([machine('i-1')], { 'list statuses/': new Error('SlowDown') });
    await assert.rejects(other.run(), /SlowDown/);
    assert.deepEqual(
      other.written.map(({ name }) => name),
      ['Nodes', 'StaleNodes', 'UnknownNodes', 'RetainedNodes'],
    );
  });
});
