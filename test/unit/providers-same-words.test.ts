import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Decision } from '../../fleet/decision.ts';
import type { DecisionsReading, FleetReading, NodeReading } from '../../fleet/registry.ts';
import { planParting as partAws } from '../../providers/aws/parting-plan.ts';
import { planSweep as planAws } from '../../providers/aws/sweep-plan.ts';
import { planParting as partAzure } from '../../providers/azure/parting-plan.ts';
import { planSweep as planAzure } from '../../providers/azure/sweep-plan.ts';
import { decisionToDestroy } from '../../providers/decision-to-destroy.ts';
import { planSweep as planOcean } from '../../providers/digitalocean/sweep-plan.ts';
import { planParting as partGcp } from '../../providers/gcp/parting-plan.ts';
import { planSweep as planGcp } from '../../providers/gcp/sweep-plan.ts';
import { sweepPool } from '../../providers/sweep-loop.ts';
import type { SweepPlan, SweepRules } from '../../providers/sweep-plan.ts';
import { ago, fresh, NOW } from './support/fleet.ts';

const NODE = 'n-1';
const MACHINE = '701';
const DECISION: Decision = {
  ...decisionToDestroy({ node: NODE, machine: MACHINE }, 'media', NOW),
  id: 'D-1',
};

type Reading = Parameters<typeof fresh>[1] | Exclude<NodeReading, { kind: 'fresh' }>;

/** Where a machine is, in the words of all clouds. */
type Where = 'serves' | 'leaves' | 'kept' | 'off';

interface State {
  where: Where;
  says: Reading;
  /** How long ago it said so. */
  ageMs?: number;
  protected?: boolean;
}

interface Known {
  fleet: FleetReading;
  decisions: DecisionsReading;
}

interface Cloud {
  /** What this cloud calls it; undefined where it has no such thing. */
  plan(state: State, known: Known, rules: SweepRules): SweepPlan<unknown> | undefined;
  /** Where the group is the operator's own, and stays. */
  part?: Cloud['plan'];
}

const AWS_STATES = {
  serves: 'InService',
  leaves: 'Terminating:Wait',
  kept: 'Terminating:Retained',
  off: undefined,
} as const;

function azureInstance({ where, protected: isProtected = false }: State) {
  return {
    ...{ node: NODE, instanceId: '1', machine: MACHINE, zone: 'a', state: 'x', deleting: false },
    stopped: where === 'off',
    protected: isProtected,
  };
}

function gcpMachine({ where, protected: isProtected = false }: State) {
  const instance = {
    ...{ name: NODE, id: MACHINE, zone: 'a', status: 'RUNNING', labels: {}, labelFingerprint: 'f' },
    listedAt: NOW,
  };
  const place = ({ serves: 'in-group', leaves: 'outside', kept: 'outside', off: 'stopped' } as const)[where];
  return {
    ...{ node: NODE, machine: MACHINE, zone: 'a', place, state: 'x', mark: undefined, instance },
    protected: isProtected,
  };
}

const isDecided = (where: Where) => where === 'leaves' || where === 'kept';

const GCP_GROUP = { hasGroup: true, grows: true, targetSize: 1, showsEveryMember: true };

const CLOUDS: Record<string, Cloud> = {
  aws: {
    plan({ where }, { fleet }, rules) {
      const lifecycleState = AWS_STATES[where];
      // A machine that is off AWS ends by itself.
      if (lifecycleState === undefined) return undefined;
      const machines = [{ node: NODE, zone: 'a', lifecycleState }];
      return planAws(
        { group: { sizes: { min: 1, max: 3, desired: 1 }, retains: true, machines }, fleet },
        rules,
      );
    },
    part({ where }, { fleet }, rules) {
      const lifecycleState = AWS_STATES[where];
      if (lifecycleState === undefined) return undefined;
      const machines = [{ node: NODE, zone: 'a', lifecycleState }];
      return partAws({ group: { machines, suspended: [] }, fleet }, 'Terminate', rules);
    },
  },
  azure: {
    plan: (state, known, rules) =>
      planAzure({ hasSet: true, grows: true, instances: [azureInstance(state)], ...known }, rules),
    part: (state, known, rules) =>
      partAzure({ hasSet: true, held: false, instances: [azureInstance(state)], ...known }, rules),
  },
  digitalocean: {
    plan({ where, protected: isProtected = false }, known, rules) {
      const tags = [
        'ebbtide-media',
        ...(isDecided(where) ? ['ebbtide-media-draining', 'ebbtide-decision:D-1'] : []),
        ...(isProtected ? ['ebbtide-protected'] : []),
      ];
      const droplet = {
        id: Number(MACHINE),
        name: NODE,
        status: where === 'off' ? 'off' : 'active',
        created_at: ago(3600),
        region: { slug: 'a' },
        tags,
      };
      // The orchestrator is shut in a first step of its own.
      return planOcean(
        { orchestrator: { kind: 'shut', runsMs: 60_000 }, shutForMs: 0, droplets: [droplet], ...known },
        rules,
      );
    },
  },
  gcp: {
    plan: (state, known, rules) => planGcp({ ...GCP_GROUP, machines: [gcpMachine(state)], ...known }, rules),
    part: (state, known, rules) => partGcp({ ...GCP_GROUP, machines: [gcpMachine(state)], ...known }, rules),
  },
};

function knownOf({ where, says, ageMs = 5_000 }: State): Known {
  const reading: NodeReading =
    says !== undefined && 'kind' in says
      ? says
      : fresh(NODE, {
          machine: MACHINE,
          ...(isDecided(where) ? { decision: DECISION } : {}),
          ...says,
        });
  const signed = reading.kind === 'fresh' ? { ...reading, ageMs, signature: 'right' as const } : reading;
  const decided = isDecided(where) ? [[NODE, { kind: 'decided', decision: DECISION }] as const] : [];
  return {
    fleet: { nodes: new Map([[NODE, signed]]), complete: true },
    decisions: { decisions: new Map(decided), complete: true },
  };
}

/** What becomes of the one machine: it keeps all from being destroyed, is waited for, asked to drain, or ended. */
function fateOf(plan: SweepPlan<unknown>): string {
  if (plan.kind !== 'sweep') return plan.kind;
  const kinds = (plan.steps as { kind: string }[]).map(({ kind }) => kind);
  if (kinds.some((kind) => ['delete', 'complete'].includes(kind))) return 'end';
  // On GCP a group is emptied at once; on AWS whoever is asked to go is drained by its agent first.
  if (kinds.some((kind) => ['decide', 'abandon', 'terminate', 'empty-group'].includes(kind))) return 'ask';
  return 'wait';
}

const STALE: NodeReading = { kind: 'stale', ageMs: 90_000 };
const CALL = { rooms: 1, people: 2 };
const REFUSE = { onDestroy: 'refuse', begun: false } as const;
const LATER = { onDestroy: 'refuse', begun: true } as const;

const MATRIX: [what: string, state: State, first: string, later: string][] = [
  ['serves, with a call on', { where: 'serves', says: { work: CALL } }, 'refuse', 'wait'],
  ['serves, with nobody on it', { where: 'serves', says: {} }, 'ask', 'ask'],
  ['serves, and does not know its work', { where: 'serves', says: { work: null } }, 'refuse', 'wait'],
  ['is silent', { where: 'serves', says: STALE }, 'refuse', 'wait'],
  ['never spoke', { where: 'serves', says: { kind: 'missing' } }, 'refuse', 'wait'],
  [
    'cannot be read',
    { where: 'serves', says: { kind: 'unreadable', reason: 'AccessDenied' } },
    'refuse',
    'wait',
  ],
  ['drains, with a call on', { where: 'leaves', says: { phase: 'draining', work: CALL } }, 'refuse', 'wait'],
  [
    'drains, with a recording on',
    { where: 'leaves', says: { phase: 'draining', work: { egress: 1 } } },
    'refuse',
    'wait',
  ],
  ['drains, with nobody on it', { where: 'leaves', says: { phase: 'draining' } }, 'wait', 'wait'],
  ['has drained', { where: 'leaves', says: { phase: 'empty' } }, 'end', 'end'],
  [
    'had drained, but may have booted since',
    { where: 'leaves', says: { phase: 'empty' }, ageMs: 13_000 },
    'wait',
    'wait',
  ],
  ['drains, and has fallen silent', { where: 'leaves', says: STALE }, 'refuse', 'wait'],
  ['was kept, with a call on', { where: 'kept', says: { phase: 'draining', work: CALL } }, 'refuse', 'wait'],
  ['was kept, and is silent', { where: 'kept', says: STALE }, 'refuse', 'wait'],
  ['was kept, and has drained', { where: 'kept', says: { phase: 'empty' } }, 'end', 'end'],
  [
    'is protected, with a call on',
    { where: 'serves', protected: true, says: { protected: true, work: CALL } },
    'refuse',
    'wait',
  ],
  [
    'is protected, with nobody on it',
    { where: 'serves', protected: true, says: { protected: true } },
    'ask',
    'ask',
  ],
  ['is off', { where: 'off', says: STALE }, 'end', 'end'],
];

/** On AWS a retained machine is asked anew, by a hook of its own; its agent answers that. */
const expected = (cloud: string, { where }: State, fate: string) =>
  cloud === 'aws' && where === 'kept' && fate === 'end' ? 'ask' : fate;

async function wordsOf(
  plan: Cloud['plan'],
  state: State,
  onDestroy: 'refuse' | 'cut',
  isExisting = false,
): Promise<string[]> {
  const told: string[] = [];
  let now = NOW;
  const pool = { pool: 'media', group: 'GROUP', region: 'REGION', drainFirst: ['DRAIN FIRST'], isExisting };
  await sweepPool<State, unknown>({
    pool,
    onDestroy,
    read: async () => state,
    plan: (seen, rules) => {
      const planned = plan(seen, knownOf(seen), rules);
      assert.ok(planned);
      return planned;
    },
    carryOut: async () => undefined,
    isOfWhole: () => false,
    isHopeless: () => false,
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    say: (text) => told.push(text),
    deadlineMs: 20 * 60_000,
  }).catch((error: Error) => told.push(error.message));
  // How a cloud calls a machine's state is its own.
  return told.map((text) => text.replace(/\(a, [^)]*\)/g, '(a, STATE)'));
}

describe('a pool is destroyed by the same rules and with the same words on every cloud', () => {
  for (const [what, state, first, later] of MATRIX) {
    for (const [name, cloud] of Object.entries(CLOUDS)) {
      const known = knownOf(state);
      if (cloud.plan(state, known, REFUSE) === undefined) continue;
      it(`${name}: a machine that ${what}: ${first}; where the destroy has begun: ${later}; cut: it goes`, () => {
        const fates = [REFUSE, LATER].map((rules) =>
          fateOf(cloud.plan(state, known, rules) ?? { kind: 'done' }),
        );
        assert.deepEqual(fates, [expected(name, state, first), expected(name, state, later)]);
        const cut = fateOf(cloud.plan(state, known, { onDestroy: 'cut', begun: false }) ?? { kind: 'done' });
        assert.match(cut, /^(end|ask)$/);
      });
    }

    for (const onDestroy of ['refuse', 'cut'] as const) {
      it(`${onDestroy}: of one that ${what} all say the same`, async () => {
        const clouds = Object.values(CLOUDS).filter((cloud) => cloud.plan(state, knownOf(state), REFUSE));
        const [one, ...others] = await Promise.all(clouds.map(({ plan }) => wordsOf(plan, state, onDestroy)));
        assert.ok(one !== undefined && one.length > 0 && others.length >= 2);
        for (const other of others) assert.deepEqual(other, one);
      });
    }
  }

  for (const name of ['azure', 'digitalocean', 'gcp']) {
    it(`${name}: one that is empty for another reason, and may serve again, is not deleted for that`, () => {
      const state: State = {
        where: 'leaves',
        says: { phase: 'empty', decision: { ...DECISION, id: 'D-2' } },
      };
      for (const rules of [REFUSE, LATER])
        assert.equal(fateOf(CLOUDS[name]?.plan(state, knownOf(state), rules) ?? { kind: 'done' }), 'wait');
    });
  }

  it('says of one that drains for how long, and how to insist', async () => {
    const state: State = { where: 'leaves', says: { phase: 'draining', since: ago(12 * 60), work: CALL } };
    const [text = ''] = await wordsOf((CLOUDS.aws as Cloud).plan, state, 'refuse');
    assert.match(text, /n-1 \(a, STATE\): draining, 1 rooms, 2 people, for 12 min\n/);
    assert.match(text, /Nothing has been destroyed/);
    assert.match(
      text,
      /Or the same by `fleet`:\n {2}.* remove --all --to-zero --yes --wait\nTo insist, and cut the calls that are on:\n {2}pulumi config set ebbtide:onDestroy cut/,
    );
  });

  it('says each minute whom it waits for, and for how long at most', async () => {
    const state: State = { where: 'leaves', says: { phase: 'draining', since: ago(60) } };
    const told = await wordsOf((CLOUDS.gcp as Cloud).plan, state, 'refuse');
    assert.match(
      told[0] ?? '',
      /^the pool media is being destroyed: 1 machine is still there\. .* for 1\d min at most\./,
    );
    assert.match(told[0] ?? '', /\n {2}n-1 \(a, STATE\): draining, 0 rooms, 0 people, for \d+ (s|min)$/);
    assert.ok(told.length > 15, `${told.length} times in 20 min`);
    assert.match(told.at(-1) ?? '', /not destroyed to its end: after 20 min 1 machine is still there/);
  });
});

describe("one parts from an operator's own group by the same rules and with the same words on every cloud", () => {
  const PARTINGS = Object.entries(CLOUDS).flatMap(([name, { part }]) =>
    part === undefined ? [] : [[name, part] as const],
  );

  for (const [what, state, first, later] of MATRIX.filter(([, { where }]) => isDecided(where))) {
    for (const [name, part] of PARTINGS)
      it(`${name}: from one that ${what}: ${first}; where the destroy has begun: ${later}; cut: it goes`, () => {
        const fate = (rules: SweepRules) => fateOf(part(state, knownOf(state), rules) ?? { kind: 'done' });
        assert.deepEqual(
          [REFUSE, LATER].map(fate),
          [first, later].map((each) => expected(name, state, each)),
        );
        assert.match(fate({ onDestroy: 'cut', begun: false }), /^(end|ask)$/);
      });

    for (const onDestroy of ['refuse', 'cut'] as const)
      it(`${onDestroy}: from one that ${what} all say the same`, async () => {
        const [one, ...others] = await Promise.all(
          PARTINGS.map(([, part]) => wordsOf(part, state, onDestroy, true)),
        );
        assert.ok(one !== undefined && one.length > 0 && others.length === 2);
        for (const other of others) assert.deepEqual(other, one);
      });
  }

  for (const [what, state] of MATRIX.filter(([, { where }]) => where === 'serves'))
    for (const [name, part] of PARTINGS)
      it(`${name}: whoever ${what} is nobody's business, even where one insists`, () => {
        for (const onDestroy of ['refuse', 'cut'] as const) {
          const plan = part(state, knownOf(state), { onDestroy, begun: false });
          assert.ok(plan?.kind === 'sweep', plan?.kind);
          assert.equal(fateOf(plan), 'wait');
          assert.deepEqual(plan.waitsFor, []);
        }
      });
});
