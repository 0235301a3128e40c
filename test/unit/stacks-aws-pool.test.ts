import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Provider } from '@pulumi/aws/provider.js';
import type * as pulumi from '@pulumi/pulumi';
import * as v from 'valibot';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { createRealClock } from '../../fleet/clock.ts';
import { poolAddressSchema } from '../../fleet/pool-address.ts';
import { POOL_METRICS } from '../../fleet/pool-metrics.ts';
import { answerGroup } from '../../functions/aws/termination-policy/answer.ts';
import { createLog } from '../../functions/log.ts';
import { isArm } from '../../stacks/aws/launch-template.ts';
import { awsNames } from '../../stacks/aws/names.ts';
import { subnetRange } from '../../stacks/aws/network.ts';
import { AwsPool } from '../../stacks/aws/pool.ts';
import { repositoryRoot, sha256Of } from '../../stacks/bundle.ts';
import { readSettings } from '../../stacks/settings.ts';
import { createSettingsFiles } from '../../stacks/settings-files.ts';
import { softwareOf } from '../../stacks/software.ts';
import {
  configValues,
  GOOD,
  optionsOfResources,
  type ProgramRun,
  runUnderMocks,
  settingsOf,
} from './stacks-mocks.ts';
import { createMemoryStore } from './support/memory-store.ts';
import { namesIn, promiseOf, strays, toldBy } from './support/program-run.ts';

const ROLE_POLICY = 'aws:iam/rolePolicy:RolePolicy';
const GROUP = 'aws:autoscaling/group:Group';
const SWEEP = 'pulumi-nodejs:dynamic/ebbtide:DestroySweep';
const TEMPLATE = 'aws:ec2/launchTemplate:LaunchTemplate';
const LAMBDA = 'aws:lambda/function:Function';
const BUCKET = 'arn:aws:s3:::ebbtide-media-1234';
const GROUP_ARN =
  'arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/ebbtide-media';

function statementsOf(run: ProgramRun, name: string): unknown {
  return JSON.parse(String(run.one(ROLE_POLICY, name).inputs.policy)).Statement;
}

const allow = (Sid: string, Action: string[], Resource: string[], Condition?: unknown) => ({
  Effect: 'Allow',
  Sid,
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});

const REGISTRY_RIGHTS = [
  allow('ListRegistry', ['s3:ListBucket'], [BUCKET], {
    StringLikeIfExists: { 's3:prefix': ['statuses/*', 'decisions/*', 'memory/*'] },
  }),
  allow(
    'ReadRegistry',
    ['s3:GetObject'],
    [`${BUCKET}/statuses/*`, `${BUCKET}/decisions/*`, `${BUCKET}/memory/*`],
  ),
  allow('WriteDecisionsAndMemory', ['s3:PutObject'], [`${BUCKET}/decisions/*`, `${BUCKET}/memory/*`]),
];
const writeLog = (log: string) =>
  allow('WriteOwnLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [`arn:of:${log}:*`]);

describe('the AWS pool', () => {
  let run: ProgramRun;
  before(async () => {
    run = await runUnderMocks();
  });

  it('makes everything with the one explicit provider', () => {
    const provider = run.one('pulumi:providers:aws');
    assert.equal(provider.inputs.region, 'eu-west-1');
    assert.deepEqual(JSON.parse(String(provider.inputs.defaultTags)), { tags: { 'ebbtide:pool': 'media' } });
    assert.deepEqual(strays(run, 'aws', 'aws::aws'), []);
  });

  it('registers the same at preview, when nothing is known yet', async () => {
    const preview = await runUnderMocks({ preview: true });
    assert.deepEqual(namesIn(preview), namesIn(run));
  });

  it('tells where its things are', async () => {
    const { address, ...told } = await toldBy(run);
    const known = v.parse(poolAddressSchema, address);
    assert.equal(known.cloud, 'aws');
    assert.equal(known.template, told.template);
    assert.match(String(told.template), /^[0-9a-f]{12}$/);
    assert.deepEqual(told, {
      template: told.template,
      cloud: 'aws',
      pool: 'media',
      group: 'ebbtide-media',
      registry: 'ebbtide-media-1234',
      network: 'media-network-id',
      securityGroup: 'media-network-firewall-id',
      metrics: 'Ebbtide/media',
    });
  });

  describe('rights', () => {
    it("of a node: its own group's hooks, its own status, decisions, software and its own parameters", () => {
      assert.deepEqual(statementsOf(run, 'media-node-rights'), [
        allow(
          'LifecycleOfOwnGroup',
          ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'],
          [GROUP_ARN],
        ),
        allow('WriteOwnStatus', ['s3:PutObject'], [`${BUCKET}/statuses/\u0024{aws:userid}.json`]),
        allow(
          'ReadDecisionsAndSoftware',
          ['s3:GetObject'],
          [`${BUCKET}/decisions/*`, `${BUCKET}/software/*`],
        ),
        allow('TellMissingDecisions', ['s3:ListBucket'], [BUCKET], {
          StringLikeIfExists: { 's3:prefix': 'decisions/*' },
        }),
        allow(
          'ReadOwnParameters',
          ['ssm:GetParameters'],
          ['keys', 'redis'].map((key) => `arn:aws:ssm:eu-west-1:123456789012:parameter/ebbtide/media/${key}`),
        ),
      ]);
    });

    it('of the termination policy: the registry and its log', () => {
      assert.deepEqual(statementsOf(run, 'media-termination-policy-rights'), [
        ...REGISTRY_RIGHTS,
        writeLog('media-termination-policy-log'),
      ]);
    });

    it("of the watcher: the same, its own group's machines, and the pool's metrics", () => {
      assert.deepEqual(statementsOf(run, 'media-watcher-rights'), [
        ...REGISTRY_RIGHTS,
        allow('SeeGroups', ['autoscaling:DescribeAutoScalingGroups'], ['*']),
        allow('EndRetainedMachines', ['autoscaling:TerminateInstanceInAutoScalingGroup'], [GROUP_ARN]),
        allow('WritePoolMetrics', ['cloudwatch:PutMetricData'], ['*'], {
          StringEquals: { 'cloudwatch:namespace': 'Ebbtide/media' },
        }),
        writeLog('media-watcher-log'),
      ]);
    });

    it('are given to nobody but these three', () => {
      const policies = run.resources.filter(({ type }) => type === ROLE_POLICY).map(({ name }) => name);
      assert.deepEqual(policies.sort(), [
        'media-node-rights',
        'media-termination-policy-rights',
        'media-watcher-rights',
      ]);
      assert.deepEqual(
        run.resources.filter(({ type }) => /policyAttachment|PolicyAttachment/.test(type)),
        [],
      );
    });

    it('are taken on by the service that each role is for', () => {
      const trust = (name: string) => {
        const { Statement } = JSON.parse(String(run.one('aws:iam/role:Role', name).inputs.assumeRolePolicy));
        return Statement;
      };
      const by = (Service: string) => [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }];
      assert.deepEqual(trust('media-node'), by('ec2.amazonaws.com'));
      assert.deepEqual(trust('media-watcher-role'), by('lambda.amazonaws.com'));
      assert.deepEqual(trust('media-termination-policy-role'), by('lambda.amazonaws.com'));
    });

    it("to call the functions: the group's own role, and the minute's rule", () => {
      const permission = (name: string) => run.one('aws:lambda/permission:Permission', name).inputs;
      assert.deepEqual(permission('media-termination-policy-permission'), {
        action: 'lambda:InvokeFunction',
        function: 'ebbtide-media-termination-policy',
        principal: 'arn:of:media-group-role',
      });
      assert.deepEqual(permission('media-watcher-permission'), {
        action: 'lambda:InvokeFunction',
        function: 'ebbtide-media-watcher',
        principal: 'events.amazonaws.com',
        sourceArn: 'arn:of:media-watcher-minute',
      });
      assert.equal(
        run.one('aws:iam/serviceLinkedRole:ServiceLinkedRole').inputs.customSuffix,
        'ebbtide-media-eu-west-1',
      );
    });

    it('are of names that another region does not take, since IAM has one space of names for all', () => {
      const names = ['Role', 'InstanceProfile'].flatMap((kind) => {
        const type = `aws:iam/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`;
        return run.resources.filter((made) => made.type === type).map(({ inputs }) => inputs.name);
      });
      assert.deepEqual(names.sort(), [
        'ebbtide-media-node-eu-west-1',
        'ebbtide-media-node-eu-west-1',
        'ebbtide-media-termination-policy-eu-west-1',
        'ebbtide-media-watcher-eu-west-1',
      ]);
    });
  });

  it('keeps its bucket private, encrypted, over TLS only, and free of old statuses', () => {
    const { inputs } = run.one('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock');
    assert.deepEqual(inputs, {
      bucket: 'ebbtide-media-1234',
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    const { Statement } = JSON.parse(String(run.one('aws:s3/bucketPolicy:BucketPolicy').inputs.policy));
    assert.deepEqual(Statement, [
      {
        Effect: 'Deny',
        Sid: 'OnlyOverTls',
        Principal: '*',
        Action: ['s3:*'],
        Resource: [BUCKET, `${BUCKET}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
    run.one('aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration');
    const { rules } = run.one('aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration').inputs;
    const ids = v.parse(v.array(v.object({ id: v.string() })), rules).map(({ id }) => id);
    assert.deepEqual(ids, ['statuses', 'decisions', 'memory-rolls', 'unfinished-uploads']);
  });

  it('puts no tags on its objects, which take but a few', () => {
    const objects = run.resources.filter(({ type }) => type === 'aws:s3/bucketObjectv2:BucketObjectv2');
    assert.deepEqual(
      objects.map(({ inputs }) => inputs.overrideProvider),
      objects.map(() => ({ defaultTags: { tags: {} } })),
    );
  });

  it('keeps secrets secret, as encrypted parameters', () => {
    const parameters = run.resources.filter(({ type }) => type === 'aws:ssm/parameter:Parameter');
    assert.deepEqual(
      parameters.map(({ inputs, secrets }) => [inputs.name, inputs.type, inputs.value, secrets]),
      [
        ['/ebbtide/media/keys', 'SecureString', `{"devkey":"${'s'.repeat(32)}"}`, ['value']],
        ['/ebbtide/media/redis', 'SecureString', '{"address":"10.0.0.5:6379"}', ['value']],
      ],
    );
    const others = run.resources.filter(({ type }) => type !== 'aws:ssm/parameter:Parameter');
    assert.doesNotMatch(JSON.stringify(others), /ssssssss|10\.0\.0\.5/);
  });

  it('makes nodes whose metadata needs a token, whose disk is encrypted, and that nobody can log in to', () => {
    const { inputs } = run.one(TEMPLATE);
    assert.deepEqual(inputs.metadataOptions, {
      httpEndpoint: 'enabled',
      httpTokens: 'required',
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: 'enabled',
    });
    assert.deepEqual(inputs.blockDeviceMappings, [
      {
        deviceName: '/dev/xvda',
        ebs: { volumeType: 'gp3', volumeSize: 20, encrypted: 'true', deleteOnTermination: 'true' },
      },
    ]);
    assert.deepEqual(
      [inputs.imageId, inputs.instanceType, inputs.keyName],
      ['ami-amd', 'c6i.xlarge', undefined],
    );
    assert.equal(inputs.instanceInitiatedShutdownBehavior, 'terminate');
    const { ingress } = run.one('aws:ec2/securityGroup:SecurityGroup').inputs;
    const ports = v.parse(v.array(v.object({ protocol: v.string(), fromPort: v.number() })), ingress);
    assert.deepEqual(
      ports.map(({ protocol, fromPort }) => `${protocol} ${fromPort}`),
      ['tcp 7880', 'tcp 7881', 'udp 7882'],
    );
  });

  it('makes a group that nothing leaves before its agent lets it', () => {
    const { inputs } = run.one(GROUP);
    const hooks = [
      {
        name: 'ebbtide-media-launch',
        lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        heartbeatTimeout: 900,
        defaultResult: 'ABANDON',
      },
      {
        name: 'ebbtide-media-terminate',
        lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        heartbeatTimeout: 3600,
        defaultResult: 'ABANDON',
      },
    ];
    assert.equal(inputs.name, 'ebbtide-media');
    assert.deepEqual([inputs.minSize, inputs.maxSize, inputs.desiredCapacity], [1, 3, 1]);
    assert.deepEqual(inputs.initialLifecycleHooks, hooks);
    assert.deepEqual(inputs.instanceLifecyclePolicy, {
      retentionTriggers: { terminateHookAbandon: 'retain' },
    });
    assert.deepEqual(inputs.terminationPolicies, ['arn:of:media-termination-policy', 'Default']);
    assert.equal(inputs.serviceLinkedRoleArn, 'arn:of:media-group-role');
    assert.deepEqual(inputs.launchTemplate, { id: 'media-template-id', version: '7' });
    assert.deepEqual(inputs.vpcZoneIdentifiers, ['media-network-subnet-a-id', 'media-network-subnet-b-id']);
    assert.ok(
      Array.isArray(inputs.enabledMetrics) &&
        inputs.enabledMetrics.includes('GroupTerminatingRetainedInstances'),
    );
    // Whatever would replace running nodes by itself.
    assert.deepEqual([inputs.instanceRefresh, inputs.maxInstanceLifetime], [undefined, undefined]);
    const again = run.resources.filter(({ type }) => type === 'aws:autoscaling/lifecycleHook:LifecycleHook');
    assert.deepEqual(
      again.map(({ inputs: { autoscalingGroupName, ...hook } }) => hook),
      hooks,
    );
  });

  it('raises an alarm for whatever an operator must hear of', async () => {
    const topic = 'arn:aws:sns:eu-west-1:123456789012:on-call';
    const { resources } = await runUnderMocks({ settings: { alarms: { notify: [topic] } } });
    const alarms = resources.filter(({ type }) => type === 'aws:cloudwatch/metricAlarm:MetricAlarm');
    const told: string[] = alarms.map(
      ({ inputs }) => `${inputs.name} ${inputs.namespace} ${inputs.metricName} ${inputs.treatMissingData}`,
    );
    assert.deepEqual(told.sort(), [
      'ebbtide-media-alarming Ebbtide/media AlarmingNodes notBreaching',
      'ebbtide-media-calls-cut Ebbtide/media CallsCutNodes notBreaching',
      'ebbtide-media-calls-lost Ebbtide/media CallsLostNodes notBreaching',
      'ebbtide-media-ceiling Ebbtide/media CeilingDrains notBreaching',
      'ebbtide-media-overdue Ebbtide/media OverdueDrains notBreaching',
      'ebbtide-media-refused Ebbtide/media ScaleInsRefused notBreaching',
      'ebbtide-media-retained AWS/AutoScaling GroupTerminatingRetainedInstances notBreaching',
      'ebbtide-media-stale Ebbtide/media StaleNodes notBreaching',
      'ebbtide-media-termination-policy-fails AWS/Lambda Errors notBreaching',
      'ebbtide-media-termination-policy-throttled AWS/Lambda Throttles notBreaching',
      'ebbtide-media-unknown Ebbtide/media UnknownNodes notBreaching',
      'ebbtide-media-watcher-fails AWS/Lambda Errors notBreaching',
      'ebbtide-media-watcher-silent Ebbtide/media Nodes breaching',
    ]);
    for (const { inputs } of alarms)
      assert.deepEqual([inputs.alarmActions, inputs.okActions], [[topic], [topic]]);
    const patience = (name: string) => {
      const inputs = alarms.find((alarm) => alarm.name === `media-alarms-${name}`)?.inputs;
      return [inputs?.datapointsToAlarm, inputs?.evaluationPeriods, inputs?.threshold, inputs?.period];
    };
    assert.deepEqual(patience('alarming'), [3, 3, 1, 60]);
    assert.deepEqual(patience('termination-policy-fails'), [2, 15, 1, 60]);
    assert.deepEqual(patience('calls-lost'), [1, 1, 1, 60]);
    // The group asks again now and then: once in each ten minutes of half an hour is again and again.
    assert.deepEqual(patience('refused'), [3, 3, 1, 600]);
    const written = new Set<string>(Object.values(POOL_METRICS));
    for (const { inputs } of alarms)
      if (inputs.namespace === 'Ebbtide/media' && inputs.metricName !== 'ScaleInsRefused')
        assert.ok(written.has(String(inputs.metricName)), `nobody writes ${inputs.metricName}`);
    const native = await runUnderMocks({ settings: { scaleIn: { victim: 'native' } } });
    const ofPolicy = native.resources.filter(({ name }) => /termination-policy-|refused/.test(name));
    assert.deepEqual(ofPolicy, [], 'no function, no alarm of it');
  });

  it('finds refusals in the very lines that the termination policy writes', async () => {
    const filter = run.one('aws:cloudwatch/logMetricFilter:LogMetricFilter').inputs;
    assert.equal(filter.logGroupName, '/aws/lambda/ebbtide-media-termination-policy');
    assert.deepEqual(filter.metricTransformation, {
      namespace: 'Ebbtide/media',
      name: 'ScaleInsRefused',
      value: '1',
    });
    assert.equal(filter.pattern, '{ ($.event = "termination-policy") && ($.refused IS TRUE) }');
    const store = createMemoryStore();
    const lines: { event: string; refused: unknown }[] = [];
    await answerGroup(
      {
        AutoScalingGroupName: 'ebbtide-media',
        CapacityToTerminate: [{ AvailabilityZone: 'a', Capacity: 1 }],
        Instances: [{ AvailabilityZone: 'a', InstanceId: 'i-silent' }],
        Cause: 'SCALE_IN',
      },
      {
        settings: { pool: 'media', bucket: 'b', maxDrains: 2, coolDownMs: 60_000, warmUpMs: 120_000 },
        registry: createBucketRegistry({ store }),
        log: createLog((line) => lines.push(JSON.parse(line)), Date.now),
        clock: createRealClock(),
        random: Math.random,
        readBudgetMs: 60,
        writeBudgetMs: 60,
      },
    );
    assert.deepEqual(
      lines.map(({ event, refused }) => [event, refused]),
      [['termination-policy', true]],
    );
  });

  describe('by its settings', () => {
    it('scales on CPU, or not at all', async () => {
      const policy = 'aws:autoscaling/policy:Policy';
      assert.deepEqual(run.one(policy).inputs.targetTrackingConfiguration, {
        predefinedMetricSpecification: { predefinedMetricType: 'ASGAverageCPUUtilization' },
        targetValue: 50,
      });
      const still = await runUnderMocks({ settings: { scaling: { kind: 'none' } } });
      assert.deepEqual(
        still.resources.filter(({ type }) => type === policy),
        [],
      );
    });

    /** What nodes fetch lies in the bucket, and nothing else does: their rights are the same. */
    const IMAGE = `docker.io/livekit/livekit-server@sha256:${'d'.repeat(64)}`;
    const script = {
      file: 'package.json',
      sha256: sha256Of(readFileSync(join(repositoryRoot, 'package.json'))),
    };
    const fetched: [string, Record<string, unknown>, RegExp[]][] = [
      ['the media server itself', {}, [/ebbtide-agent-b{16}\.cjs/, /media-a{16}/, /agent\.json$/]],
      ['no image of a container', { media: { image: IMAGE } }, [/ebbtide-agent/, /agent\.json$/]],
      [
        "the operator's script",
        { media: { kind: 'openvidu', setup: script } },
        [/ebbtide-agent/, new RegExp(`setup-${script.sha256.slice(0, 16)}$`), /agent\.json$/],
      ],
    ];
    for (const [what, settings, keys] of fetched) {
      it(`keeps in the bucket, beside the agent, ${what}`, async () => {
        const its = await runUnderMocks({ settings });
        const objects = its.resources.filter(({ type }) => type === 'aws:s3/bucketObjectv2:BucketObjectv2');
        assert.equal(objects.length, keys.length);
        for (const [index, key] of keys.entries()) {
          assert.match(String(objects[index]?.inputs.key), /^software\//);
          assert.match(String(objects[index]?.inputs.key), key);
        }
        assert.deepEqual(statementsOf(its, 'media-node-rights'), statementsOf(run, 'media-node-rights'));
      });
    }

    for (const [max, memorySize] of [
      [1_000, 512],
      [1_001, 1769],
    ] as const) {
      it(`gives the watcher of a pool of up to ${max} nodes ${memorySize} MB`, async () => {
        const { one } = await runUnderMocks({ settings: { pool: { name: 'media', max } } });
        assert.equal(one(LAMBDA, 'media-watcher').inputs.memorySize, memorySize);
      });
    }

    it('leaves the choice of who leaves to AWS', async () => {
      const native = await runUnderMocks({ settings: { scaleIn: { victim: 'native' } } });
      assert.deepEqual(native.one(GROUP).inputs.terminationPolicies, ['Default']);
      assert.equal(native.one(LAMBDA).name, 'media-watcher');
    });

    it('lives in a network that exists', async () => {
      const network = { id: 'vpc-12', subnets: ['subnet-1', 'subnet-2'], healthFrom: ['10.0.0.0/8'] };
      const { resources, one } = await runUnderMocks({ settings: { network } });
      const made = resources
        .filter(({ type, custom }) => custom && type.startsWith('aws:ec2/'))
        .map(({ type }) => type);
      assert.deepEqual(made.sort(), [TEMPLATE, 'aws:ec2/securityGroup:SecurityGroup']);
      assert.deepEqual(one(GROUP).inputs.vpcZoneIdentifiers, ['subnet-1', 'subnet-2']);
      assert.equal(one('aws:ec2/securityGroup:SecurityGroup').inputs.vpcId, 'vpc-12');
      assert.match(
        JSON.stringify(one('aws:ec2/securityGroup:SecurityGroup').inputs.ingress),
        /"fromPort":9876/,
      );
    });

    for (const preview of [true, false]) {
      it(`refuses a subnet of another network${preview ? ', at preview' : ''}`, async () => {
        const network = { id: 'vpc-12', subnets: ['subnet-1', 'subnet-99'] };
        await assert.rejects(
          runUnderMocks({ preview, settings: { network } }),
          /ebbtide:network\.subnets\[1\] is "subnet-99": it is in vpc-99, and must be in ebbtide:network\.id, which is vpc-12/,
        );
      });
    }

    it('leaves the subnets of zones where they are when a zone comes or goes', async () => {
      const subnetsOf = async (letters: string) => {
        const zones = [...letters].map((letter) => `eu-west-1${letter}`);
        const { resources } = await runUnderMocks({ settings: { pool: { name: 'media', zones } } });
        return resources
          .filter(({ type }) => type === 'aws:ec2/subnet:Subnet')
          .map(({ name, inputs }) => `${name} ${inputs.availabilityZone} ${inputs.cidrBlock}`)
          .sort();
      };
      const a = 'media-network-subnet-a eu-west-1a 10.87.0.0/20';
      const b = 'media-network-subnet-b eu-west-1b 10.87.16.0/20';
      const c = 'media-network-subnet-c eu-west-1c 10.87.32.0/20';
      assert.deepEqual(await subnetsOf('ab'), [a, b]);
      assert.deepEqual(await subnetsOf('cb'), [b, c]);
      assert.deepEqual(await subnetsOf('abc'), [a, b, c]);
    });

    it('takes the image that fits the machine', async () => {
      const { one } = await runUnderMocks({
        settings: { pool: { name: 'media', machineType: 'c7g.large' } },
      });
      assert.deepEqual(
        [one(TEMPLATE).inputs.imageId, one(TEMPLATE).inputs.instanceType],
        ['ami-arm', 'c7g.large'],
      );
      const own = await runUnderMocks({
        settings: { pool: { name: 'media', image: 'ami-0123456789abcdef0' } },
      });
      assert.equal(own.one(TEMPLATE).inputs.imageId, 'ami-0123456789abcdef0');
    });

    it('keeps what a destroy needs to know with the sweep, whatever onDestroy is today', async () => {
      const { resources, one } = await runUnderMocks({ settings: { onDestroy: 'cut' } });
      const { type, inputs } = one(SWEEP);
      const { __provider: code, ...state } = inputs;
      assert.deepEqual(state, {
        code: 'aws/run-sweep.ts',
        pool: 'media',
        group: 'ebbtide-media',
        terminateHook: 'ebbtide-media-terminate',
        bucket: 'ebbtide-media-1234',
        region: 'eu-west-1',
      });
      assert.ok(typeof code === 'string' && code.length < 5_000, 'the state stays small');
      assert.equal(resources.at(-1)?.type, type, 'made last');
      assert.deepEqual(one(GROUP).inputs.instanceLifecyclePolicy, {
        retentionTriggers: { terminateHookAbandon: 'retain' },
      });
    });
  });

  describe('on an update', () => {
    const templateOf = (of: ProgramRun) => promiseOf(of.outputs.template);

    it('makes another template for what new nodes are made of, and for nothing else', async () => {
      const now = await templateOf(run);
      const settings = {
        pool: { name: 'media', min: 2, max: 9 },
        scaling: { target: 60 },
        mediaSecrets: { keys: { devkey: 't'.repeat(40) }, redis: '10.0.0.6:6379' },
      };
      assert.equal(await templateOf(await runUnderMocks({ settings })), now);
      const other: Record<string, unknown>[] = [
        { pool: { name: 'media', machineType: 'c6i.2xlarge' } },
        { pool: { name: 'media', diskGb: 40 } },
        { media: { ...Object(GOOD.media), capacity: 50 } },
      ];
      for (const settings of other) assert.notEqual(await templateOf(await runUnderMocks({ settings })), now);
    });

    it('tells nodes and the termination policy of the same template', async () => {
      const { variables } = v.parse(
        v.object({ variables: v.object({ EBBTIDE_SETTINGS: v.string() }) }),
        run.one(LAMBDA, 'media-termination-policy').inputs.environment,
      );
      assert.equal(JSON.parse(variables.EBBTIDE_SETTINGS).currentTemplate, await templateOf(run));
    });

    it('leaves the size to the cloud, never replaces the group for a hook, and keeps hooks until the group is gone', async () => {
      const options = await optionsOfPool();
      assert.deepEqual(options.get(GROUP)?.ignoreChanges, ['desiredCapacity', 'initialLifecycleHooks']);
      assert.equal(options.get(GROUP)?.deleteBeforeReplace, false);
      assert.equal(options.get('aws:autoscaling/lifecycleHook:LifecycleHook')?.retainOnDelete, true);
      const waitsFor = [options.get(GROUP)?.dependsOn].flat().map((resource) => resource?.constructor.name);
      assert.deepEqual(waitsFor, [
        'PoolNetwork',
        'NodeIdentity',
        'PoolBucket',
        'NodeSoftware',
        'SecretParameters',
        'TerminationPolicy',
        'Watcher',
      ]);
    });
  });
});

describe('a failure under the mocks', () => {
  it('fails the run, though Pulumi swallows it', async () => {
    await assert.rejects(
      runUnderMocks({ settings: { pool: { name: 'media', zones: [] } } }),
      /ebbtide:pool\.zones/,
    );
    await assert.rejects(
      runUnderMocks({ refuse: 'aws:cloudwatch/metricAlarm:MetricAlarm' }),
      /refused aws:cloudwatch\/metricAlarm/,
    );
  });
});

describe('the names of a pool', () => {
  const long = 'a'.repeat(28);
  const globalOf = (pool: string, region: string) => {
    const { nodeRole, terminationPolicyRole, watcherRole, groupRoleSuffix } = awsNames(pool, region);
    return { roles: [nodeRole, terminationPolicyRole, watcherRole], groupRoleSuffix };
  };

  for (const region of ['eu-west-1', 'ap-southeast-1', 'ap-southeast-2']) {
    it(`of 28 letters in ${region} are as short as AWS wants them`, () => {
      const { roles, groupRoleSuffix } = globalOf(long, region);
      for (const role of roles) assert.match(role, /^ebbtide-a{20}[\w-]{0,36}$/);
      assert.ok(`AWSServiceRoleForAutoScaling_${groupRoleSuffix}`.length <= 64, groupRoleSuffix);
      assert.doesNotMatch(groupRoleSuffix, /_/);
    });
  }

  it('differ by region and by pool, also where they had to be shortened', () => {
    const all = ['ap-southeast-1', 'ap-southeast-2'].flatMap((region) =>
      [long, `${'a'.repeat(27)}b`].flatMap((pool) => {
        const { roles, groupRoleSuffix } = globalOf(pool, region);
        return [...roles, groupRoleSuffix];
      }),
    );
    assert.equal(new Set(all).size, all.length);
  });
});

describe('machine types and ranges', () => {
  it('knows Graviton by its name', () => {
    const arm = [
      't4g.small',
      'm6gd.large',
      'c7gn.xlarge',
      'im4gn.large',
      'is4gen.large',
      'x2gd.medium',
      'a1.large',
    ];
    const intel = [
      'c6i.xlarge',
      'g4dn.xlarge',
      'm7i-flex.large',
      'p4de.24xlarge',
      'u-6tb1.metal',
      'inf2.xlarge',
      't3.micro',
    ];
    assert.deepEqual([...arm, ...intel].map(isArm), [...arm.map(() => true), ...intel.map(() => false)]);
  });

  it('cuts a range into sixteenths', () => {
    assert.deepEqual(
      [subnetRange('10.87.0.0/16', 0), subnetRange('10.87.0.0/16', 15), subnetRange('192.168.4.0/24', 3)],
      ['10.87.0.0/20', '10.87.240.0/20', '192.168.4.48/28'],
    );
  });
});

function optionsOfPool(): Promise<Map<string, pulumi.CustomResourceOptions>> {
  const { settings } = readSettings(
    { values: configValues(GOOD), isSecret: () => true },
    createSettingsFiles('.'),
  );
  const bundle = { code: 'x', sha256: 'a'.repeat(64) };
  return optionsOfResources((options) => {
    new AwsPool(
      'media',
      {
        settings: settingsOf(settings, 'aws'),
        zones: ['eu-west-1a'],
        balancers: { securityGroups: [], ranges: [] },
        software: softwareOf(bundle, settings),
        boot: bundle,
        terminationPolicy: bundle,
        watcher: bundle,
      },
      { ...options, provider: new Provider('aws', { region: 'eu-west-1' }) },
    );
  });
}
