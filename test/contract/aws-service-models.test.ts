import assert from 'node:assert/strict';
import * as v from 'valibot';
import type { AwsClient, AwsResponse } from '../../fleet/aws/client.ts';
import { parseXml } from '../../fleet/xml.ts';
import {
  AUTO_SCALING_REQUESTS,
  CLOUD_WATCH_REQUESTS,
  S3_REQUESTS,
  SSM_REQUESTS,
} from '../../lab/aws/requests.ts';
import { dataDisagreements, disagreements, readServiceModel } from './support/aws/service-model.ts';
import {
  applySmallProgram,
  FUNCTION_ROLE,
  GROUP,
  NODE_ROLE,
  startTwin,
  TERMINATE_HOOK,
  type TestTwin,
} from './support/aws/twin.ts';
import { until } from './support/quiet-run.ts';

const services: { service: string; requests: Record<string, v.GenericSchema> }[] = [
  { service: 'autoscaling', requests: AUTO_SCALING_REQUESTS },
  { service: 'cloudwatch', requests: CLOUD_WATCH_REQUESTS },
  { service: 's3', requests: S3_REQUESTS },
  { service: 'ssm', requests: SSM_REQUESTS },
];

describe("the twin's requests against AWS's own service models", () => {
  for (const { service, requests } of services) {
    const model = readServiceModel(service);
    for (const [action, schema] of Object.entries(requests)) {
      const title = `${service} ${action}`;
      if (!model) {
        it.skip(`${title}: the official descriptions (../shared/specs) are not on this machine`);
        continue;
      }
      it(title, () => {
        const input = model.operations[action]?.input?.shape;
        assert.ok(input, `${service} has no operation ${action}`);
        assert.deepEqual(disagreements(schema, input, model), []);
      });
    }
  }
});

describe('what holds a schema to a service model', () => {
  it('finds a member that is none, one that is missing, and a value that is none', function () {
    const model = readServiceModel('cloudwatch');
    if (!model) return this.skip();
    const wrong = v.strictObject({
      MetricName: v.optional(v.string()),
      Amount: v.number(),
      Unit: v.optional(v.picklist(['Count', 'Rooms'])),
    });
    assert.deepEqual(disagreements(wrong, 'MetricDatum', model), [
      'MetricDatum.Amount: the service has no such member',
      'MetricDatum.MetricName: is required by the service',
      'MetricDatum.Unit: Rooms is no value of it',
    ]);
  });
});

describe("the twin's answers against AWS's own service models", () => {
  let world: TestTwin;
  let instance: string;

  before(async () => {
    world = await startTwin(await applySmallProgram({ min: 0, max: 2, initial: 1 }));
    instance = await until(
      'it waits to launch',
      () => world.twin.instances().find(({ state }) => state === 'Pending:Wait')?.id,
    );
    world.twin.markUnhealthy(instance);
    world.twin.putObject(world.bucket, 'decisions/x.json', '{}');
  });

  after(() => world.twin.close());

  const group = { AutoScalingGroupName: GROUP, LifecycleHookName: TERMINATE_HOOK };
  const queries: {
    service: 'autoscaling' | 'monitoring';
    model: string;
    action: string;
    role: string;
    input: () => Record<string, string>;
  }[] = [
    {
      service: 'autoscaling',
      model: 'autoscaling',
      action: 'DescribeAutoScalingGroups',
      role: FUNCTION_ROLE,
      input: () => ({}),
    },
    {
      service: 'autoscaling',
      model: 'autoscaling',
      action: 'RecordLifecycleActionHeartbeat',
      role: NODE_ROLE,
      input: () => ({ ...group, InstanceId: instance }),
    },
    {
      service: 'autoscaling',
      model: 'autoscaling',
      action: 'CompleteLifecycleAction',
      role: NODE_ROLE,
      input: () => ({ ...group, InstanceId: instance, LifecycleActionResult: 'ABANDON' }),
    },
    {
      service: 'autoscaling',
      model: 'autoscaling',
      action: 'TerminateInstanceInAutoScalingGroup',
      role: FUNCTION_ROLE,
      input: () => ({ InstanceId: instance, ShouldDecrementDesiredCapacity: 'false' }),
    },
    {
      service: 'monitoring',
      model: 'cloudwatch',
      action: 'PutMetricData',
      role: FUNCTION_ROLE,
      input: () => ({
        Namespace: 'Ebbtide/media',
        'MetricData.member.1.MetricName': 'Nodes',
        'MetricData.member.1.Value': '1',
      }),
    },
  ];
  for (const { service, model: modelName, action, role, input } of queries) {
    it(`${service} ${action}`, async function () {
      const model = readServiceModel(modelName);
      if (!model) return this.skip();
      const form = new URLSearchParams(input());
      form.set('Action', action);
      form.set('Version', service === 'autoscaling' ? '2011-01-01' : '2010-08-01');
      const client = world.client(role, instance);
      const { status, body } = await client.send({
        service,
        method: 'POST',
        url: `${world.twin.endpoint}/`,
        body: form.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      assert.equal(status, 200);
      const output = model.operations[action]?.output?.shape;
      const result = Reflect.get(Object(parseXml(body, ['member'])[`${action}Response`]), `${action}Result`);
      if (output) assert.deepEqual(dataDisagreements(result, output, model), []);
    });
  }

  it('s3 ListObjectsV2', async function () {
    const model = readServiceModel('s3');
    if (!model) return this.skip();
    const { body } = await get(
      world.client(FUNCTION_ROLE, 'watcher'),
      '?list-type=2&prefix=decisions%2F&max-keys=1',
    );
    const result = Reflect.get(parseXml(body, ['Contents']), 'ListBucketResult');
    assert.deepEqual(dataDisagreements(result, 'ListObjectsV2Output', model), []);
  });

  it('s3 GetObject: the headers that the service model names', async () => {
    const { headers } = await get(world.client(FUNCTION_ROLE, 'watcher'), 'decisions/x.json');
    for (const name of ['date', 'last-modified', 'etag', 'content-length'])
      assert.ok(headers.get(name), name);
  });

  it('ssm GetParameters, decrypted or not', async function () {
    const model = readServiceModel('ssm');
    if (!model) return this.skip();
    for (const [WithDecryption, shows] of [
      [true, true],
      [false, false],
    ]) {
      const { body } = await world.client(NODE_ROLE, instance).send({
        service: 'ssm',
        method: 'POST',
        url: `${world.twin.endpoint}/`,
        body: JSON.stringify({ Names: ['/ebbtide/media/keys'], WithDecryption }),
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameters' },
      });
      assert.deepEqual(dataDisagreements(JSON.parse(body), 'GetParametersResult', model), []);
      assert.equal(body.includes('key: secret'), shows);
    }
  });

  it('refuses the parameters of another pool', async () => {
    const send = world.client(NODE_ROLE, instance).send({
      service: 'ssm',
      method: 'POST',
      url: `${world.twin.endpoint}/`,
      body: JSON.stringify({ Names: ['/ebbtide/other/keys'], WithDecryption: true }),
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameters' },
    });
    await assert.rejects(send, /AccessDeniedException/);
  });

  function get(client: AwsClient, path: string): Promise<AwsResponse> {
    const slash = path.startsWith('?') ? '' : '/';
    return client.send({
      service: 's3',
      method: 'GET',
      url: `${world.twin.endpoint}/${world.bucket}${slash}${path}`,
    });
  }
});
