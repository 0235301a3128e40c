import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createBundler } from '../../stacks/bundle.ts';
import { statusOf } from './support/fleet.ts';
import { type LocalServer, startLocalServer } from './support/local-server.ts';

const GROUP = `<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>
<AutoScalingGroupName>ebbtide-media</AutoScalingGroupName>
<MinSize>1</MinSize><MaxSize>3</MaxSize><DesiredCapacity>1</DesiredCapacity><Instances><member><InstanceId>i-1</InstanceId>
<AvailabilityZone>a</AvailabilityZone><LifecycleState>Terminating:Retained</LifecycleState></member></Instances>
</member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`;

describe('functions as Lambda runs them', () => {
  let folder: string;
  let server: LocalServer;
  let phase: 'serving' | 'empty';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebbtide-function-'));
    server = await startLocalServer(({ method, path, url, body }) => {
      const modified = { 'last-modified': new Date().toUTCString() };
      if (method === 'PUT') return { status: 200, headers: { etag: '"1"' } };
      if (method === 'POST') {
        const action = new URLSearchParams(body).get('Action');
        if (action === 'DescribeAutoScalingGroups') return { status: 200, body: GROUP };
        return { status: 200, body: `<${action}Response><ResponseMetadata/></${action}Response>` };
      }
      if (url.searchParams.has('list-type')) {
        const listed = `<Contents><Key>statuses/AROAX:i-1.json</Key><LastModified>${new Date().toISOString()}</LastModified></Contents>`;
        return {
          status: 200,
          body: `<ListBucketResult><IsTruncated>false</IsTruncated>${listed}</ListBucketResult>`,
        };
      }
      if (path === '/pool/statuses/AROAX:i-1.json') {
        return { status: 200, body: JSON.stringify(statusOf('i-1', { phase })), headers: modified };
      }
      return { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' };
    });
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function invoke(
    name: 'termination-policy' | 'watcher',
    settings: object | undefined,
    event: object = {},
  ) {
    await writeFile(join(folder, 'index.cjs'), (await createBundler().functionOf('aws', name)).code);
    const call = `require('./index.cjs').handler(${JSON.stringify(event)}).then((answer) => process.stdout.write('ANSWER ' + JSON.stringify(answer ?? null) + '\\n'));`;
    const child = spawn(process.execPath, ['-e', call], {
      cwd: folder,
      env: {
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'ASIA1',
        AWS_SECRET_ACCESS_KEY: 's',
        AWS_SESSION_TOKEN: 't',
        AWS_ENDPOINT_URL: server.url,
        ...(settings === undefined ? {} : { EBBTIDE_SETTINGS: JSON.stringify(settings) }),
      },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    const answer = /^ANSWER (.*)$/m.exec(stdout)?.[1];
    const logs = stdout.split('\n').filter((line) => line.startsWith('{'));
    return {
      code,
      stderr,
      answer: answer === undefined ? undefined : JSON.parse(answer),
      logs: logs.map((line) => JSON.parse(line)),
    };
  }
  const actions = () => server.requests.flatMap(({ body }) => new URLSearchParams(body).get('Action') ?? []);

  it('the termination policy answers, and leaves a decision in the bucket', async () => {
    phase = 'serving';
    const settings = { pool: 'media', bucket: 'pool', maxDrains: 1, coolDownMs: 0, warmUpMs: 0 };
    const where = { AvailabilityZone: 'a', InstanceMarketOption: 'on-demand' };
    const ask = () =>
      invoke('termination-policy', settings, {
        AutoScalingGroupName: 'ebbtide-media',
        CapacityToTerminate: [{ ...where, Capacity: 1 }],
        Instances: [{ ...where, InstanceId: 'i-1' }],
        Cause: 'SCALE_IN',
      });
    let outcome = await ask();
    // Its time to read is short, and a machine that stands still takes it away: a group asks again.
    for (let tries = 1; tries < 5 && outcome.answer?.InstanceIDs.length === 0; tries += 1) {
      server.requests.splice(0);
      outcome = await ask();
    }
    assert.deepEqual(outcome.answer, { InstanceIDs: ['i-1'] }, outcome.stderr);
    assert.equal(outcome.logs[0]?.event, 'termination-policy');
    const written = server.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
    assert.deepEqual(written.sort(), ['/pool/decisions/i-1.json', '/pool/memory/termination-policy.json']);
    assert.ok(server.requests.every(({ headers }) => headers['x-amz-security-token'] === 't'));
  });

  it('the watcher writes metrics, and ends a retained machine that is empty', async () => {
    phase = 'empty';
    const settings = {
      pool: 'media',
      bucket: 'pool',
      group: 'ebbtide-media',
      metricNamespace: 'Ebbtide/media',
      warnAfterMs: 1_000,
    };
    const { code, stderr } = await invoke('watcher', settings);
    assert.equal(code, 0, stderr);
    assert.deepEqual(actions().sort(), [
      'DescribeAutoScalingGroups',
      'PutMetricData',
      'TerminateInstanceInAutoScalingGroup',
    ]);
    const ended = server.requests.findIndex(({ body }) => body.includes('TerminateInstance'));
    const remembered = server.requests.findIndex(
      ({ method, path }) => method === 'PUT' && path === '/pool/memory/watcher.json',
    );
    assert.ok(remembered >= 0 && ended > remembered);
    assert.match(server.requests[ended]?.body ?? '', /InstanceId=i-1&ShouldDecrementDesiredCapacity=false/);
  });

  for (const [given, settings, expected] of [
    ['no settings', undefined, /EBBTIDE_SETTINGS is not set/],
    ['settings of another version', { pool: 'media', colour: 'red' }, /EBBTIDE_SETTINGS: .*bucket/s],
  ] as const) {
    it(`${given} fail at once`, async () => {
      const { code, stderr } = await invoke('termination-policy', settings);
      assert.notEqual(code, 0);
      assert.match(stderr, expected);
      assert.deepEqual(server.requests, []);
    });
  }
});
