import assert from 'node:assert/strict';
import * as v from 'valibot';
import { type AwsClient, createAwsClient } from '../../fleet/aws/client.ts';
import { callQuery } from '../../fleet/aws/query.ts';
import { parseXml } from '../../fleet/xml.ts';
import { type Applied, applyProgram } from '../../lab/aws/apply.ts';
import type { AwsTwin } from '../../lab/aws/aws-twin.ts';
import { createTwin } from '../../lab/aws/twin.ts';
import { findProgram } from '../../lab/instance/tools.ts';
import { createAwsCloud } from '../../node-agent/clouds/aws/aws-cloud.ts';
import type { Cloud } from '../../node-agent/clouds/cloud.ts';
import { awsNames } from '../../stacks/aws/names.ts';
import { type RunningProgram, startProgram } from '../support/store-server.ts';
import { quietRun, started, until } from './support/quiet-run.ts';
import { smallPool } from './support/small-pool.ts';

const TARGETS = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/media/0123456789abcdef';
const names = awsNames('media', 'eu-west-1');

function cloudOf(client: AwsClient, node: string, targetGroups: string[]): Cloud {
  return createAwsCloud({
    metadata: { read: async () => ({ kind: 'found', text: node }) },
    client,
    group: names.group,
    launchHook: names.launchHook,
    terminateHook: names.terminateHook,
    targetGroups,
  });
}

describe('a node and the target groups of a load balancer', () => {
  describe('of the twin AWS, with the rights that the program gives', () => {
    let applied: Applied;
    let twin: AwsTwin;
    let node: string;

    before(async () => {
      const network = { id: 'vpc-12', subnets: ['subnet-1'], balancers: [TARGETS] };
      applied = await applyProgram({
        ...smallPool('aws', { network }, { 'aws:region': 'eu-west-1' }),
        existing: [
          {
            vpc: 'vpc-12',
            cidr: '10.0.0.0/16',
            subnets: [{ id: 'subnet-1', zone: 'eu-west-1a' }],
            targetGroups: [
              {
                arn: TARGETS,
                port: 7880,
                protocol: 'HTTP',
                healthCheck: { port: '9876', path: '/healthz' },
              },
            ],
          },
        ],
      });
    });
    beforeEach(async () => {
      twin = createTwin({ model: applied.model, ...quietRun().run });
      await started(twin);
      node = await until(
        'a node waits to launch',
        () => twin.instances().find(({ state }) => state === 'Pending:Wait')?.id,
      );
    });
    afterEach(() => twin.close());

    function connect(targetGroups = [TARGETS]): Cloud {
      const credentials = twin.assume(names.nodeRole, node);
      const client = createAwsClient({
        region: 'eu-west-1',
        credentials: async () => credentials,
        environment: { AWS_ENDPOINT_URL: twin.endpoint },
        timeoutMs: 5_000,
      });
      return cloudOf(client, node, targetGroups);
    }
    const stateOfNode = () => twin.instances().find(({ id }) => id === node)?.state;

    it('is in them before it serves, while it drains, and no more when it leaves', async () => {
      const cloud = connect();
      await cloud.identify();
      assert.deepEqual(twin.targetsOf(TARGETS), []);
      assert.deepEqual(await cloud.ready(), { kind: 'done' });
      assert.deepEqual(twin.targetsOf(TARGETS), [node]);
      await until('it serves', () => stateOfNode() === 'InService');
      twin.markUnhealthy(node);
      await until('it is to leave', () => stateOfNode() === 'Terminating:Wait');
      assert.deepEqual(await cloud.hold(), { kind: 'done' });
      assert.deepEqual(twin.targetsOf(TARGETS), [node]);
      assert.deepEqual(await cloud.release(), { kind: 'done' });
      assert.deepEqual(twin.targetsOf(TARGETS), []);
      assert.deepEqual(twin.refused(), []);
    });

    it('does not serve before it is in them', async () => {
      const cloud = connect();
      await cloud.identify();
      twin.faults.add({ service: 'elasticloadbalancing', kind: 'error', times: 1 });
      assert.equal((await cloud.ready()).kind, 'failed');
      assert.equal(stateOfNode(), 'Pending:Wait');
      assert.deepEqual(await cloud.ready(), { kind: 'done' });
    });

    it('leaves also where it cannot be taken out of them', async () => {
      const cloud = connect();
      await cloud.identify();
      await cloud.ready();
      await until('it serves', () => stateOfNode() === 'InService');
      twin.markUnhealthy(node);
      await until('it is to leave', () => stateOfNode() === 'Terminating:Wait');
      twin.faults.add({ service: 'elasticloadbalancing', kind: 'error', times: 9 });
      assert.deepEqual(await cloud.release(), { kind: 'done' });
    });

    it('may not enter another, and cannot enter one that is gone', async () => {
      const cloud = connect([TARGETS.replace('media', 'other')]);
      await cloud.identify();
      assert.match(
        JSON.stringify(await cloud.ready()),
        /not authorized to perform: elasticloadbalancing:RegisterTargets/,
      );
      await twin.provision({ ...applied.model, targetGroups: [] });
      const left = connect();
      await left.identify();
      assert.match(JSON.stringify(await left.ready()), /TargetGroupNotFound/);
    });
  });

  describe("of somebody else's Elastic Load Balancing (moto: EBBTIDE_MOTO_SERVER, or moto_server in PATH)", () => {
    let moto: RunningProgram | undefined;
    let client: AwsClient;

    before(async function () {
      const program = process.env.EBBTIDE_MOTO_SERVER ?? findProgram('moto_server');
      if (program === undefined) return this.skip();
      moto = await startProgram(program, ['-H', '127.0.0.1', '-p', '0'], /Running on (http:\/\/[\d.:]+)\s/);
      client = createAwsClient({
        region: 'us-east-1',
        credentials: async () => ({ accessKeyId: 'AKIA1', secretAccessKey: 's' }),
        environment: { AWS_ENDPOINT_URL: moto.said },
        timeoutMs: 10_000,
      });
    });
    after(() => moto?.stop());

    /** EC2 and the rest of Elastic Load Balancing, of which the program sends nothing. */
    async function ask(
      service: 'ec2' | 'elasticloadbalancing',
      action: string,
      input: Record<string, string>,
    ) {
      const response = await fetch(moto?.said ?? '', {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `AWS4-HMAC-SHA256 Credential=AKIA1/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=x`,
        },
        body: new URLSearchParams({
          Action: action,
          Version: service === 'ec2' ? '2016-11-15' : '2015-12-01',
          ...input,
        }),
      });
      const body = await response.text();
      assert.equal(response.status, 200, body);
      return body;
    }
    const tagged = (body: string, tag: string) =>
      new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(body)?.[1] ?? '';

    it('registers and deregisters', async () => {
      const vpc = tagged(await ask('ec2', 'CreateVpc', { CidrBlock: '10.0.0.0/16' }), 'vpcId');
      const group = await ask('elasticloadbalancing', 'CreateTargetGroup', {
        Name: 'media',
        Protocol: 'HTTP',
        Port: '7880',
        VpcId: vpc,
      });
      const arn = tagged(group, 'TargetGroupArn');
      const machine = await ask('ec2', 'RunInstances', {
        ImageId: 'ami-12c6146b',
        MinCount: '1',
        MaxCount: '1',
      });
      const node = tagged(machine, 'instanceId');
      const cloud = cloudOf(client, node, [arn]);
      await cloud.identify();

      const registered = async () => {
        const answer = await ask('elasticloadbalancing', 'DescribeTargetHealth', { TargetGroupArn: arn });
        assert.ok(parseXml(answer, ['member']));
        return answer.includes(`<Id>${node}</Id>`);
      };
      assert.equal(await registered(), false);
      // There is no such group of Auto Scaling: what follows fails.
      await cloud.ready();
      assert.equal(await registered(), true);
      await cloud.release();
      assert.equal(await registered(), false);
      await assert.rejects(
        callQuery(
          client,
          'elasticloadbalancing',
          'RegisterTargets',
          { TargetGroupArn: TARGETS, Targets: [{ Id: node }] },
          v.unknown(),
        ),
        /TargetGroupNotFound/,
      );
    });
  });
});
