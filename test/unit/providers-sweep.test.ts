import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { GroupState } from '../../fleet/aws/auto-scaling-group.ts';
import { AwsError } from '../../fleet/aws/client.ts';
import type { FleetReading, NodeReading } from '../../fleet/registry.ts';
import type { NodeStatus, Work } from '../../fleet/status.ts';
import { sweep } from '../../providers/aws/sweep.ts';
import { planSweep, type SweepStep } from '../../providers/aws/sweep-plan.ts';
import type { SweptGroup } from '../../providers/aws/swept-group.ts';
import type { OnDestroy, SweepPlan } from '../../providers/sweep-plan.ts';
import { fresh as freshNode } from './support/fleet.ts';

const fresh = (phase: NodeStatus['phase'], work: Partial<Work> | null) => freshNode('i-1', { phase, work });

const EMPTY = fresh('serving', {});
const DRAINED = fresh('empty', {});
const BUSY = fresh('serving', { rooms: 2, people: 5 });
const RECORDING = fresh('draining', { egress: 1 });
const NOT_KNOWN = fresh('serving', null);
const STALE: NodeReading = { kind: 'stale', ageMs: 90_000 };

type Given = [state: string, reading: NodeReading];

function worldOf(given: readonly Given[], group: Partial<GroupState> = {}, complete = true) {
  const nodes = new Map(given.map(([, reading], index) => [`i-${index + 1}`, reading]));
  const fleet: FleetReading = complete ? { nodes, complete } : { nodes, complete, problem: 'AccessDenied' };
  const machines = given.map(([lifecycleState], index) => ({
    node: `i-${index + 1}`,
    zone: 'a',
    lifecycleState,
  }));
  return { group: { sizes: { min: 1, max: 3, desired: 2 }, retains: true, machines, ...group }, fleet };
}

const NONE = { min: 0, max: 0, desired: 0 };

function told(plan: SweepPlan<SweepStep>): string {
  switch (plan.kind) {
    case 'refuse':
      return `refuse ${plan.nodes.map(({ node }) => node).join(' ')}`;
    case 'sweep':
      return plan.steps.map(stepText).join(', ') || 'wait';
    default:
      return plan.kind;
  }
}

function stepText(step: SweepStep): string {
  return 'node' in step ? `${step.kind} ${step.node}` : step.kind;
}

describe('planning the sweep of a pool', () => {
  const firstLook: [string, Given[], string][] = [
    ['nobody in a call', [['InService', EMPTY]], 'ask-for-none, terminate i-1'],
    ['people in a call', [['InService', BUSY]], 'refuse i-1'],
    [
      'one of two with calls',
      [
        ['InService', EMPTY],
        ['InService', BUSY],
      ],
      'refuse i-2',
    ],
    ['a recording that is still written', [['Terminating:Wait', RECORDING]], 'refuse i-1'],
    ['work that the node itself does not know', [['InService', NOT_KNOWN]], 'refuse i-1'],
    ['a stale node', [['InService', STALE]], 'refuse i-1'],
    ['a node that never spoke', [['InService', { kind: 'missing' }]], 'refuse i-1'],
    ['a status that cannot be read', [['InService', { kind: 'unreadable', reason: 'x' }]], 'refuse i-1'],
    ['a machine that boots', [['Pending:Wait', { kind: 'missing' }]], 'refuse i-1'],
    ['a silent one that is retained', [['Terminating:Retained', STALE]], 'refuse i-1'],
    ['a retained one that is empty', [['Terminating:Retained', DRAINED]], 'ask-for-none, terminate i-1'],
    [
      'one that is empty and waits for its hook',
      [['Terminating:Wait', DRAINED]],
      'ask-for-none, complete i-1',
    ],
    ['one without calls that is not drained yet', [['Terminating:Wait', EMPTY]], 'ask-for-none'],
    ['one that AWS is ending already', [['Terminating:Proceed', STALE]], 'ask-for-none'],
    ['no machine', [], 'ask-for-none'],
  ];
  for (const [given, machines, then] of firstLook) {
    it(`refuse, first look, ${given}: ${then}`, () => {
      assert.equal(told(planSweep(worldOf(machines), { onDestroy: 'refuse', begun: false })), then);
    });
  }

  const later: [string, Given[], string][] = [
    ['a call that began meanwhile', [['Terminating:Wait', BUSY]], 'wait'],
    ['a node that fell silent', [['Terminating:Wait', STALE]], 'wait'],
    ['a call on a machine that still serves', [['InService', BUSY]], 'wait'],
    ['a silent one that was retained', [['Terminating:Retained', STALE]], 'wait'],
    ['empty at last', [['Terminating:Wait', DRAINED]], 'complete i-1'],
    ['all gone', [], 'done'],
  ];
  for (const [given, machines, then] of later) {
    it(`refuse, having begun, ${given}: ${then}`, () => {
      const world = worldOf(machines, { sizes: NONE });
      assert.equal(told(planSweep(world, { onDestroy: 'refuse', begun: true })), then);
    });
  }

  const cut: [string, Given[], Partial<GroupState>, string][] = [
    ['first look', [['InService', BUSY]], {}, 'stop-retaining, ask-for-none, terminate i-1'],
    [
      'every state',
      [
        ['Pending:Wait', STALE],
        ['Terminating:Wait', BUSY],
        ['Terminating:Retained', STALE],
        ['Terminating:Proceed', STALE],
      ],
      { sizes: NONE, retains: false },
      'terminate i-1, complete i-2, terminate i-3',
    ],
    ['all gone', [], { sizes: NONE, retains: false }, 'done'],
  ];
  for (const [given, machines, group, then] of cut) {
    it(`cut, ${given}: ${then}`, () => {
      assert.equal(told(planSweep(worldOf(machines, group), { onDestroy: 'cut', begun: false })), then);
    });
  }

  it('takes an absent group for done only where its registry shows that this is the right place', () => {
    const { fleet } = worldOf([]);
    const rules = { onDestroy: 'refuse', begun: false } as const;
    assert.equal(planSweep({ group: undefined, fleet }, rules).kind, 'done');
    const blind: FleetReading = { nodes: new Map(), complete: false, problem: 'AccessDenied' };
    assert.equal(planSweep({ group: undefined, fleet: blind }, rules).kind, 'lost');
  });

  it('never, while it refuses, touches a machine that does not say freshly that it is without work', () => {
    const anyReading = fc.constantFrom(
      EMPTY,
      DRAINED,
      BUSY,
      RECORDING,
      NOT_KNOWN,
      STALE,
      { kind: 'missing' } as const,
      { kind: 'unreadable', reason: 'x' } as const,
    );
    const anyState = fc.constantFrom(
      'Pending',
      'Pending:Wait',
      'Pending:Proceed',
      'InService',
      'Standby',
      'Terminating',
      'Terminating:Wait',
      'Terminating:Proceed',
      'Terminating:Retained',
      'Terminated',
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyState, anyReading)),
        fc.boolean(),
        fc.boolean(),
        (given, begun, all) => {
          const world = worldOf(given as Given[], {}, all);
          const plan = planSweep(world, { onDestroy: 'refuse', begun });
          if (plan.kind !== 'sweep') return;
          assert.ok(!plan.steps.some(({ kind }) => kind === 'stop-retaining'));
          for (const step of plan.steps) {
            if (!('node' in step)) continue;
            const reading = world.fleet.nodes.get(step.node);
            assert.ok(reading === EMPTY || reading === DRAINED, stepText(step));
            if (step.kind === 'complete') assert.equal(reading, DRAINED);
          }
        },
      ),
    );
  });
});

describe('sweeping a pool', () => {
  /** Each reading of the group is the next of `rounds`; the last stays. Time passes only in `sleep`. */
  function setUp(
    rounds: (ReturnType<typeof worldOf> | Error)[],
    onDestroy: OnDestroy = 'refuse',
    refused = 'nothing',
    code = 'AccessDenied',
  ) {
    const done: string[] = [];
    const said: string[] = [];
    let time = 0;
    let round = 0;
    const current = () => rounds[Math.min(round, rounds.length - 1)];
    const act = (text: string) => async () => {
      if (text.startsWith(refused)) throw new AwsError(`no right to ${text}`, code, 403);
      done.push(text);
    };
    const group: SweptGroup = {
      async read() {
        const world = current();
        if (world instanceof Error) {
          round += 1;
          throw world;
        }
        return world?.group;
      },
      terminate: (node) => act(`terminate ${node}`)(),
      complete: (node) => act(`complete ${node}`)(),
      askForNone: act('ask-for-none'),
      stopRetaining: act('stop-retaining'),
    };
    const run = sweep({
      pool: { pool: 'media', group: 'ebbtide-media', region: 'eu-west-1' },
      onDestroy,
      group,
      registry: {
        async readFleet() {
          const world = current();
          round += 1;
          return world === undefined || world instanceof Error
            ? { nodes: new Map(), complete: false }
            : world.fleet;
        },
      },
      now: () => time,
      sleep: async (ms) => {
        time += ms;
      },
      deadlineMs: 20 * 60_000,
      say: (text) => said.push(text),
    });
    return { run, done, said };
  }

  it('asks for none first, then ends what is empty, until nothing is left', async () => {
    const { run, done } = setUp([
      worldOf([['InService', EMPTY]]),
      worldOf([['Terminating:Wait', EMPTY]], { sizes: NONE }),
      worldOf([['Terminating:Wait', DRAINED]], { sizes: NONE }),
      worldOf([], { sizes: NONE }),
    ]);
    await run;
    assert.deepEqual(done, ['ask-for-none', 'terminate i-1', 'complete i-1']);
  });

  it('does nothing where it refuses, and tells node by node why, how to drain, and how to insist', async () => {
    const { run, done } = setUp([
      worldOf([
        ['InService', BUSY],
        ['InService', STALE],
        ['InService', EMPTY],
      ]),
    ]);
    await assert.rejects(run, (error: Error) => {
      assert.match(error.message, /calls are on 1 of its 3 nodes, and of 1 it is not known/);
      assert.match(error.message, /i-1 \(a, InService\): serving, 2 rooms, 5 people/);
      assert.match(error.message, /i-2 \(a, InService\): last heard of 90 s ago/);
      assert.match(error.message, /Nothing has been destroyed\.\nTo drain first: .*\n {2}aws autoscaling/);
      assert.match(error.message, /pulumi config set ebbtide:onDestroy cut/);
      assert.doesNotMatch(error.message, /i-3/);
      return true;
    });
    assert.deepEqual(done, []);
  });

  it('tells that nothing was done where the group cannot be read at first', async () => {
    const { run, done } = setUp([new Error('ECONNREFUSED')]);
    await assert.rejects(
      run,
      /its group ebbtide-media in eu-west-1 cannot be read\. Nothing has been destroyed/,
    );
    assert.deepEqual(done, []);
  });

  it('outlasts a failed reading once it has begun', async () => {
    const { run, done } = setUp([
      worldOf([['InService', EMPTY]]),
      new AwsError('throttled', 'Throttling', 400),
      worldOf([], { sizes: NONE }),
    ]);
    await run;
    assert.deepEqual(done, ['ask-for-none', 'terminate i-1']);
  });

  it('a cut says before its first step that it cuts, and whence it knows that it may', async () => {
    const { run, done, said } = setUp(
      [worldOf([['InService', BUSY]]), worldOf([], { sizes: NONE, retains: false })],
      'cut',
    );
    assert.deepEqual(done, []);
    await run;
    assert.equal(said.length, 1);
    assert.match(
      said[0] ?? '',
      /pool media .* every call .* cut.*ebbtide:onDestroy was cut when the program last ran/s,
    );
    const { run: refusing, said: nothing } = setUp([worldOf([], { sizes: NONE })]);
    await refusing;
    assert.deepEqual(nothing, []);
  });

  it('a right that is missing in the middle is told with what is changed already, and how to go on', async () => {
    const { run, done } = setUp([worldOf([['InService', EMPTY]])], 'refuse', 'terminate');
    await assert.rejects(run, (error: Error) => {
      assert.match(error.message, /the pool media is not destroyed to its end/);
      assert.match(error.message, /asks for no nodes any more/);
      assert.match(error.message, /`pulumi destroy` again/);
      assert.match(String(error.cause), /no right to terminate i-1/);
      return true;
    });
    assert.deepEqual(done, ['ask-for-none']);
    const first = setUp([worldOf([['InService', EMPTY]])], 'refuse', 'ask-for-none');
    await assert.rejects(first.run, /Nothing has been destroyed/);
  });

  for (const code of ['ExpiredToken', 'InvalidClientTokenId', 'UnauthorizedOperation'])
    it(`gives up at once where AWS says ${code}: no second attempt makes that right`, async () => {
      const { run, done } = setUp([worldOf([['InService', EMPTY]])], 'refuse', 'terminate', code);
      await assert.rejects(run, /not destroyed to its end: a right is missing/);
      assert.deepEqual(done, ['ask-for-none']);
    });

  it('a cut that runs out of time does not say that calls may end by themselves', async () => {
    const { run } = setUp([worldOf([['Terminating:Proceed', BUSY]], { sizes: NONE, retains: false })], 'cut');
    await assert.rejects(run, (error: Error) => {
      assert.match(error.message, /after 20 min 1 machine is still there/);
      assert.match(error.message, /ends each at once, with the calls on it/);
      assert.doesNotMatch(error.message, /last call ends|To insist/);
      return true;
    });
  });

  it('gives up at its deadline with what is left, and how to go on or back', async () => {
    const { run, done } = setUp([
      worldOf([['InService', EMPTY]]),
      worldOf([['Terminating:Wait', BUSY]], { sizes: NONE }),
    ]);
    await assert.rejects(run, (error: Error) => {
      assert.match(error.message, /after 20 min 1 machine is still there/);
      assert.match(error.message, /i-1 \(a, Terminating:Wait\): serving, 2 rooms, 5 people/);
      assert.match(error.message, /`pulumi destroy` again.*`pulumi up --refresh`/);
      return true;
    });
    assert.deepEqual(done, ['ask-for-none', 'terminate i-1']);
  });
});
