import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'mocha';
import type { DescribedGroup } from '../../fleet/aws/described-group.ts';
import { groupProblems, groupWarnings } from '../../stacks/aws/group-rules.ts';
import { awsNames } from '../../stacks/aws/names.ts';
import { pool, settingsReader } from './read-settings.ts';
import { GOOD, type ProgramRun, runUnderMocks, settingsOf } from './stacks-mocks.ts';
import { type LocalServer, startLocalServer } from './support/local-server.ts';
import { promiseOf, strays } from './support/program-run.ts';

const GROUP = 'openvidu-media';
const OF_GROUP = {
  pool: { name: 'media', existingGroup: GROUP },
  aws: { nodeRole: 'openvidu-media-role' },
};
const ROLE_ARN =
  'arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling';

describe('settings of an existing group on AWS', () => {
  const { read, errorsOf } = settingsReader(GOOD);

  it('are a name, and the role of its machines', () => {
    const { settings, warnings } = read(OF_GROUP);
    assert.equal(settings.pool.existingGroup, GROUP);
    assert.deepEqual(warnings, []);
  });

  const ofNoUse = (key: string) => [
    `ebbtide:${key} is of no use with ebbtide:pool.existingGroup: it is the group's own ("${GROUP}"); leave it out`,
  ];
  const wrong: [string, Record<string, unknown>, string[]][] = [
    ...(
      [
        ['min', 0],
        ['max', 7],
        ['initial', 1],
        ['machineType', 'c6i.large'],
        ['image', 'ami-0123456789abcdef0'],
        ['diskGb', 30],
        ['zones', ['eu-west-1a']],
      ] as const
    ).map(([name, value]): [string, Record<string, unknown>, string[]] => [
      `pool.${name}`,
      { ...OF_GROUP, pool: { ...OF_GROUP.pool, [name]: value } },
      ofNoUse(`pool.${name}`),
    ]),
    ['a network', { ...OF_GROUP, network: { healthFrom: ['10.0.0.0/8'] } }, ofNoUse('network')],
    [
      'scaling of ours',
      { ...OF_GROUP, scaling: { kind: 'cpu', target: 60 } },
      [...ofNoUse('scaling.kind'), ...ofNoUse('scaling.target')],
    ],
    [
      'no role',
      { ...OF_GROUP, aws: undefined },
      [
        "ebbtide:aws.nodeRole is missing: with ebbtide:pool.existingGroup it must name the role of the group's machines (that of " +
          'the instance profile in its launch template), which gets the few rights of a node in addition',
      ],
    ],
    [
      'a role without a group',
      { aws: OF_GROUP.aws },
      ['ebbtide:aws.nodeRole is of use with ebbtide:pool.existingGroup alone: leave it out'],
    ],
    [
      'half of a script',
      { ...OF_GROUP, media: { setup: { sha256: 'a'.repeat(64), unit: 'livekit.service' } } },
      [
        'ebbtide:media.setup.file is missing: must be given, as file and sha256 of the script that sets LiveKit up; or leave out ' +
          'both, where the machines of ebbtide:pool.existingGroup bring it',
      ],
    ],
    [
      'no script, in a group that is made',
      { media: { setup: { unit: 'livekit.service' } } },
      ['file', 'sha256'].map(
        (name) =>
          `ebbtide:media.setup.${name} is missing: must be given, as file and sha256 of the script that sets LiveKit up`,
      ),
    ],
    [
      'a config for a server that has its own',
      { ...OF_GROUP, media: { setup: { container: 'livekit' }, config: 'port: 7880' } },
      [
        'ebbtide:media.config is of no use where ebbtide:media.setup has no file: LiveKit has its own config there; leave it out',
      ],
    ],
    [
      'a name that is none',
      { ...OF_GROUP, ...pool({ existingGroup: 'arn:aws:x' }) },
      [
        'ebbtide:pool.existingGroup is "arn:aws:x": must be the name of an Auto Scaling group, such as "media-nodes"',
      ],
    ],
  ];
  for (const [what, given, errors] of wrong)
    it(`refuse ${what}`, () => assert.deepEqual(errorsOf(given), errors));

  it('take the image of the group for one that may have the software', () => {
    assert.deepEqual(
      errorsOf({ ...OF_GROUP, ...pool({ existingGroup: GROUP, imageHasSoftware: true }) }),
      [],
    );
  });

  for (const media of [
    { setup: { unit: 'livekit.service' } },
    { setup: { container: 'livekit' } },
    { kind: 'openvidu', ingress: { metricsPort: 9091 } },
  ])
    it(`take a media server that the machines bring: ${JSON.stringify(media)}`, () => {
      const { warnings } = read({ ...OF_GROUP, media, mediaSecrets: undefined });
      assert.deepEqual(warnings, []);
    });
});

const CALM: DescribedGroup = {
  name: GROUP,
  isEnding: false,
  desired: 2,
  inService: 2,
  sizes: { min: 2, max: 6 },
  serviceLinkedRoleArn: ROLE_ARN,
  terminationPolicies: ['OldestInstance', 'Default'],
  retains: false,
  suspended: [],
  metrics: [],
  healthCheckType: 'EC2',
  maxInstanceLifetime: 0,
  protectsNewMachines: false,
  protectedMachines: [],
  rebalances: false,
  hasWarmPool: false,
  hasSpot: false,
  tags: { owner: 'av' },
  hooks: [{ name: 'ready', isTerminating: false }],
};

describe('what of an existing group on AWS must not be', () => {
  const settings = settingsOf(settingsReader(GOOD).read(OF_GROUP).settings, 'aws');
  const names = awsNames('media', 'eu-west-1', GROUP);
  const problemsOf = (changed: Partial<DescribedGroup>, of = settings) =>
    groupProblems({ ...CALM, ...changed }, of, names).map(({ key, says }) => `${key} ${says}`);

  it('is nothing of a group that keeps machines until it is told', () =>
    assert.deepEqual(problemsOf({}), []));

  const other = 'arn:aws:lambda:eu-west-1:123456789012:function:their-policy';
  const bad: [string, Partial<DescribedGroup>, RegExp][] = [
    ['its end', { isEnding: true }, /AWS is deleting it/],
    ["another pool's tag", { tags: { 'ebbtide:pool': 'other' } }, /it is that of the pool other already/],
    ['no role', { serviceLinkedRoleArn: undefined }, /ServiceLinkedRoleARN/],
    [
      "somebody else's policy",
      { terminationPolicies: [other] },
      /their-policy\), and a group has one only.*update-auto-scaling-group --region eu-west-1 --auto-scaling-group-name openvidu-media --termination-policies Default/,
    ],
    [
      'another terminate hook',
      { hooks: [{ name: 'stop-media', isTerminating: true }] },
      /terminate hook stop-media .*delete-lifecycle-hook .*--lifecycle-hook-name stop-media.*ebbtide:aws.keepHooks/,
    ],
    ['a warm pool', { hasWarmPool: true }, /warm pool.*delete-warm-pool/],
  ];
  for (const [what, given, says] of bad)
    it(`is ${what}`, () => {
      const [first = '', ...others] = problemsOf(given);
      assert.match(first, says);
      assert.match(first, /^pool\.existingGroup is "openvidu-media": /);
      assert.deepEqual(others, []);
    });

  it('are not its own function and hook, of an earlier run', () => {
    const own = 'arn:aws:lambda:eu-west-1:123456789012:function:ebbtide-media-termination-policy';
    const hooks = [{ name: 'ebbtide-media-terminate', isTerminating: true }];
    assert.deepEqual(problemsOf({ terminationPolicies: [own, 'Default'], hooks }), []);
  });

  it('is no function where AWS is to choose, and no hook that is kept', () => {
    const native = { ...settings, scaleIn: { ...settings.scaleIn, victim: 'native' as const } };
    assert.deepEqual(problemsOf({ terminationPolicies: [other] }, native), []);
    const keeping = { ...settings, aws: { ...settings.aws, keepHooks: ['write-logs'] } };
    assert.deepEqual(problemsOf({ hooks: [{ name: 'write-logs', isTerminating: true }] }, keeping), []);
  });

  const worth: [string, Partial<DescribedGroup>, RegExp][] = [
    [
      'suspended',
      { suspended: ['Terminate', 'AZRebalance'] },
      /its processes Terminate are suspended, so that it does not shrink/,
    ],
    ['spot', { hasSpot: true }, /spot instances.*cut by AWS/],
    ['health', { healthCheckType: 'ELB' }, /health checks are of ELB/],
    ['rebalance', { rebalances: true }, /CapacityRebalance/],
    ['lifetime', { maxInstanceLifetime: 7 * 86_400 }, /after 7 d \(MaxInstanceLifetime\)/],
    ['new ones protected', { protectsNewMachines: true }, /new machines are protected from scale-in/],
    ['some protected', { protectedMachines: ['i-1', 'i-2'] }, /i-1, i-2 are protected from scale-in/],
  ];
  for (const [what, given, says] of worth)
    it(`warns: ${what}`, () => {
      assert.deepEqual(problemsOf(given), []);
      const [first, ...others] = groupWarnings({ ...CALM, ...given });
      assert.match(first?.says ?? '', says);
      assert.deepEqual(others, []);
    });
});

function described(members = '', hooks = ''): (action: string | null) => string {
  const meta = '<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>';
  return (action) =>
    action === 'DescribeLifecycleHooks'
      ? `<DescribeLifecycleHooksResponse><DescribeLifecycleHooksResult><LifecycleHooks>${hooks}</LifecycleHooks></DescribeLifecycleHooksResult>${meta}</DescribeLifecycleHooksResponse>`
      : `<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups>${members}</AutoScalingGroups></DescribeAutoScalingGroupsResult>${meta}</DescribeAutoScalingGroupsResponse>`;
}

const THEIRS = `<member><AutoScalingGroupName>${GROUP}</AutoScalingGroupName><MinSize>2</MinSize><MaxSize>6</MaxSize>
<DesiredCapacity>3</DesiredCapacity><HealthCheckType>EC2</HealthCheckType><ServiceLinkedRoleARN>${ROLE_ARN}</ServiceLinkedRoleARN>
<TerminationPolicies><member>Default</member></TerminationPolicies><Tags/></member>`;

describe('the AWS pool of an existing group', () => {
  let server: LocalServer;
  let answer = described(THEIRS);
  let environment: Record<string, string>;
  const keys = { AWS_ACCESS_KEY_ID: 'AKIA1', AWS_SECRET_ACCESS_KEY: 's' };
  let run: ProgramRun;

  before(async () => {
    server = await startLocalServer(({ body }) => ({
      status: 200,
      body: answer(new URLSearchParams(body).get('Action')),
    }));
    environment = { AWS_ENDPOINT_URL: server.url };
    // The SDK that finds credentials reads the process's own.
    Object.assign(process.env, keys);
    run = await runUnderMocks({ settings: OF_GROUP, environment });
  });
  after(async () => {
    for (const key of Object.keys(keys)) delete process.env[key];
    await server?.close();
  });

  it('makes only what Ebbtide adds', () => {
    const types = new Set(run.resources.filter(({ custom }) => custom).map(({ type }) => type));
    assert.deepEqual([...types].sort(), [
      'aws:autoscaling/lifecycleHook:LifecycleHook',
      'aws:cloudwatch/eventRule:EventRule',
      'aws:cloudwatch/eventTarget:EventTarget',
      'aws:cloudwatch/logGroup:LogGroup',
      'aws:cloudwatch/logMetricFilter:LogMetricFilter',
      'aws:cloudwatch/metricAlarm:MetricAlarm',
      'aws:iam/role:Role',
      'aws:iam/rolePolicy:RolePolicy',
      'aws:lambda/function:Function',
      'aws:lambda/permission:Permission',
      'aws:s3/bucket:Bucket',
      'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration',
      'aws:s3/bucketObjectv2:BucketObjectv2',
      'aws:s3/bucketPolicy:BucketPolicy',
      'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock',
      'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
      'aws:ssm/parameter:Parameter',
      'pulumi-nodejs:dynamic/ebbtide:BorrowedGroup',
      'pulumi-nodejs:dynamic/ebbtide:DestroySweep',
      'pulumi-nodejs:dynamic/ebbtide:NotedGroup',
      'pulumi:providers:aws',
    ]);
    assert.deepEqual(strays(run, 'aws', 'aws::aws'), []);
    const roles = run.resources.filter(({ type }) => type === 'aws:iam/role:Role').map(({ name }) => name);
    assert.deepEqual(roles.sort(), ['media-termination-policy-role', 'media-watcher-role']);
  });

  it("names the group in its functions' rights, and the group's own role as the one who may ask", () => {
    const policies = run.resources.filter(({ type }) => type === 'aws:iam/rolePolicy:RolePolicy');
    const groups = policies.flatMap(({ inputs }) =>
      [...String(inputs.policy).matchAll(/autoScalingGroupName\/([\w-]+)/g)].map(([, name]) => name),
    );
    assert.deepEqual(groups, [GROUP, GROUP]);
    const permission = run.one('aws:lambda/permission:Permission', 'media-termination-policy-permission');
    assert.equal(permission.inputs.principal, ROLE_ARN);
  });

  it("gives the group's machines a node's rights, and nothing else to them", () => {
    const { inputs } = run.one('aws:iam/rolePolicy:RolePolicy', 'media-node-rights');
    assert.equal(inputs.role, 'openvidu-media-role');
    const { Statement } = JSON.parse(String(inputs.policy));
    assert.deepEqual(
      Statement.map(({ Sid }: { Sid: string }) => Sid),
      [
        'LifecycleOfOwnGroup',
        'WriteOwnStatus',
        'ReadDecisionsAndSoftware',
        'TellMissingDecisions',
        'ReadOwnParameters',
      ],
    );
  });

  it('adds the terminate hook, and none to machines that come: they may know nothing of Ebbtide', () => {
    const hook = run.one('aws:autoscaling/lifecycleHook:LifecycleHook');
    assert.equal(hook.inputs.lifecycleTransition, 'autoscaling:EC2_INSTANCE_TERMINATING');
    assert.equal(hook.inputs.autoscalingGroupName, GROUP);
    assert.equal(hook.inputs.defaultResult, 'ABANDON');
  });

  it('borrows the rules of the group', () => {
    const { inputs } = run.one('pulumi-nodejs:dynamic/ebbtide:BorrowedGroup');
    const wanted = JSON.parse(String(inputs.wanted));
    assert.deepEqual(wanted.terminationPolicies, ['arn:of:media-termination-policy', 'Default']);
    assert.ok(wanted.metrics.includes('GroupTerminatingRetainedInstances'));
    assert.equal(wanted.function, 'ebbtide-media-termination-policy');
    assert.equal(Object(inputs.place).group, GROUP);
    const noted = run.one('pulumi-nodejs:dynamic/ebbtide:NotedGroup').inputs;
    assert.deepEqual([noted.place, noted.wanted], [inputs.place, inputs.wanted]);
    assert.equal(run.one('pulumi-nodejs:dynamic/ebbtide:DestroySweep').inputs.code, 'aws/run-parting.ts');
  });

  it('has the sizes of the group, and its own name for the alarms', async () => {
    const address = await promiseOf(run.outputs.address);
    assert.deepEqual([address.rules.min, address.rules.max], [2, 6]);
    assert.equal(address.cloud === 'aws' && address.group, GROUP);
    const alarms = run.resources.filter(({ type }) => type.endsWith(':MetricAlarm'));
    assert.ok(alarms.every(({ inputs }) => String(inputs.name).startsWith('ebbtide-media-')));
  });

  describe('tells', () => {
    it('the script that makes a node of a machine, without a hook that holds up its birth', async () => {
      assert.ok(run.outputs.nodeScript);
      const script = await promiseOf(run.outputs.nodeScript);
      execFileSync('bash', ['-n'], { input: script });
      const agent = await fileIn(script, '/etc/ebbtide/templates/agent.json');
      assert.equal(agent.cloud.group, GROUP);
      assert.equal(agent.cloud.launchHook, undefined);
      assert.equal(agent.registry.statusName, 'AROATHEIRS:{{instanceId}}');
      assert.equal(agent.software.template, await promiseOf(run.outputs.template));
    });

    it('the same for user-data, pinned by its sum', async () => {
      assert.ok(run.outputs.nodeUserData);
      const snippet = await promiseOf(run.outputs.nodeUserData);
      execFileSync('bash', ['-n'], { input: snippet });
      const stored = run.one('aws:s3/bucketObjectv2:BucketObjectv2', 'media-node-script').inputs;
      assert.ok(snippet.includes(String(stored.key)));
      assert.ok(Buffer.byteLength(snippet) < 3 * 1024, 'leaves room for what is there');
    });

    it('no network and no firewall, which are not its own', () => {
      assert.equal(run.outputs.network, undefined);
      assert.equal(run.outputs.securityGroup, undefined);
    });
  });

  const refused: [string, (action: string | null) => string, RegExp][] = [
    ['there is none', described(), /there is no such Auto Scaling group in eu-west-1/],
    ['it cannot be read', () => '<nothing/>', /cannot be read in eu-west-1, and nothing is done/],
    [
      'it has two troubles, told at once',
      described(
        THEIRS.replace('<Tags/>', '<Status>Delete in progress</Status>'),
        '<member><LifecycleHookName>stop</LifecycleHookName><LifecycleTransition>autoscaling:EC2_INSTANCE_TERMINATING</LifecycleTransition></member>',
      ),
      /2 settings are wrong:[\s\S]*deleting it[\s\S]*terminate hook stop/,
    ],
  ];
  for (const [what, given, says] of refused)
    it(`is refused at preview where ${what}`, async () => {
      answer = given;
      await assert.rejects(runUnderMocks({ preview: true, settings: OF_GROUP, environment }), says);
      answer = described(THEIRS);
    });
});

async function fileIn(script: string, path: string) {
  const { gunzipSync } = await import('node:zlib');
  const [, lines = ''] =
    new RegExp(`place ${path} <<'END_OF_FILE'\n([\\s\\S]*?)END_OF_FILE`).exec(script) ?? [];
  return JSON.parse(gunzipSync(Buffer.from(lines, 'base64')).toString().replace('{{agentPort}}', '9876'));
}
