import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { connectDigitalOcean } from '../../cli/clouds/digitalocean.ts';
import { createStatusSigner, deriveStatusKey } from '../../fleet/status-signature.ts';
import { poolAddress } from '../support/pool-address.ts';
import { statusOf } from './support/fleet.ts';
import { useLocalServer } from './support/local-server.ts';

const ADDRESS = poolAddress('digitalocean');
const SECRETS = { spacesAccessKeyId: 'of-stack', spacesSecretAccessKey: 'x', poolSecret: 'p'.repeat(32) };
const OWN = { SPACES_ACCESS_KEY_ID: 'own', SPACES_SECRET_ACCESS_KEY: 'y' };
const hidden = async () => {
  throw new Error('the stack hides its secrets');
};

const local = useLocalServer();

/** Spaces with the statuses of two nodes, of which one is not signed by its node. */
async function start() {
  const keys: string[] = [];
  const body = (node: string) => JSON.stringify(statusOf(node, { cloud: 'digitalocean' }));
  const signatureOf = (node: string) =>
    createStatusSigner(deriveStatusKey(SECRETS.poolSecret, node))(`statuses/${node}.json`, body(node));
  const date = new Date().toUTCString();
  const server = await local.start(({ path, headers }) => {
    keys.push(/Credential=([^/]+)/.exec(String(headers.authorization))?.[1] ?? '');
    const [, , , file] = path.split('/');
    if (file === undefined || file === '') {
      const contents = ['a', 'b'].map(
        (node) =>
          `<Contents><Key>statuses/${node}.json</Key><LastModified>${new Date().toISOString()}</LastModified></Contents>`,
      );
      const list = `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
      return { status: 200, headers: { date }, body: list };
    }
    const node = file.replace('.json', '');
    const signed = { 'x-amz-meta-ebbtide-signature': signatureOf('a') };
    return { status: 200, headers: { date, 'last-modified': date, ...signed }, body: body(node) };
  });
  return { environment: { SPACES_ENDPOINT_URL: server.url }, keys };
}

describe('a pool on DigitalOcean, to its operator', () => {
  it('believes a node only what it has signed itself', async () => {
    const { environment } = await start();
    const pool = await connectDigitalOcean(ADDRESS, environment, async () => SECRETS);
    const { nodes, complete } = await pool.registry.readFleet();
    assert.deepEqual([complete, nodes.get('a')?.kind, nodes.get('b')?.kind], [true, 'fresh', 'unreadable']);
    assert.equal(pool.doubt, undefined);
  });

  it('takes the key of the environment first, and else that of the stack', async () => {
    for (const [own, expected] of [
      [OWN, 'own'],
      [{}, 'of-stack'],
    ] as const) {
      const { environment, keys } = await start();
      const pool = await connectDigitalOcean(ADDRESS, { ...environment, ...own }, async () => SECRETS);
      await pool.registry.readFleet();
      assert.deepEqual([...new Set(keys)], [expected]);
      await local.server?.close();
    }
  });

  it('says that nothing is verified where the secret is not known', async () => {
    const { environment } = await start();
    const pool = await connectDigitalOcean(ADDRESS, { ...environment, ...OWN }, hidden);
    assert.match(pool.doubt ?? '', /not verified.*the stack hides its secrets/);
    const { nodes } = await pool.registry.readFleet();
    assert.equal(nodes.get('b')?.kind, 'fresh');
  });

  it('says what an operator does where there is no token', async () => {
    const pool = await connectDigitalOcean(ADDRESS, {}, async () => SECRETS);
    await assert.rejects(pool.machines(new AbortController().signal), (error: Error) => {
      assert.match(
        error.message,
        /set DIGITALOCEAN_TOKEN to one with the scopes that `npm run fleet -- policy`/,
      );
      assert.doesNotMatch(error.message, /pulumi config/);
      return true;
    });
  });

  it('says what to set where there is no key at all', async () => {
    await assert.rejects(
      connectDigitalOcean(ADDRESS, {}, hidden),
      /set SPACES_ACCESS_KEY_ID.*hides its secrets/,
    );
  });
});
