import assert from 'node:assert/strict';
import { AwsError, createAwsClient } from '../../fleet/aws/client.ts';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { Decision } from '../../fleet/decision.ts';
import type { Registry } from '../../fleet/registry.ts';
import { NO_WORK, type NodeStatus } from '../../fleet/status.ts';
import type { Applied } from '../../lab/aws/apply.ts';
import { applySmallProgram, FUNCTION_ROLE, NODE_ROLE, startTwin, type TestTwin } from './support/aws/twin.ts';

const NODE = 'i-0000000000000000a';

function statusOf(node: string): NodeStatus {
  const now = new Date().toISOString();
  return {
    v: 1,
    node,
    pool: 'media',
    cloud: 'aws',
    zone: 'eu-west-1a',
    address: '127.0.0.1',
    software: { agent: '0.1.0' },
    phase: 'serving',
    since: now,
    at: now,
    bootedAt: now,
    work: NO_WORK,
    capacity: null,
    load: null,
    cpu: null,
    protected: false,
    media: [],
  };
}

function decisionOf(node: string): Decision {
  return {
    v: 1,
    id: 'd-1',
    node,
    pool: 'media',
    at: new Date().toISOString(),
    by: 'termination-policy',
    cause: 'scale-in',
    intent: 'leave',
    reason: 'empty',
  };
}

describe('the registry on the twin S3', () => {
  let applied: Applied;
  let world: TestTwin;

  before(async () => {
    applied = await applySmallProgram({ min: 0, max: 2, initial: 0 });
  });

  beforeEach(async () => {
    world = await startTwin(applied);
  });

  afterEach(() => world.twin.close());

  /** As the agent has it: a status goes under `ROLEID:instance`. */
  function nodeRegistry(node = NODE): Registry {
    const { uniqueId } = applied.model.roles.find(({ name }) => name === NODE_ROLE) ?? { uniqueId: '' };
    const store = createS3Store({ client: world.client(NODE_ROLE, node), bucket: world.bucket });
    return createBucketRegistry({ store, statusName: (name) => `${uniqueId}:${name}` });
  }

  function functionRegistry(): Registry {
    return createBucketRegistry({
      store: createS3Store({ client: world.client(FUNCTION_ROLE, 'watcher'), bucket: world.bucket }),
    });
  }

  it('lets a node write its own status, and a function read it fresh', async () => {
    await nodeRegistry().writeStatus(statusOf(NODE));
    const { nodes, complete } = await functionRegistry().readFleet();
    assert.equal(complete, true);
    const reading = nodes.get(NODE);
    assert.equal(reading?.kind, 'fresh');
    assert.deepEqual(world.twin.refused(), []);
  });

  it('refuses a node that writes for another, and remembers it', async () => {
    await assert.rejects(
      nodeRegistry().writeStatus(statusOf('i-0000000000000000b')),
      (error) => error instanceof AwsError && error.code === 'AccessDenied',
    );
    const [refusal] = world.twin.refused();
    assert.equal(refusal?.action, 's3:PutObject');
    assert.match(refusal?.principal ?? '', new RegExp(`role/${NODE_ROLE}$`));
    assert.match(refusal?.resource ?? '', /statuses\/AROA\w+:i-0000000000000000b\.json$/);
  });

  it('tells a node that no decision is there yet, and then the decision', async () => {
    assert.deepEqual(await nodeRegistry().readDecision(NODE), { kind: 'none' });
    const decision = decisionOf(NODE);
    await functionRegistry().writeDecision(decision);
    assert.deepEqual(await nodeRegistry().readDecision(NODE), { kind: 'decided', decision });
    assert.deepEqual(world.twin.refused(), []);
  });

  it('keeps a node from decisions that are its functions’ to write, and from statuses', async () => {
    const client = world.client(NODE_ROLE, NODE);
    const store = createS3Store({ client, bucket: world.bucket });
    await assert.rejects(store.put(`decisions/${NODE}.json`, '{}'), /AccessDenied/);
    await assert.rejects(store.get('statuses/AROAX:i-1.json'), /AccessDenied/);
    await assert.rejects(async () => {
      for await (const _page of store.list('statuses/'));
    }, /AccessDenied/);
    assert.equal(world.twin.refused().length, 3);
  });

  it('gives more than a thousand statuses page by page', async () => {
    for (let index = 0; index < 1050; index++) {
      const node = `i-${String(index).padStart(17, '0')}`;
      world.twin.putObject(world.bucket, `statuses/AROAX:${node}.json`, JSON.stringify(statusOf(node)));
    }
    const pages: number[] = [];
    const store = createS3Store({ client: world.client(FUNCTION_ROLE, 'watcher'), bucket: world.bucket });
    for await (const page of store.list('statuses/')) pages.push(page.length);
    assert.deepEqual(pages, [1000, 50]);
  });

  it('tells a missing key from a missing bucket', async () => {
    const store = createS3Store({ client: world.client(FUNCTION_ROLE, 'watcher'), bucket: world.bucket });
    assert.equal(await store.get('memory/none.json'), undefined);
    const elsewhere = createS3Store({ client: world.client(FUNCTION_ROLE, 'watcher'), bucket: 'not-there' });
    await assert.rejects(elsewhere.get('memory/none.json'), /NoSuchBucket/);
  });

  const failures = [
    { kind: 'throttle', says: /SlowDown/ },
    { kind: 'error', says: /InternalError/ },
    { kind: 'timeout', says: /no answer in time/ },
    { kind: 'garbage', says: /not a list/ },
  ] as const;
  for (const { kind, says } of failures) {
    it(`never takes a failed list for an empty fleet: ${kind}`, async () => {
      world.twin.faults.add({ service: 's3', action: 'ListObjectsV2', times: 1, kind });
      const reading = await functionRegistry().readFleet();
      assert.equal(reading.complete, false);
      assert.match(reading.problem ?? '', says);
      assert.equal((await functionRegistry().readFleet()).complete, true);
      assert.deepEqual(world.twin.refused(), []);
    });
  }

  it('spoils the calls of one instance only, where it is told so', async () => {
    world.twin.putObject(world.bucket, `decisions/${NODE}.json`, JSON.stringify(decisionOf(NODE)));
    world.twin.faults.add({ service: 's3', instance: 'i-0000000000000000b', times: 1, kind: 'throttle' });
    assert.equal((await nodeRegistry().readDecision(NODE)).kind, 'decided');
  });

  it('refuses a signature that is not right, and keys that it did not give out', async () => {
    const real = world.twin.assume(NODE_ROLE, NODE);
    const wrong = [
      { credentials: { ...real, secretAccessKey: 'guessed' }, code: 'SignatureDoesNotMatch' },
      { credentials: { ...real, accessKeyId: 'ASIAUNKNOWN' }, code: 'InvalidAccessKeyId' },
      { credentials: { ...real, sessionToken: 'another' }, code: 'InvalidToken' },
    ];
    for (const { credentials, code } of wrong) {
      const client = createAwsClient({
        region: 'eu-west-1',
        credentials: async () => credentials,
        environment: { AWS_ENDPOINT_URL: world.twin.endpoint },
        timeoutMs: 5_000,
      });
      const store = createS3Store({ client, bucket: world.bucket });
      await assert.rejects(
        store.get('decisions/x.json'),
        (error) => error instanceof AwsError && error.code === code,
      );
    }
    assert.equal(world.twin.refused().length, wrong.length);
  });

  it('refuses keys that have expired', async () => {
    await world.twin.close();
    world = await startTwin(applied, { credentialsMs: 1 });
    const client = world.client(NODE_ROLE, NODE);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const store = createS3Store({ client, bucket: world.bucket });
    await assert.rejects(
      store.get('decisions/x.json'),
      (error) => error instanceof AwsError && error.code === 'ExpiredToken',
    );
  });

  it('does not let a parameter pass that it does not know, and remembers it', async () => {
    const client = world.client(FUNCTION_ROLE, 'watcher');
    const url = `${world.twin.endpoint}/${world.bucket}?list-type=2&delimiter=%2F`;
    await assert.rejects(client.send({ service: 's3', method: 'GET', url }), /delimiter/);
    assert.match(world.twin.refused()[0]?.why ?? '', /delimiter/);
  });

  it('lets nobody in who does not sign', async () => {
    const response = await fetch(`${world.twin.endpoint}/${world.bucket}/software/agent.cjs`);
    assert.equal(response.status, 403);
    assert.equal(world.twin.refused()[0]?.principal, 'anonymous');
  });

  it('holds what the program put there', async () => {
    const store = createS3Store({ client: world.client(NODE_ROLE, NODE), bucket: world.bucket });
    assert.equal((await store.get('software/agent.cjs'))?.body, '// the agent');
  });
});
