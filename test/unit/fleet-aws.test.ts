import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { createAutoScalingGroup } from '../../fleet/aws/auto-scaling-group.ts';
import { AwsError, createAwsClient } from '../../fleet/aws/client.ts';
import { credentialsFromEnvironment } from '../../fleet/aws/credentials.ts';
import { callQuery, memberList } from '../../fleet/aws/query.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { putMetrics } from '../../functions/aws/metrics.ts';
import { errorOf } from './support/error-of.ts';
import {
  type Answer,
  type LocalServer,
  type ReceivedRequest,
  startLocalServer,
} from './support/local-server.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIA1', AWS_SECRET_ACCESS_KEY: 's' };
const DATE = 'Sun, 01 Mar 2026 12:00:00 GMT';
const WRITTEN: Answer = { status: 200, headers: { date: DATE, etag: '"e"' } };

describe('AWS over HTTP', () => {
  let server: LocalServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function start(answer: (request: ReceivedRequest, count: number) => Answer) {
    let count = 0;
    const started = await startLocalServer((request) => answer(request, ++count));
    server = started;
    const credentials = credentialsFromEnvironment(KEYS);
    assert.ok(credentials);
    const environment = { AWS_ENDPOINT_URL: started.url };
    const client = createAwsClient({ region: 'eu-west-1', credentials, environment, timeoutMs: 3_000 });
    return { client, started, store: createS3Store({ client, bucket: 'b' }) };
  }
  const xml = (body: string, status = 200): Answer => ({ status, body, headers: { date: DATE } });

  describe('errors', () => {
    const rows: [string, Answer, string, RegExp][] = [
      [
        'a refusal',
        xml('<Error><Code>AccessDenied</Code><Message>no</Message></Error>', 403),
        'AccessDenied',
        /GET \/b\/x \(s3\): AccessDenied: no/,
      ],
      ['a request too many', xml('<Error><Code>SlowDown</Code></Error>', 503), 'SlowDown', /SlowDown/],
      [
        'a throttle',
        xml('<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>', 400),
        'Throttling',
        /Throttling/,
      ],
      [
        'a JSON error',
        { status: 400, body: '{"__type":"ThrottlingException","message":"slow"}' },
        'ThrottlingException',
        /slow/,
      ],
      ['a server error without a body', { status: 500 }, 'Http500', /Http500/],
      ['silence', 'hang', 'Timeout', /no answer in time: no answer in 3000 ms/],
      ['a broken line', 'reset', 'Network', /connection failed/],
    ];
    for (const [given, answer, code, text] of rows) {
      it(`${given} is ${code}`, async () => {
        const { store } = await start(() => answer);
        const error = await errorOf(AwsError, store.get('x'));
        assert.equal(error.code, code);
        assert.match(`${error.message}: ${error.cause instanceof Error ? error.cause.message : ''}`, text);
      });
    }

    it('a caller that gives up is a timeout', async () => {
      const { store } = await start(() => 'hang');
      assert.equal((await errorOf(AwsError, store.get('x', AbortSignal.timeout(20)))).code, 'Timeout');
      assert.equal((await errorOf(AwsError, store.get('x', AbortSignal.abort()))).code, 'Timeout');
    });

    it('a request that is given up already costs nothing: it is not even signed', async () => {
      const client = createAwsClient({
        region: 'r',
        credentials: () => Promise.reject(new Error('asked for keys')),
        environment: {},
        timeoutMs: 10,
      });
      const url = 'https://b/x';
      const error = await errorOf(
        AwsError,
        client.send({ service: 's3', method: 'GET', url, signal: AbortSignal.abort() }),
      );
      assert.equal(error.code, 'Timeout');
    });

    it('an answer that breaks off in its middle is none', async () => {
      const { store } = await start(() => ({
        status: 200,
        body: 'half',
        headers: { 'content-length': '100' },
      }));
      assert.match((await errorOf(AwsError, store.get('x'))).code, /Timeout|Network/);
    });

    it('no keys are an error of their own', async () => {
      const client = createAwsClient({
        region: 'r',
        credentials: () => Promise.reject(new Error('no role')),
        environment: {},
        timeoutMs: 10,
      });
      const error = await errorOf(
        AwsError,
        client.send({ service: 's3', method: 'GET', url: 'https://b/x' }),
      );
      assert.equal(error.code, 'Credentials');
    });
  });

  for (const [given, offMs, signedOffMs] of [
    ['an hour ahead', 3_600_000, 0],
    ['an hour behind', -3_600_000, 0],
    ['some seconds ahead', 20_000, 20_000],
  ] as const) {
    it(`with a clock ${given}, the first refusal tells the time that the next request is signed by`, async () => {
      const told = Date.parse(DATE);
      const dates: number[] = [];
      const client = createAwsClient({
        region: 'r',
        credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }),
        environment: {},
        timeoutMs: 10,
        now: () => told + offMs,
        async send({ headers }) {
          const stamp = headers?.['x-amz-date'] ?? '';
          dates.push(Date.parse(stamp.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5')));
          return { status: 403, headers: { date: DATE }, body: Buffer.from('') };
        },
      });
      const request = { service: 's3', method: 'GET', url: 'https://b/x' } as const;
      for (let time = 0; time < 3; time += 1) await errorOf(AwsError, client.send(request));
      assert.deepEqual(
        dates.map((date) => date - told),
        [offMs, signedOffMs, signedOffMs],
      );
    });
  }

  it('makes a new connection where the server closes the one that was kept', async () => {
    const { store, started } = await start((_request, count) => (count === 2 ? 'reset' : WRITTEN));
    await store.put('x', '{}');
    await store.put('y', '{}');
    assert.deepEqual(
      started.requests.map(({ path }) => path),
      ['/b/x', '/b/y', '/b/y'],
    );
  });

  for (const [environment, service, expected, custom] of [
    [{}, 's3', 'https://s3.eu-west-1.amazonaws.com', false],
    [{ AWS_ENDPOINT_URL: 'http://x/' }, 'autoscaling', 'http://x', true],
    [
      { AWS_ENDPOINT_URL: 'http://x', AWS_ENDPOINT_URL_CLOUDWATCH: 'http://y' },
      'monitoring',
      'http://y',
      true,
    ],
  ] as const) {
    it(`${service} is at ${expected} with ${JSON.stringify(environment)}`, () => {
      const client = createAwsClient({
        region: 'eu-west-1',
        credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }),
        environment,
        timeoutMs: 1,
      });
      assert.equal(client.endpoint(service), expected);
      assert.equal(client.customEndpoint(service), custom);
    });
  }

  describe('S3', () => {
    const contents = (key: string, second: string) =>
      `<Contents><Key>${key}</Key><LastModified>2026-03-01T11:59:${second}.000Z</LastModified></Contents>`;
    const page = (truncated: boolean, inside: string) =>
      xml(
        `<?xml version="1.0"?><ListBucketResult xmlns="http://s3"><Name>b</Name><IsTruncated>${truncated}</IsTruncated>${inside}</ListBucketResult>`,
      );
    async function listAll(store: Awaited<ReturnType<typeof start>>['store']) {
      const all: unknown[] = [];
      for await (const objects of store.list('statuses/')) all.push(...objects);
      return all;
    }

    it('lists page by page, with ages by the clock of the store', async () => {
      const { store, started } = await start((_request, count) =>
        count === 1
          ? page(true, `${contents('statuses/a', '30')}<NextContinuationToken>t/+=</NextContinuationToken>`)
          : page(false, contents('statuses/b &amp; c', '50')),
      );
      assert.deepEqual(await listAll(store), [
        { key: 'statuses/a', ageMs: 30_000 },
        { key: 'statuses/b & c', ageMs: 10_000 },
      ]);
      assert.equal(started.requests[1]?.url.searchParams.get('continuation-token'), 't/+=');
      assert.equal(started.requests[1]?.url.searchParams.get('prefix'), 'statuses/');
    });

    it('lists nothing where there is nothing', async () => {
      const { store } = await start(() => page(false, ''));
      assert.deepEqual(await listAll(store), []);
    });

    for (const [given, answer] of [
      ['garbage', xml('<html>hello</html>')],
      ['an empty answer', xml('')],
      [
        'a list that breaks off after an entry',
        xml(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents('statuses/a', '30')}`),
      ],
      ['a page that is not the last and has no token', page(true, contents('statuses/a', '30'))],
      ['no bucket', xml('<Error><Code>NoSuchBucket</Code></Error>', 404)],
    ] as [string, Answer][]) {
      it(`${given} is an error, never an empty list`, async () => {
        const { store } = await start(() => answer);
        await errorOf(AwsError, listAll(store));
      });
    }

    it('an absent object is absent only where the store says so', async () => {
      const { store } = await start(({ path }) =>
        xml(`<Error><Code>${path.endsWith('none') ? 'NoSuchKey' : 'NoSuchBucket'}</Code></Error>`, 404),
      );
      assert.equal(await store.get('none'), undefined);
      assert.match((await errorOf(AwsError, store.get('x'))).message, /NoSuchBucket/);
      assert.match((await errorOf(AwsError, store.put('x', '{}'))).message, /no bucket b/);
    });

    it('a write that no store confirms is an error', async () => {
      const { store } = await start(() => xml('<html>hello</html>'));
      assert.match((await errorOf(AwsError, store.put('x', '{}'))).message, /writing x .* no ETag/);
    });

    it('reads an object with its age, and needs the clock of the store', async () => {
      const modified = { 'last-modified': 'Sun, 01 Mar 2026 11:59:15 GMT' };
      const { store } = await start(() => ({
        status: 200,
        body: 'text',
        headers: { date: DATE, ...modified, 'x-amz-meta-ebbtide-signature': 'abc' },
      }));
      assert.deepEqual(await store.get('statuses/A:i-1.json'), {
        key: 'statuses/A:i-1.json',
        ageMs: 45_000,
        body: 'text',
        metadata: { 'ebbtide-signature': 'abc' },
      });
      await server?.close();
      const without = await start(() => ({ status: 200, body: 'text', headers: { date: DATE } }));
      await assert.rejects(without.store.get('x'), /did not tell when it was written/);
    });
  });

  describe('query protocol', () => {
    const form = (request: ReceivedRequest | undefined) =>
      Object.fromEntries(new URLSearchParams(request?.body));
    const answered = (action: string, inside: string) =>
      xml(
        `<${action}Response xmlns="http://aws"><${action}Result>${inside}</${action}Result><ResponseMetadata/></${action}Response>`,
      );

    for (const body of [
      '<html/>',
      '',
      '{}',
      '<DescribeResponse><DescribeResult><X>1</X></DescribeResult></DescribeResponse>',
    ]) {
      it(`${JSON.stringify(body.slice(0, 20))} is malformed, never empty`, async () => {
        const { client } = await start(() => xml(body));
        const schema = v.object({ Things: memberList(v.string()) });
        assert.equal(
          (await errorOf(AwsError, callQuery(client, 'autoscaling', 'Describe', {}, schema))).code,
          'Malformed',
        );
      });
    }

    it('reads a group to its last page', async () => {
      const group = (node: string, state: string) =>
        `<AutoScalingGroups><member><AutoScalingGroupName>g</AutoScalingGroupName><MinSize>1</MinSize><MaxSize>3</MaxSize><DesiredCapacity>2</DesiredCapacity><Instances><member><InstanceId>${node}</InstanceId><AvailabilityZone>a</AvailabilityZone><LifecycleState>${state}</LifecycleState></member></Instances></member></AutoScalingGroups>`;
      const { client, started } = await start((_request, count) =>
        answered(
          'DescribeAutoScalingGroups',
          count === 1
            ? `${group('i-1', 'InService')}<NextToken>n</NextToken>`
            : group('i-2', 'Terminating:Retained'),
        ),
      );
      assert.deepEqual(await createAutoScalingGroup(client, 'g').readMachines(), [
        { node: 'i-1', zone: 'a', lifecycleState: 'InService' },
        { node: 'i-2', zone: 'a', lifecycleState: 'Terminating:Retained' },
      ]);
      assert.deepEqual(form(started.requests[1]), {
        Action: 'DescribeAutoScalingGroups',
        Version: '2011-01-01',
        'AutoScalingGroupNames.member.1': 'g',
        NextToken: 'n',
      });
    });

    it('a group without machines has none, and a group that is not there is an error', async () => {
      const { client } = await start((_request, count) =>
        answered(
          'DescribeAutoScalingGroups',
          count === 1
            ? '<AutoScalingGroups><member><AutoScalingGroupName>g</AutoScalingGroupName><MinSize>1</MinSize><MaxSize>3</MaxSize><DesiredCapacity>2</DesiredCapacity><Instances/></member></AutoScalingGroups>'
            : '<AutoScalingGroups/>',
        ),
      );
      assert.deepEqual(await createAutoScalingGroup(client, 'g').readMachines(), []);
      await assert.rejects(createAutoScalingGroup(client, 'g').readMachines(), /no Auto Scaling group g/);
    });

    it('writes metrics in requests that CloudWatch takes', async () => {
      const { client, started } = await start(() =>
        xml('<PutMetricDataResponse><ResponseMetadata/></PutMetricDataResponse>'),
      );
      const metrics = Array.from({ length: 501 }, (_, value) => ({
        name: `M${value}`,
        value,
        unit: 'Count' as const,
      }));
      await putMetrics(client, 'Ebbtide/media', metrics, Date.parse('2026-03-01T12:00:00Z'));
      assert.equal(started.requests.length, 2);
      assert.deepEqual(form(started.requests[1]), {
        Action: 'PutMetricData',
        Version: '2010-08-01',
        Namespace: 'Ebbtide/media',
        'MetricData.member.1.MetricName': 'M500',
        'MetricData.member.1.Timestamp': '2026-03-01T12:00:00.000Z',
        'MetricData.member.1.Value': '500',
        'MetricData.member.1.Unit': 'Count',
      });
    });
  });
});
