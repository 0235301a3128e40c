import assert from 'node:assert/strict';
import { GOOD, type ProgramRun, runUnderMocks } from './stacks-mocks.ts';

const ARN = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/media/0123456789abcdef';
const BALANCER = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/media/1';
const NETWORK = { id: 'vpc-12', subnets: ['subnet-1'], balancers: [ARN] };
const FIREWALL = 'aws:ec2/securityGroup:SecurityGroup';
const HEALTH = { enabled: true, protocol: 'HTTP', path: '/healthz', port: '9876', matcher: '200' };
const TARGETS = {
  vpcId: 'vpc-12',
  targetType: 'instance',
  protocol: 'HTTP',
  port: 7880,
  healthCheck: HEALTH,
  loadBalancerArns: [BALANCER],
};

interface There {
  targets?: Record<string, unknown>;
  balancer?: Record<string, unknown>;
  network?: Record<string, unknown>;
}

function runWith({ targets = {}, balancer = {}, network = {} }: There = {}): Promise<ProgramRun> {
  return runUnderMocks({
    settings: { network: { ...NETWORK, ...network } },
    answers: {
      'aws:lb/getTargetGroup:getTargetGroup': ({ arn }) => ({ arn, ...TARGETS, ...targets }),
      'aws:lb/getLoadBalancer:getLoadBalancer': () => ({
        securityGroups: ['sg-balancer'],
        subnets: ['subnet-1', 'subnet-2'],
        ...balancer,
      }),
      'aws:ec2/getSubnet:getSubnet': ({ id }) => ({ id, vpcId: 'vpc-12', cidrBlock: `of ${id}` }),
    },
  });
}

const ingressOf = (run: ProgramRun, name = 'media-network-firewall') =>
  Object.values(Object(run.one(FIREWALL, name).inputs.ingress)).map((rule) => Object(rule));
const typesIn = (run: ProgramRun) => run.resources.map(({ type, name }) => `${type} ${name}`).sort();

describe('target groups of a load balancer on AWS', () => {
  it('make nothing but rights and ways in: its balancer reaches signalling and health', async () => {
    const [plain, joined] = [
      await runUnderMocks({ settings: { network: { id: 'vpc-12', subnets: ['subnet-1'] } } }),
      await runWith(),
    ];
    assert.deepEqual(typesIn(joined), typesIn(plain));
    const ways = ingressOf(joined).map(({ description, fromPort, cidrBlocks, securityGroups }) => ({
      description,
      fromPort,
      cidrBlocks,
      securityGroups,
    }));
    assert.deepEqual(ways, [
      {
        description: 'signalling',
        fromPort: 7880,
        cidrBlocks: ['0.0.0.0/0'],
        securityGroups: ['sg-balancer'],
      },
      { description: 'media over TCP', fromPort: 7881, cidrBlocks: ['0.0.0.0/0'], securityGroups: undefined },
      { description: 'media over UDP', fromPort: 7882, cidrBlocks: ['0.0.0.0/0'], securityGroups: undefined },
      {
        description: 'health and metrics of the agent',
        fromPort: 9876,
        cidrBlocks: undefined,
        securityGroups: ['sg-balancer'],
      },
    ]);
  });

  it('let in by the ranges of its subnets a balancer that has no security group', async () => {
    const run = await runWith({ balancer: { securityGroups: [] }, network: { signalFrom: ['10.0.0.0/8'] } });
    const [signal, , , health] = ingressOf(run);
    assert.deepEqual(signal.cidrBlocks, ['10.0.0.0/8', 'of subnet-1', 'of subnet-2']);
    assert.deepEqual(health.cidrBlocks, ['of subnet-1', 'of subnet-2']);
  });

  it('are entered by nodes, and never by the group, which would have its balancer cut who drains', async () => {
    const run = await runWith();
    const { inputs } = run.one('aws:autoscaling/group:Group');
    assert.deepEqual(
      [inputs.targetGroupArns, inputs.trafficSources, inputs.loadBalancers],
      [undefined, undefined, undefined],
    );
    assert.equal(inputs.healthCheckType, 'EC2');
    const policy = JSON.parse(
      String(run.one('aws:iam/rolePolicy:RolePolicy', 'media-node-rights').inputs.policy),
    );
    assert.deepEqual(policy.Statement.at(-1), {
      Effect: 'Allow',
      Sid: 'EnterTargetGroups',
      Action: ['elasticloadbalancing:RegisterTargets', 'elasticloadbalancing:DeregisterTargets'],
      Resource: [ARN],
    });
  });

  const wrong: [string, There, RegExp][] = [
    ['in another VPC', { targets: { vpcId: 'vpc-9' } }, /is in vpc-9: it must be in ebbtide:network.id/],
    ['of addresses', { targets: { targetType: 'ip' } }, /the type "ip": they must be "instance"/],
    [
      'that speaks TLS',
      { targets: { protocol: 'HTTPS' } },
      /speaks HTTPS to its targets: it must speak HTTP or TCP/,
    ],
    ['on another port', { targets: { port: 80 } }, /has the port 80: it must be ebbtide:media.ports.signal/],
    ['behind nothing', { targets: { loadBalancerArns: [] } }, /is behind no load balancer/],
    ['without a check', { targets: { healthCheck: { ...HEALTH, enabled: false } } }, /has no health check/],
    [
      'that asks LiveKit itself, which is well while it drains',
      { targets: { healthCheck: { ...HEALTH, path: '/', port: 'traffic-port' } } },
      /has HTTP \/ on port traffic-port: its health check must be http:\/\/NODE:9876\/healthz/,
    ],
    [
      'that takes 503 for well',
      { targets: { healthCheck: { ...HEALTH, matcher: '200-599' } } },
      /takes 200-599 for healthy: it must take 200, and not 503/,
    ],
    [
      'that does not take 200',
      { targets: { healthCheck: { ...HEALTH, matcher: '201,202' } } },
      /takes 201,202 for healthy/,
    ],
  ];
  for (const [what, there, says] of wrong) {
    it(`are refused at preview: one ${what}`, () => assert.rejects(runWith(there), says));
  }

  it('are taken as they are otherwise: a range of codes, a network load balancer', async () => {
    await runWith({ targets: { protocol: 'TCP', healthCheck: { ...HEALTH, matcher: '200-399' } } });
  });

  it('are refused where one is named twice, in another region, or without a network', async () => {
    const refused = (network: Record<string, unknown>, says: RegExp) =>
      assert.rejects(runUnderMocks({ settings: { network } }), says);
    await refused(
      { ...NETWORK, balancers: [ARN, ARN] },
      /network.balancers\[1\] is ".*": must be named once/,
    );
    await refused(
      { ...NETWORK, balancers: [ARN.replace('eu-west-1', 'us-east-1')] },
      /network.balancers\[0\] is in us-east-1: must be in aws:region, which is eu-west-1/,
    );
    await refused({ balancers: [ARN] }, /network.balancers must come with ebbtide:network.id/);
  });
});

const KEY = `ssh-ed25519 ${'A'.repeat(68)} ops@example.org`;

describe('a way into a node on AWS', () => {
  const shellWith = (access: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    runUnderMocks({ settings: { access, ...more } });
  const sshIn = (run: ProgramRun) => ingressOf(run).filter(({ fromPort }) => fromPort === 22);
  const userDataOf = (run: ProgramRun) =>
    String(run.one('aws:ec2/launchTemplate:LaunchTemplate').inputs.userData);
  let plain: ProgramRun;
  before(async () => {
    plain = await runUnderMocks();
  });

  it('is not there unless it is asked for', () => {
    assert.deepEqual(sshIn(plain), []);
    assert.deepEqual(
      typesIn(plain).filter((type) => /endpoint/i.test(type)),
      [],
    );
  });

  it('is an endpoint of the network, from which alone nodes take SSH, with the keys that are named', async () => {
    const run = await shellWith({ shell: true, keys: [KEY] });
    assert.deepEqual(
      typesIn(run).filter((each) => !typesIn(plain).includes(each)),
      [
        'aws:ec2/securityGroup:SecurityGroup media-network-endpoint-firewall',
        'aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint media-network-endpoint',
        'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule media-network-endpoint-to-nodes',
      ],
    );
    const [way, ...others] = sshIn(run);
    assert.deepEqual(others, []);
    assert.deepEqual(way.securityGroups, ['media-network-endpoint-firewall-id']);
    assert.equal(way.cidrBlocks, undefined);
    assert.deepEqual(run.one(FIREWALL, 'media-network-endpoint-firewall').inputs.ingress, undefined);
    const { gunzipSync } = await import('node:zlib');
    const userData = gunzipSync(Buffer.from(userDataOf(run), 'base64')).toString();
    assert.ok(userData.includes(`ssh_authorized_keys:\n  - ${KEY}\n`), userData.slice(0, 200));
    assert.deepEqual(
      run.one('aws:iam/rolePolicy:RolePolicy', 'media-node-rights').inputs.policy,
      plain.one('aws:iam/rolePolicy:RolePolicy', 'media-node-rights').inputs.policy,
    );
  });

  it("is the network's own endpoint where that has one already", async () => {
    const run = await shellWith({ shell: true, keys: [KEY] }, { aws: { connectEndpoint: 'sg-0123' } });
    assert.deepEqual(typesIn(run), typesIn(plain));
    assert.deepEqual(sshIn(run)[0].securityGroups, ['sg-0123']);
  });

  it("is Session Manager where an image brings AWS's agent: a right of the node, and no port", async () => {
    const run = await shellWith({ shell: true }, { pool: { ...Object(GOOD.pool), image: 'ami-12345678' } });
    assert.deepEqual(sshIn(run), []);
    assert.deepEqual(typesIn(run), typesIn(plain));
    const policy = JSON.parse(
      String(run.one('aws:iam/rolePolicy:RolePolicy', 'media-node-rights').inputs.policy),
    );
    assert.deepEqual(policy.Statement.at(-1).Action, [
      'ssm:UpdateInstanceInformation',
      'ssmmessages:CreateControlChannel',
      'ssmmessages:CreateDataChannel',
      'ssmmessages:OpenControlChannel',
      'ssmmessages:OpenDataChannel',
    ]);
  });

  it('is refused where nobody could come in by it', async () => {
    await assert.rejects(
      shellWith({ shell: true }),
      /access.shell is true: must come with ebbtide:access.keys, or/,
    );
    await assert.rejects(
      shellWith({ keys: [KEY] }),
      /access.keys let nobody in: must come with ebbtide:access.shell/,
    );
    await assert.rejects(
      shellWith({ shell: true, keys: ['-----BEGIN OPENSSH PRIVATE KEY-----'] }),
      /must be a public SSH key in one line/,
    );
    await assert.rejects(
      shellWith({ shell: false }, { aws: { connectEndpoint: 'sg-0123' } }),
      /aws.connectEndpoint is of no use without ebbtide:access.shell/,
    );
  });
});
