import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { createAutoScalingGroup } from '../../fleet/aws/auto-scaling-group.ts';
import { createAwsClient } from '../../fleet/aws/client.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { putMetrics } from '../../functions/aws/metrics.ts';
import { awsFiles } from '../../node-agent/boot/aws-source.ts';
import { createAwsCloud } from '../../node-agent/clouds/aws/aws-cloud.ts';
import { createSweptGroup } from '../../providers/aws/swept-group.ts';
import { type LocalServer, type ReceivedRequest, startLocalServer } from '../unit/support/local-server.ts';
import { problemsOf, readServiceModel, structureOf } from './support/specs/service-model.ts';

const SOURCE = { kind: 'aws', region: 'eu-west-1', bucket: 'b', parameters: {} } as const;
const NODE = 'i-0123456789abcdef0';

describe('requests, by the official descriptions of AWS', () => {
  let server: LocalServer;

  before(async () => {
    server = await startLocalServer(() => ({ status: 200, body: '<none/>' }));
  });
  after(() => server.close());

  /** What was sent; that the answer is none is no matter here. */
  async function sent(act: () => Promise<unknown>): Promise<ReceivedRequest> {
    server.requests.length = 0;
    await act().catch(() => undefined);
    const [request] = server.requests;
    assert.ok(request, 'nothing was sent');
    return request;
  }
  function setUp() {
    const client = createAwsClient({
      region: 'eu-west-1',
      credentials: async () => ({ accessKeyId: 'AKIA1', secretAccessKey: 's' }),
      environment: { AWS_ENDPOINT_URL: server.url },
      timeoutMs: 5_000,
    });
    const cloud = createAwsCloud({
      metadata: { read: async () => ({ kind: 'found', text: NODE }) },
      client,
      group: 'ebbtide-media',
      launchHook: 'ebbtide-media-launch',
      terminateHook: 'ebbtide-media-terminate',
      targetGroups: [],
    });
    return {
      client,
      cloud,
      group: createAutoScalingGroup(client, 'ebbtide-media'),
      swept: createSweptGroup(client, 'ebbtide-media', 'ebbtide-media-terminate'),
    };
  }

  const queries: [string, string, (given: ReturnType<typeof setUp>) => Promise<unknown>][] = [
    ['autoscaling', 'DescribeAutoScalingGroups', ({ group }) => group.readMachines()],
    ['autoscaling', 'TerminateInstanceInAutoScalingGroup', ({ group }) => group.terminate(NODE)],
    ['autoscaling', 'UpdateAutoScalingGroup', ({ swept }) => swept.askForNone()],
    ['autoscaling', 'UpdateAutoScalingGroup', ({ swept }) => swept.stopRetaining()],
    ['autoscaling', 'CompleteLifecycleAction', ({ swept }) => swept.complete(NODE)],
    ['autoscaling', 'CompleteLifecycleAction', ({ cloud }) => cloud.identify().then(() => cloud.ready())],
    ['autoscaling', 'CompleteLifecycleAction', ({ cloud }) => cloud.identify().then(() => cloud.release())],
    [
      'autoscaling',
      'RecordLifecycleActionHeartbeat',
      ({ cloud }) => cloud.identify().then(() => cloud.hold()),
    ],
    [
      'cloudwatch',
      'PutMetricData',
      ({ client }) =>
        putMetrics(client, 'Ebbtide/media', [{ name: 'Rooms', value: 3, unit: 'Count' }], Date.now()),
    ],
  ];
  for (const [service, operation, act] of queries) {
    it(`${operation} is as ${service} describes it`, async function () {
      const model = readServiceModel(service);
      if (model === undefined) return skip(this);
      const request = await sent(() => act(setUp()));
      const form = new URLSearchParams(request.body);
      assert.equal(form.get('Action'), operation);
      assert.equal(form.get('Version'), model.metadata.apiVersion);
      assert.match(request.headers['content-type'] ?? '', /application\/x-www-form-urlencoded/);
      assert.deepEqual(problemsOf(model, operation, structureOf(form)), []);
    });
  }

  it('GetParameters is as ssm describes it', async function () {
    const model = readServiceModel('ssm');
    if (model === undefined) return skip(this);
    const request = await sent(() => awsFiles(setUp().client, SOURCE).readSecrets(['/ebbtide/media/keys']));
    assert.equal(request.headers['x-amz-target'], `${model.metadata.targetPrefix}.GetParameters`);
    assert.equal(request.headers['content-type'], 'application/x-amz-json-1.1');
    assert.deepEqual(problemsOf(model, 'GetParameters', JSON.parse(request.body)), []);
  });

  const objects: [string, string, (given: ReturnType<typeof setUp>) => Promise<unknown>][] = [
    [
      'GetObject',
      '/b/statuses/A:i-1.json',
      ({ client }) => createS3Store({ client, bucket: 'b' }).get('statuses/A:i-1.json'),
    ],
    ['GetObject', '/b/software/x', ({ client }) => awsFiles(client, SOURCE).fetch('software/x')],
    [
      'PutObject',
      '/b/decisions/i-1.json',
      ({ client }) => createS3Store({ client, bucket: 'b' }).put('decisions/i-1.json', '{}'),
    ],
    [
      'ListObjectsV2',
      '/b/',
      async ({ client }) => {
        for await (const _ of createS3Store({ client, bucket: 'b' }).list('statuses/')) return;
      },
    ],
  ];
  for (const [operation, path, act] of objects) {
    it(`${operation} of ${path} is as s3 describes it`, async function () {
      const model = readServiceModel('s3');
      if (model === undefined) return skip(this);
      const { http, input } = model.operations[operation] ?? assert.fail(operation);
      const request = await sent(() => act(setUp()));
      assert.equal(request.method, http.method);
      assert.equal(request.path, path);
      const query = new URLSearchParams(http.requestUri.split('?')[1]);
      const known = Object.values(model.shapes[input?.shape ?? '']?.members ?? {}).flatMap((member) =>
        member.location === 'querystring' ? [member.locationName] : [],
      );
      for (const [name, value] of query) assert.equal(request.url.searchParams.get(name), value);
      for (const name of request.url.searchParams.keys())
        assert.ok(query.has(name) || known.includes(name), name);
    });
  }

  it('that are wrong would be found', function () {
    const model = readServiceModel('autoscaling');
    if (model === undefined) return skip(this);
    assert.deepEqual(
      problemsOf(model, 'TerminateInstanceInAutoScalingGroup', {
        InstanceId: `${NODE}0`,
        Force: true,
        ShouldDecrementDesiredCapacity: 'maybe',
      }),
      [
        'TerminateInstanceInAutoScalingGroup.InstanceId: length 20 is above 19',
        'TerminateInstanceInAutoScalingGroup.Force is not known',
        'TerminateInstanceInAutoScalingGroup.ShouldDecrementDesiredCapacity: not a boolean',
      ],
    );
    assert.deepEqual(problemsOf(model, 'RecordLifecycleActionHeartbeat', { AutoScalingGroupName: 'g' }), [
      'RecordLifecycleActionHeartbeat.LifecycleHookName is missing',
    ]);
  });
});

function skip(context: Mocha.Context): void {
  const test = context.test;
  if (test) test.title += ' (skipped: no ../shared/specs beside this clone, and EBBTIDE_SPECS is not set)';
  context.skip();
}
