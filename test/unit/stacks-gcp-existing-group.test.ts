import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'mocha';
import type { DescribedGroup } from '../../fleet/gcp/described-group.ts';
import { planParting } from '../../providers/gcp/parting-plan.ts';
import type { SweepWorld } from '../../providers/gcp/sweep-plan.ts';
import { groupProblems, groupWarnings } from '../../stacks/gcp/group-rules.ts';
import { settingsReader } from './read-settings.ts';
import { GOOD_GCP, type ProgramRun, runUnderMocks, settingsOf } from './stacks-mocks.ts';
import { fresh } from './support/fleet.ts';
import { type LocalServer, startLocalServer } from './support/local-server.ts';
import { promiseOf, strays } from './support/program-run.ts';

const GROUP = 'their-media';
const ACCOUNT = 'media@my-project.iam.gserviceaccount.com';
const OF_GROUP = { pool: { name: 'media', existingGroup: GROUP }, gcp: { nodeAccount: ACCOUNT } };

describe('settings of an existing group on GCP', () => {
  const { read, errorsOf } = settingsReader(GOOD_GCP);

  it('are a name, and the account of its machines', () => {
    assert.deepEqual(read({ ...OF_GROUP, pool: { ...OF_GROUP.pool, min: 2, max: 9 } }).warnings, []);
  });

  for (const [what, given, key] of [
    [
      'a machine type',
      { ...OF_GROUP, pool: { ...OF_GROUP.pool, machineType: 'n2-standard-4' } },
      'pool.machineType',
    ],
    ['a network', { ...OF_GROUP, network: {} }, 'network'],
    ['a type of disk', { ...OF_GROUP, gcp: { ...OF_GROUP.gcp, diskType: 'pd-ssd' } }, 'gcp.diskType'],
    ['no account', { ...OF_GROUP, gcp: undefined }, 'gcp.nodeAccount'],
    ['an account without a group', { gcp: OF_GROUP.gcp }, 'gcp.nodeAccount'],
  ] as const)
    it(`refuse ${what}`, () => {
      const [first = '', ...others] = errorsOf(given);
      assert.ok(first.startsWith(`ebbtide:${key} is `), first);
      assert.deepEqual(others, []);
    });
});

const CALM: DescribedGroup = {
  name: GROUP,
  description: '',
  baseInstanceName: 'theirs',
  updateType: 'OPPORTUNISTIC',
  redistribution: 'NONE',
  heals: false,
  isStateful: false,
  paginates: true,
  autoscaler: { name: 'their-scaler', mode: 'ONLY_SCALE_OUT' },
};

describe('what of an existing group on GCP must not be', () => {
  const { read } = settingsReader(GOOD_GCP);
  const settings = settingsOf(read(OF_GROUP).settings, 'gcp');
  const problemsOf = (changed: Partial<DescribedGroup>, of = settings) =>
    groupProblems({ ...CALM, ...changed }, of).map(({ says }) => says);

  it('is nothing of a group that ends no machine', () => {
    assert.deepEqual(problemsOf({}), []);
    assert.deepEqual(groupWarnings(CALM), []);
  });

  const bad: [string, Partial<DescribedGroup>, RegExp][] = [
    [
      'another pool',
      { description: 'Nodes of the Ebbtide pool other: the pruner' },
      /that of the pool other already/,
    ],
    ['updates', { updateType: 'PROACTIVE' }, /replaces machines.*--update-policy-type opportunistic/],
    ['redistribution', { redistribution: 'PROACTIVE' }, /deletes them.*--instance-redistribution-type none/],
    ['healing', { heals: true }, /heals machines.*--clear-autohealing/],
    ['state', { isStateful: true }, /it is stateful/],
    [
      'no autoscaler',
      { autoscaler: undefined },
      /no autoscaler.*set-autoscaling their-media .*--mode only-scale-out/,
    ],
  ];
  for (const [what, given, says] of bad)
    it(`is ${what}`, () => {
      const [first = '', ...others] = problemsOf(given);
      assert.match(first, says);
      assert.deepEqual(others, []);
    });

  it('is no autoscaler only where one is needed', () => {
    assert.deepEqual(
      problemsOf({ autoscaler: undefined }, { ...settings, scaling: { ...settings.scaling, kind: 'none' } }),
      [],
    );
  });

  it('is told beforehand where it is changed, or long', () => {
    const says = (changed: Partial<DescribedGroup>) => groupWarnings({ ...CALM, ...changed })[0]?.says ?? '';
    assert.match(says({ autoscaler: { name: 'x', mode: 'ON' } }), /`pulumi up` sets it to ONLY_SCALE_OUT/);
    assert.match(says({ paginates: false }), /more than 500/);
  });
});

describe('the GCP pool of an existing group', () => {
  let server: LocalServer;
  let run: ProgramRun;
  let environment: Record<string, string>;
  let theirs: object | undefined;
  const good = {
    name: GROUP,
    baseInstanceName: 'theirs',
    updatePolicy: { type: 'OPPORTUNISTIC', instanceRedistributionType: 'NONE' },
    status: {
      autoscaler: 'https://www.googleapis.com/compute/v1/projects/p/regions/r/autoscalers/their-scaler',
    },
  };

  before(async () => {
    server = await startLocalServer(({ path }) => {
      if (path.endsWith('/autoscalers/their-scaler'))
        return {
          status: 200,
          body: JSON.stringify({ name: 'their-scaler', autoscalingPolicy: { mode: 'ON' } }),
        };
      if (theirs === undefined) return { status: 404, body: '{"error":{"code":404,"message":"not found"}}' };
      return { status: 200, body: JSON.stringify(theirs) };
    });
    environment = {
      CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: server.url,
      GOOGLE_OAUTH_ACCESS_TOKEN: 'token',
    };
    theirs = good;
    run = await runUnderMocks({ settings: { ...GOOD_GCP, ...OF_GROUP }, environment });
  });
  after(() => server.close());

  it('makes no group, no template, no network and no account of nodes', () => {
    const types = run.resources.map(({ type }) => type);
    for (const own of [
      'RegionInstanceGroupManager',
      'RegionAutoscaler',
      'RegionInstanceTemplate',
      'Firewall',
      'Network',
      'Subnetwork',
    ])
      assert.ok(!types.some((type) => type.endsWith(`:${own}`)), own);
    const accounts = run.resources.filter(({ type }) => type === 'gcp:serviceaccount/account:Account');
    assert.ok(accounts.length > 0 && accounts.every(({ name }) => !name.endsWith('-node')));
    assert.deepEqual(strays(run, 'gcp', 'gcp::gcp.my-project.europe-west1'), []);
  });

  it("borrows the autoscaler's mode, and parts from the group on destroy", () => {
    const { inputs } = run.one('pulumi-nodejs:dynamic/ebbtide:BorrowedGroup');
    assert.deepEqual(JSON.parse(String(inputs.wanted)), { mode: 'ONLY_SCALE_OUT' });
    const { group, autoscaler } = Object(inputs.place);
    assert.deepEqual([group, autoscaler], [GROUP, 'their-scaler']);
    const noted = run.one('pulumi-nodejs:dynamic/ebbtide:NotedGroup').inputs;
    assert.deepEqual([noted.place, noted.wanted], [inputs.place, inputs.wanted]);
    const sweep = run.one('pulumi-nodejs:dynamic/ebbtide:DestroySweep').inputs;
    assert.deepEqual(
      [sweep.code, sweep.group, sweep.autoscaler],
      ['gcp/run-parting.ts', GROUP, 'their-scaler'],
    );
  });

  it('lets the pruner end machines of that group alone, and its nodes do what a node may', () => {
    const conditions = run.resources.flatMap(({ inputs }) => Object(inputs.condition).expression ?? []);
    assert.ok(conditions.some((expression) => expression.includes('startsWith("theirs-")')));
    const grants = run.resources.filter(({ inputs }) => inputs.member === `serviceAccount:${ACCOUNT}`);
    assert.equal(grants.filter(({ type }) => type.endsWith(':BucketIAMMember')).length, 3);
    assert.equal(grants.filter(({ type }) => type.endsWith(':ServiceIamMember')).length, 1);
  });

  it('tells the script, its snippet, and what to add', async () => {
    const { nodeScript, nodeUserData, toAdd } = run.outputs;
    assert.ok(nodeScript && nodeUserData && toAdd);
    execFileSync('bash', ['-n'], { input: await promiseOf(nodeScript) });
    const snippet = await promiseOf(nodeUserData);
    execFileSync('bash', ['-n'], { input: snippet });
    assert.match(snippet, /sha256sum --check/);
    assert.match((await promiseOf(toAdd)).join('\n'), /ebbtide-pool=media/);
  });

  it('is refused at preview where there is none, or where it would cut calls', async () => {
    const preview = () =>
      runUnderMocks({ preview: true, settings: { ...GOOD_GCP, ...OF_GROUP }, environment });
    theirs = undefined;
    await assert.rejects(preview(), /no such regional managed instance group in the project my-project/);
    theirs = { ...good, updatePolicy: { type: 'PROACTIVE' }, autoHealingPolicies: [{}] };
    await assert.rejects(preview(), /3 settings are wrong:[\s\S]*PROACTIVE[\s\S]*redistributes[\s\S]*heals/);
    theirs = good;
  });
});

describe('planning to part from an existing group on GCP', () => {
  const machineOf = (place: SweepWorld['machines'][number]['place']) =>
    ({ node: 'n', machine: '1', zone: 'a', place, state: 'RUNNING' }) as SweepWorld['machines'][number];
  type Decided = boolean | 'unread';
  const rows: [string, Parameters<typeof machineOf>[0], Decided, 'refuse' | 'cut', boolean, string][] = [
    ['one whose decision cannot be read, in the group', 'in-group', 'unread', 'refuse', true, 'refuse'],
    ['insisting, whose decision cannot be read, in the group', 'in-group', 'unread', 'cut', false, 'done'],
    ['a node with calls that serves', 'in-group', false, 'refuse', true, 'stop-scaling'],
    ['one that boots', 'unsettled', false, 'refuse', true, 'stop-scaling'],
    ['nobody is asked for any more', 'in-group', false, 'refuse', false, 'done'],
    ['one with calls out of the group', 'outside', false, 'refuse', true, 'refuse'],
    ['one that is decided, in the group still', 'in-group', true, 'refuse', true, 'refuse'],
    ['one that was stopped a moment ago, out of the group', 'paused', false, 'refuse', true, 'wait'],
    ['one that stays stopped, out of the group', 'stopped', false, 'refuse', true, 'delete'],
    ['insisting, out of the group', 'outside', true, 'cut', true, 'delete'],
    ['insisting, serving', 'in-group', false, 'cut', false, 'done'],
  ];
  for (const [what, place, decided, onDestroy, grows, then] of rows)
    it(`${what}: ${then}`, () => {
      const decision = {
        v: 1,
        id: 'd1',
        node: 'n',
        machine: '1',
        pool: 'media',
        at: new Date(0).toISOString(),
        by: 'pruner',
        cause: 'scale-in',
        intent: 'leave',
        reason: 'x',
      } as const;
      const plan = planParting(
        {
          hasGroup: true,
          grows,
          targetSize: 1,
          machines: [machineOf(place)],
          showsEveryMember: true,
          fleet: {
            nodes: new Map([['n', fresh('n', { machine: '1', work: { rooms: 1, people: 2 } })]]),
            complete: true,
          },
          decisions: {
            decisions: new Map(decided === true ? [['n', { kind: 'decided', decision }]] : []),
            complete: decided !== 'unread',
          },
        },
        { onDestroy, begun: false },
      );
      const told = plan.kind === 'sweep' ? plan.steps.map(({ kind }) => kind).join() || 'wait' : plan.kind;
      assert.equal(told, then);
    });
});
