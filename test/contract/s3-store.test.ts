import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { type AwsClient, createAwsClient } from '../../fleet/aws/client.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { readingOf } from '../../fleet/registry.ts';
import { fetchVerified } from '../../node-agent/boot/sources.ts';
import { statusOf } from '../unit/support/fleet.ts';

describe("the bucket registry on somebody else's S3 (moto)", function () {
  this.timeout(60_000);
  let moto: ChildProcess | undefined;
  let client: AwsClient;

  before(async function () {
    if (spawnSync('moto_server', ['--help']).status !== 0) {
      this.test?.parent?.tests.forEach((test) => {
        test.title += " (skipped: moto_server is not installed; pip install 'moto[server]')";
      });
      return this.skip();
    }
    const port = await freePort();
    moto = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    client = createAwsClient({
      region: 'us-east-1',
      credentials: async () => ({ accessKeyId: 'AKIA1', secretAccessKey: 's' }),
      environment: { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` },
      timeoutMs: 10_000,
    });
    await until(() => client.send({ service: 's3', method: 'PUT', url: `${client.endpoint('s3')}/pool` }));
  });
  after(() => moto?.kill());

  const store = () => createS3Store({ client, bucket: 'pool' });

  it('reads what a node wrote under its own key, and knows its age', async () => {
    const registry = createBucketRegistry({ store: store(), statusName: (node) => `AROAX:${node}` });
    await registry.writeStatus(statusOf('i-1', { work: { rooms: 3 } }));
    const fleet = await registry.readFleet();
    assert.equal(fleet.complete, true, fleet.problem);
    const reading = readingOf(fleet, 'i-1');
    assert.ok(reading.kind === 'fresh' && reading.ageMs < 10_000);
    assert.deepEqual(reading.status, statusOf('i-1', { work: { rooms: 3 } }));
  });

  it('lists past the first thousand', async () => {
    const keys = Array.from(
      { length: 1_050 },
      (_, index) => `many/n-${String(index).padStart(4, '0')} +&é.json`,
    );
    for (let start = 0; start < keys.length; start += 50) {
      await Promise.all(keys.slice(start, start + 50).map((key) => store().put(key, '{}')));
    }
    const pages: string[][] = [];
    for await (const page of store().list('many/')) pages.push(page.map(({ key }) => key));
    assert.equal(pages.length, 2);
    assert.deepEqual(pages.flat(), keys);
  });

  it('tells an absent object from an absent bucket', async () => {
    assert.equal(await store().get('memory/none.json'), undefined);
    await assert.rejects(createS3Store({ client, bucket: 'nowhere' }).get('x'), /NoSuchBucket/);
    await assert.rejects(createS3Store({ client, bucket: 'nowhere' }).put('x', '{}'), /no bucket nowhere/);
  });

  it('gives software only if it is what was pinned', async () => {
    await store().put('software/x', 'content');
    await assert.rejects(
      fetchVerified(client, 'pool', { key: 'software/x', sha256: 'abc' }),
      /not what was deployed/,
    );
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Until it succeeds, for 30 s. */
async function until(action: () => Promise<unknown>): Promise<void> {
  const giveUpAt = Date.now() + 30_000;
  while (true) {
    try {
      await action();
      return;
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await sleep(100);
    }
  }
}
