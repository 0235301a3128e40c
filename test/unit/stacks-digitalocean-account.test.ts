import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { accountWarnings } from '../../stacks/digitalocean/account-rules.ts';
import { digitalOceanNames } from '../../stacks/digitalocean/names.ts';
import { checkAccount } from '../../stacks/digitalocean/preconditions.ts';
import { readSettings } from '../../stacks/settings.ts';
import { configValues, GOOD_DIGITALOCEAN, settingsOf } from './stacks-mocks.ts';
import {
  type AccountAnswer,
  DEFAULT_VPC,
  GOOD_ACCOUNT,
  OCEAN_TOKEN,
  refusal,
  startAccount,
} from './stacks-mocks-digitalocean.ts';

const NAMES = digitalOceanNames('media', 'shop-prod');
const VPC = '5a4981aa-9653-4bd1-bef5-d6bff52042e4';
const OTHER_TOKEN = 'Bearer token of the orchestrator';

function settings(changed: Record<string, unknown> = {}) {
  const values = configValues({ ...GOOD_DIGITALOCEAN, ...changed });
  const files = { text: () => undefined, sha256: () => undefined };
  return settingsOf(readSettings({ values, isSecret: () => true }, files).settings, 'digitalocean');
}

const ownVpc = (changed: Record<string, unknown> = {}) => {
  const own = { id: VPC, name: 'ebbtide-media', region: 'fra1', description: NAMES.vpcDescription };
  return { vpcs: [DEFAULT_VPC, { ...own, ip_range: '10.87.0.0/16', default: false, ...changed }] };
};
const otherVpc = (changed: Record<string, unknown>) =>
  ownVpc({ name: 'mine', description: '', ip_range: '10.20.0.0/20', ...changed });
const nodesIn = (...vpcs: string[]) => ({
  '/v2/droplets': { droplets: vpcs.map((vpc_uuid) => ({ vpc_uuid })), meta: { total: vpcs.length } },
});

const asRead = (vpc: object) => ({ ...DEFAULT_VPC, ...vpc });

describe('an account of DigitalOcean, before anything is made', () => {
  let close: () => Promise<void> = async () => undefined;
  afterEach(() => close());

  async function check(
    changed: Record<string, unknown> = {},
    things: Record<string, unknown> = {},
    answer?: AccountAnswer,
  ) {
    await close();
    const account = await startAccount({ ...GOOD_ACCOUNT, ...things }, answer);
    close = account.close;
    const { token } = await checkAccount(settings(changed), NAMES, account.environment);
    return { token, requests: account.requests };
  }

  async function problemsOf(...args: Parameters<typeof check>): Promise<string[]> {
    try {
      await check(...args);
    } catch (error) {
      assert.ok(error instanceof Error);
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim());
    }
    return [];
  }

  it('is only read, with each token, and gives the token of the operator', async () => {
    const { token, requests } = await check();
    assert.equal(token, OCEAN_TOKEN);
    assert.deepEqual([...new Set(requests.map(({ method }) => method))], ['GET']);
    const tokens = new Set(requests.map(({ headers }) => headers.authorization));
    assert.deepEqual([...tokens].sort(), [`Bearer ${OCEAN_TOKEN}`, OTHER_TOKEN]);
  });

  it('is asked for no more than the settings have a use for', async () => {
    const paths = async (changed: Record<string, unknown> = {}, things = {}) =>
      new Set((await check(changed, things)).requests.map(({ path }) => path));
    const few = await paths();
    for (const path of [
      '/v2/load_balancers',
      '/v2/certificates',
      '/v2/monitoring/alerts',
      '/v2/uptime/checks',
    ])
      assert.ok(!few.has(path), path);
    await close();
    const all = await paths(
      {
        digitalocean: { region: 'fra1', loadBalancer: { certificate: 'web' }, sshKeys: [17] },
        alarms: { notify: ['a@example.org'] },
      },
      { '/v2/certificates': { certificates: [{ name: 'web' }] }, '/v2/account/keys/17': {} },
    );
    for (const path of [
      '/v2/load_balancers',
      '/v2/certificates',
      '/v2/monitoring/alerts',
      '/v2/uptime/checks',
      '/v2/account/keys/17',
    ])
      assert.ok(all.has(path), path);
  });

  it('may have a pool already, which is this one', async () => {
    const there = {
      '/v2/vpcs': ownVpc(),
      ...nodesIn(VPC, VPC),
      '/v2/tags/ebbtide-media': { tag: {} },
      '/v2/tags/ebbtide-media:of:shop-prod': { tag: {} },
      '/v2/firewalls': { firewalls: [{ name: 'ebbtide-media', tags: ['ebbtide-media'] }] },
      '/v2/functions/namespaces': { namespaces: [{ label: 'ebbtide-media', region: 'fra1' }] },
    };
    assert.deepEqual(await problemsOf({}, there), []);
  });

  const rows: [string, Record<string, unknown>, Record<string, unknown>, RegExp][] = [
    [
      'a region that is none',
      { digitalocean: { region: 'xyz9', spacesRegion: 'fra1', functionsRegion: 'fra1' } },
      { '/v2/images/debian-13-x64': { image: { regions: ['xyz9'] } } },
      /^ebbtide:digitalocean\.region is "xyz9": there is no such region/,
    ],
    [
      'a region that is full',
      { digitalocean: { region: 'nyc2', spacesRegion: 'nyc3', functionsRegion: 'nyc3' } },
      { '/v2/images/debian-13-x64': { image: { regions: ['nyc2'] } } },
      /^ebbtide:digitalocean\.region is "nyc2": DigitalOcean makes no new droplets there/,
    ],
    [
      'a size that the region does not have',
      { pool: { name: 'media', machineType: 'c-16' } },
      {},
      /^ebbtide:pool\.machineType is "c-16": your account cannot have it in fra1, which has of its kind c-4, c-8 /,
    ],
    [
      'an image that is none',
      { pool: { name: 'media', image: 4711 } },
      {},
      /^ebbtide:pool\.image is "4711": there is no such image/,
    ],
    [
      'an image that is elsewhere',
      {},
      { '/v2/images/debian-13-x64': { image: { regions: ['nyc3'] } } },
      /^ebbtide:pool\.image is "debian-13-x64": it is not in fra1/,
    ],
    [
      'more droplets than the account may have',
      { pool: { name: 'media', max: 23 } },
      {},
      /^ebbtide:pool\.max is 23: with ebbtide:scaleIn\.maxDrains, which is 3, it must be at most 25, which is the account's limit/,
    ],
    [
      'a VPC of somebody else',
      {},
      { '/v2/vpcs': ownVpc({ description: '', ip_range: '10.20.0.0/20' }) },
      /^ebbtide:pool\.name is "media": the account has a VPC ebbtide-media already, not of this pool/,
    ],
    [
      'a VPC and a firewall of somebody else, at once',
      {},
      {
        '/v2/vpcs': ownVpc({ description: 'mine', ip_range: '10.20.0.0/20' }),
        '/v2/firewalls': { firewalls: [{ name: 'ebbtide-media', tags: null }] },
      },
      /has a VPC ebbtide-media and a firewall ebbtide-media already/,
    ],
    [
      'a load balancer of somebody else',
      { digitalocean: { region: 'fra1', loadBalancer: {} } },
      { '/v2/load_balancers': { load_balancers: [{ name: 'ebbtide-media', tag: 'web' }] } },
      /has a load balancer ebbtide-media already/,
    ],
    [
      'a pool of the name in another stack, whose tag a destroy of this one would take',
      {},
      {
        '/v2/tags/ebbtide-media': { tag: {} },
        '/v2/tags/ebbtide-media:of:shop-dev': { tag: {} },
        '/v2/vpcs': ownVpc(),
      },
      /^ebbtide:pool\.name is "media": the account has a tag ebbtide-media already, not of this stack/,
    ],
    [
      'a pool of the name in another region',
      {},
      {
        '/v2/vpcs': ownVpc({ region: 'ams3' }),
        '/v2/functions/namespaces': { namespaces: [{ label: 'ebbtide-media', region: 'ams3' }] },
      },
      /^ebbtide:digitalocean\.region is "fra1": the pool media is in ams3, and its tags are the whole account's/,
    ],
    [
      'an orchestrator in another region',
      { digitalocean: { region: 'fra1', functionsRegion: 'ams3' } },
      { '/v2/functions/namespaces': { namespaces: [{ label: 'ebbtide-media', region: 'fra1' }] } },
      /^ebbtide:digitalocean\.functionsRegion is "ams3": the pool media is in fra1/,
    ],
    [
      'a VPC that is not there',
      { network: { id: VPC } },
      {},
      new RegExp(`^ebbtide:network\\.id is "${VPC}": there is no such VPC`),
    ],
    [
      'a VPC that is elsewhere',
      { network: { id: VPC } },
      { '/v2/vpcs': otherVpc({ region: 'ams3' }) },
      /^ebbtide:network\.id is ".*": it is in ams3, and must be in ebbtide:digitalocean\.region, which is fra1/,
    ],
    [
      'a region whose default VPC, which is never deleted, would be the pool’s',
      {},
      { '/v2/vpcs': { vpcs: [{ ...DEFAULT_VPC, region: 'ams3' }] } },
      /^ebbtide:network\.id is left out, and the account has no VPC in fra1: .* --name default-fra1 --region fra1`\)$/,
    ],
    [
      'a range that another VPC of the account has, in whatever region',
      {},
      { '/v2/vpcs': otherVpc({ region: 'ams3', ip_range: '10.87.16.0/20' }) },
      /^ebbtide:network\.cidr is "10\.87\.0\.0\/16": it overlaps with 10\.87\.16\.0\/20 of the VPC mine, in ams3\. Give another, such as 10\.88\.0\.0\/16$/,
    ],
    [
      'a range that is within another VPC’s',
      { network: { cidr: '10.114.4.0/24' } },
      {},
      /^ebbtide:network\.cidr is "10\.114\.4\.0\/24": it overlaps with 10\.114\.0\.0\/20 of the VPC default-fra1/,
    ],
    [
      'a range that is not private',
      { network: { cidr: '11.0.0.0/16' } },
      {},
      /^ebbtide:network\.cidr is "11\.0\.0\.0\/16": DigitalOcean takes private ranges only/,
    ],
    [
      'a range that DigitalOcean has for itself',
      { network: { cidr: '10.246.0.0/20' } },
      {},
      /^ebbtide:network\.cidr is "10\.246\.0\.0\/20": DigitalOcean has 10\.246\.0\.0\/24 for itself/,
    ],
    [
      'another range than its own VPC has: it would be deleted, and the load balancer with it',
      { network: { cidr: '10.88.0.0/16' } },
      { '/v2/vpcs': ownVpc(), ...nodesIn(VPC) },
      /^ebbtide:network\.cidr is "10\.88\.0\.0\/16": the VPC of the pool media has 10\.87\.0\.0\/16/,
    ],
    [
      'a VPC given in the place of its own, while nodes are in that',
      { network: { id: DEFAULT_VPC.id } },
      { '/v2/vpcs': ownVpc(), ...nodesIn(DEFAULT_VPC.id, VPC) },
      new RegExp(
        `^ebbtide:network\\.id is ".*": nodes of the pool are in the VPC ${VPC}, and this one would be deleted`,
      ),
    ],
    [
      'another VPC given than its nodes are in, where there is a load balancer',
      { network: { id: DEFAULT_VPC.id }, digitalocean: { region: 'fra1', loadBalancer: {} } },
      { '/v2/vpcs': otherVpc({}), ...nodesIn(VPC) },
      /^ebbtide:network\.id is ".*": nodes .* and another VPC has another load balancer, which reaches none of them/,
    ],
    [
      'no VPC given any more, where there is a load balancer',
      { digitalocean: { region: 'fra1', loadBalancer: {} } },
      { '/v2/vpcs': otherVpc({}), ...nodesIn(VPC) },
      /^ebbtide:network\.id is left out: nodes of the pool are in the VPC/,
    ],
    [
      'a certificate that is not there',
      { digitalocean: { region: 'fra1', loadBalancer: { certificate: 'web' } } },
      { '/v2/certificates': { certificates: [{ name: 'other' }] } },
      /^ebbtide:digitalocean\.loadBalancer\.certificate is "web": the account has other /,
    ],
    [
      'an SSH key that is not there',
      { digitalocean: { region: 'fra1', sshKeys: [17, 18], sshFrom: ['10.0.0.0/8'] } },
      { '/v2/account/keys/17': {} },
      /^ebbtide:digitalocean\.sshKeys\[1\] is "18": the account has no such key/,
    ],
  ];
  for (const [what, changed, things, error] of rows) {
    it(`is refused with ${what}`, async () => {
      const problems = await problemsOf(changed, things);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', error);
    });
  }

  it('keeps nobody from a destroy by what only new droplets would need', async () => {
    const sold = { pool: { name: 'media', machineType: 'c-16', max: 30 } };
    assert.equal((await problemsOf(sold)).length, 2);
    assert.deepEqual(await problemsOf({ ...sold, onDestroy: 'cut' }), []);
  });

  it('may have its new nodes in another VPC, where nothing is bound to the one before', async () => {
    const there = { '/v2/vpcs': otherVpc({}), ...nodesIn(VPC) };
    assert.deepEqual(await problemsOf({ network: { id: DEFAULT_VPC.id } }, there), []);
    assert.deepEqual(await problemsOf({}, there), []);
  });

  it('may have its own VPC again, in other words of the same range', async () => {
    const there = { '/v2/vpcs': ownVpc({ ip_range: '10.87.0.0/16' }) };
    assert.deepEqual(await problemsOf({ network: { cidr: '10.87.0.0/16' } }, there), []);
    const warnings = accountWarnings(settings(), NAMES, { vpcs: ownVpc().vpcs.map(asRead) });
    assert.deepEqual(warnings, []);
  });

  it('is told of a VPC that no destroy could delete', () => {
    const vpcs = ownVpc({ default: true }).vpcs.map(asRead);
    const [{ key, says } = { key: '', says: '' }, ...more] = accountWarnings(settings(), NAMES, { vpcs });
    assert.deepEqual([key, more], ['network.id', []]);
    assert.match(says, /the pool's own VPC is the default of fra1: DigitalOcean deletes none that is/);
  });

  it('tells everything that is wrong at once', async () => {
    const problems = await problemsOf(
      { pool: { name: 'media', machineType: 'c-16', max: 30 } },
      { '/v2/vpcs': ownVpc({ description: '', ip_range: '10.20.0.0/20' }) },
      ({ path }) => (path === '/v2/firewalls' ? refusal(403, 'forbidden') : undefined),
    );
    assert.deepEqual(
      problems.map((line) => line.split(' ')[0]),
      ['digitalocean:token', 'ebbtide:pool.machineType', 'ebbtide:pool.max', 'ebbtide:pool.name'],
    );
  });

  it('reads a list to its last page', async () => {
    const problems = await problemsOf({}, {}, ({ path, url }) => {
      if (path !== '/v2/vpcs') return undefined;
      const isFirst = url.searchParams.get('page') === '1';
      const body = isFirst
        ? { vpcs: [], links: { pages: { next: 'more' } } }
        : ownVpc({ description: '', ip_range: '10.20.0.0/20' });
      return { status: 200, body: JSON.stringify(body) };
    });
    assert.equal(problems.length, 1);
  });

  describe('with a token', () => {
    it('that lacks scopes, names them, with all that is needed of their kind', async () => {
      const problems = await problemsOf({}, {}, ({ path, headers }) =>
        /vpcs|sizes/.test(path) && headers.authorization !== OTHER_TOKEN
          ? refusal(403, 'forbidden')
          : undefined,
      );
      assert.deepEqual(problems, [
        'digitalocean:token (or DIGITALOCEAN_TOKEN) may not do what the pool needs: it lacks ' +
          'sizes:read, vpc:create, vpc:delete, vpc:read, vpc:update. Make a token that has them',
      ]);
    });

    it('of the orchestrator that lacks scopes, names those', async () => {
      const problems = await problemsOf({}, {}, ({ path, headers }) =>
        path === '/v2/droplets' && headers.authorization === OTHER_TOKEN
          ? refusal(403, 'forbidden')
          : undefined,
      );
      assert.deepEqual(problems, [
        'ebbtide:digitaloceanSecrets.orchestratorToken may not do what the pool needs: it lacks ' +
          'droplet:create, droplet:delete, droplet:read, droplet:update. Make a token that has them',
      ]);
    });

    it('that is the orchestrator’s too, names what both need', async () => {
      const problems = await problemsOf({ digitaloceanSecrets: undefined }, {}, ({ path }) =>
        path === '/v2/droplets' ? refusal(403, 'forbidden') : undefined,
      );
      assert.match(
        problems[0] ?? '',
        /it lacks droplet:create, droplet:delete, droplet:read, droplet:update\./,
      );
    });

    it('of the orchestrator that is another team’s, is refused', async () => {
      const problems = await problemsOf({}, {}, ({ path, headers }) =>
        path === '/v2/account' && headers.authorization === OTHER_TOKEN
          ? {
              status: 200,
              body: JSON.stringify({ account: { droplet_limit: 25, team: { uuid: 'team-2' } } }),
            }
          : undefined,
      );
      assert.match(problems[0] ?? '', /orchestratorToken is of another team/);
    });

    it('that is none, says so and not what it is', async () => {
      await assert.rejects(
        check({}, {}, () => refusal(401, 'unauthorized')),
        (error: Error) => {
          assert.match(error.message, /is of no use: .*has it expired, or been revoked/);
          assert.doesNotMatch(error.message, /token of the/);
          return true;
        },
      );
    });

    it('that is missing, says where it is looked for', async () => {
      await assert.rejects(
        checkAccount(settings(), NAMES, {}),
        /there is no DigitalOcean API token: set DIGITALOCEAN_TOKEN, or `pulumi config set --secret digitalocean:token`/,
      );
    });
  });

  it('that does not answer is not known, and is no reason to stop', async () => {
    const { token } = await check({}, {}, ({ path }) =>
      path === '/v2/account' ? undefined : refusal(500, 'server_error'),
    );
    assert.equal(token, OCEAN_TOKEN);
  });
});
