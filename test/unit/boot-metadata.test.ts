import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createMetadata } from '../../node-agent/clouds/aws/metadata.ts';
import { credentialsFromMetadata } from '../../node-agent/clouds/aws/metadata-credentials.ts';
import { type Answer, type ReceivedRequest, useLocalServer } from './support/local-server.ts';

describe('instance metadata', () => {
  const local = useLocalServer();

  let tokens = 0;
  async function start(answer: (request: ReceivedRequest) => Answer, lifeS = 21_600) {
    tokens = 0;
    const server = await local.start((request) => {
      if (request.method !== 'PUT') return answer(request);
      assert.equal(request.path, '/latest/api/token');
      tokens += 1;
      const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(lifeS) };
      return { status: 200, body: `token-${tokens}`, headers };
    });
    let clock = 0;
    const metadata = createMetadata({
      environment: { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${server.url}/` },
      timeoutMs: 3_000,
      now: () => clock,
    });
    return { metadata, server, pass: (ms: number) => (clock += ms), now: () => clock };
  }

  const rows: { given: string; answer: Answer; expect: Record<string, string | RegExp> }[] = [
    {
      given: 'text',
      answer: { status: 200, body: 'InService\n' },
      expect: { kind: 'found', text: 'InService' },
    },
    { given: '404', answer: { status: 404 }, expect: { kind: 'absent' } },
    {
      given: 'an empty answer',
      answer: { status: 200, body: '' },
      expect: { kind: 'unknown', reason: /empty/ },
    },
    { given: '503', answer: { status: 503 }, expect: { kind: 'unknown', reason: /503/ } },
    { given: 'no answer', answer: 'hang', expect: { kind: 'unknown', reason: /3000 ms/ } },
    { given: 'a broken line', answer: 'reset', expect: { kind: 'unknown', reason: /hang up|reset/ } },
  ];
  for (const { given, answer, expect } of rows) {
    it(`reads ${given} as ${expect.kind}`, async () => {
      const { metadata } = await start(() => answer);
      const reading: Record<string, unknown> = {
        ...(await metadata.read('autoscaling/target-lifecycle-state')),
      };
      for (const [key, expected] of Object.entries(expect)) {
        if (typeof expected === 'string') assert.equal(reading[key], expected);
        else assert.match(String(reading[key]), expected);
      }
    });
  }

  it('is unknown where no token is to be had', async () => {
    const server = await local.start(() => ({ status: 403 }));
    const metadata = createMetadata({
      environment: { AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url },
      timeoutMs: 3_000,
    });
    const reading = await metadata.read('instance-id');
    assert.equal(reading.kind, 'unknown');
  });

  it('asks for one token for many reads, sends it, and renews it before it ends', async () => {
    const { metadata, server: asked, pass } = await start(() => ({ status: 200, body: 'x' }), 600);
    await Promise.all([metadata.read('a'), metadata.read('b'), metadata.read('c')]);
    assert.equal(tokens, 1);
    pass(539_000);
    await metadata.read('a');
    assert.equal(tokens, 1);
    pass(2_000);
    await metadata.read('a');
    assert.equal(tokens, 2);
    assert.equal(asked.requests.at(-1)?.headers['x-aws-ec2-metadata-token'], 'token-2');
  });

  it('gets a new token when the service has forgotten the old one', async () => {
    const { metadata } = await start((request) =>
      request.headers['x-aws-ec2-metadata-token'] === 'token-1'
        ? { status: 401 }
        : { status: 200, body: 'i-1' },
    );
    assert.deepEqual(await metadata.read('instance-id'), { kind: 'found', text: 'i-1' });
    assert.equal(tokens, 2);
  });

  it('reads tags whose names have a colon', async () => {
    const { metadata, server: asked } = await start(() => ({ status: 200, body: 'true' }));
    await metadata.read('tags/instance/ebbtide:protected');
    assert.equal(asked.requests.at(-1)?.path, '/latest/meta-data/tags/instance/ebbtide:protected');
  });

  describe('credentials', () => {
    function keys(id: string, expiresAt: number, code = 'Success'): Answer {
      const Expiration = new Date(expiresAt).toISOString();
      return {
        status: 200,
        body: JSON.stringify({ Code: code, AccessKeyId: id, SecretAccessKey: 's', Token: 't', Expiration }),
      };
    }
    function startRole(answer: () => Answer) {
      return start((request) => {
        if (request.path.endsWith('/iam/security-credentials/'))
          return { status: 200, body: 'ebbtide-media-node' };
        assert.ok(request.path.endsWith('/iam/security-credentials/ebbtide-media-node'));
        return answer();
      });
    }

    it('are read once and renewed five minutes before they end', async () => {
      let issued = 0;
      const world = await startRole(() => keys(`AKIA${++issued}`, 3_600_000 * issued));
      const credentials = credentialsFromMetadata(world.metadata, world.now);
      const first = await Promise.all([credentials(), credentials()]);
      assert.deepEqual(first[0], {
        accessKeyId: 'AKIA1',
        secretAccessKey: 's',
        sessionToken: 't',
        expiresAt: 3_600_000,
      });
      assert.equal(issued, 1);
      world.pass(3_299_000);
      assert.equal((await credentials()).accessKeyId, 'AKIA1');
      world.pass(2_000);
      assert.equal((await credentials()).accessKeyId, 'AKIA2');
    });

    it('stay in use while a renewal fails, until they end', async () => {
      let broken = false;
      const world = await startRole(() => (broken ? { status: 500 } : keys('AKIA1', 3_600_000)));
      const credentials = credentialsFromMetadata(world.metadata, world.now);
      await credentials();
      broken = true;
      world.pass(3_400_000);
      assert.equal((await credentials()).accessKeyId, 'AKIA1');
      world.pass(200_000);
      await assert.rejects(credentials(), /HTTP 500/);
    });

    it('past their end are used where AWS still hands them out, and asked for again each minute', async () => {
      let issued = 0;
      const world = await startRole(() => keys(`AKIA${++issued}`, 0));
      world.pass(10_000);
      const credentials = credentialsFromMetadata(world.metadata, world.now);
      assert.equal((await credentials()).accessKeyId, 'AKIA1');
      assert.equal((await credentials()).accessKeyId, 'AKIA1');
      world.pass(60_001);
      assert.equal((await credentials()).accessKeyId, 'AKIA2');
    });

    it('that are missing, refused or not JSON are an error that says so', async () => {
      for (const [answer, expected] of [
        [{ status: 404 }, /instance profile/],
        [keys('AKIA1', 0, 'AssumeRoleUnauthorizedAccess'), /AssumeRoleUnauthorizedAccess/],
        [{ status: 200, body: '<html>' }, /not JSON/],
        [{ status: 200, body: '{"Code":"Success"}' }, /missing/],
      ] as [Answer, RegExp][]) {
        const world = await startRole(() => answer);
        await assert.rejects(credentialsFromMetadata(world.metadata, world.now)(), expected);
        await world.server.close();
      }
    });
  });
});
