import assert from 'node:assert/strict';
import * as v from 'valibot';
import { poolAddressSchema } from '../../fleet/pool-address.ts';
import { gcpNames } from '../../stacks/gcp/names.ts';
import type { ProgramRun } from './stacks-mocks.ts';
import { AUTOSCALER, FIREWALL, GROUP, NAMES, run, TEMPLATE } from './support/gcp-pool.ts';
import { namesIn, strays, toldBy } from './support/program-run.ts';

describe('the GCP pool', () => {
  let made: ProgramRun;
  before(async () => {
    made = await run();
  });

  it('makes everything with the one explicit provider, which labels it', () => {
    const { inputs } = made.one('pulumi:providers:gcp');
    assert.deepEqual(inputs, {
      project: 'my-project',
      region: 'europe-west1',
      defaultLabels: '{"ebbtide-pool":"media"}',
    });
    assert.deepEqual(strays(made, 'gcp', 'gcp::gcp.my-project.europe-west1'), []);
  });

  it('registers the same at preview, when nothing is known yet', async () => {
    const preview = await run({}, { preview: true });
    assert.deepEqual(namesIn(preview), namesIn(made));
  });

  it('tells where its things are', async () => {
    const { address, ...told } = await toldBy(made);
    const known = v.parse(poolAddressSchema, address);
    assert.equal(known.cloud, 'gcp');
    assert.equal(known.template, told.template);
    assert.match(String(told.template), /^[0-9a-f]{12}$/);
    assert.deepEqual(told, {
      template: told.template,
      cloud: 'gcp',
      pool: 'media',
      group: 'ebbtide-media',
      registry: NAMES.bucket,
      network: 'media.my-project.europe-west1-network-id',
      securityGroup: `${NAMES.nodeAccount}@my-project.iam.gserviceaccount.com`,
      metrics: 'logging.googleapis.com/user/ebbtide-media-',
    });
  });

  it('keeps its bucket private, and free of old statuses and of every version of them', () => {
    assert.deepEqual(made.one('gcp:storage/bucket:Bucket').inputs, {
      name: NAMES.bucket,
      location: 'EUROPE-WEST1',
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      forceDestroy: true,
      softDeletePolicy: { retentionDurationSeconds: 0 },
      lifecycleRules: [
        { action: { type: 'Delete' }, condition: { age: 7, matchesPrefixes: ['statuses/'] } },
        { action: { type: 'Delete' }, condition: { age: 30, matchesPrefixes: ['decisions/'] } },
        { action: { type: 'Delete' }, condition: { age: 2, matchesPrefixes: ['memory/rolls/'] } },
      ],
    });
  });

  it('keeps secrets secret, in its own region', () => {
    const versions = made.resources.filter(
      ({ type }) => type === 'gcp:secretmanager/secretVersion:SecretVersion',
    );
    assert.deepEqual(
      versions.map(({ inputs, secrets }) => [inputs.secretData, secrets]),
      [
        [`{"devkey":"${'s'.repeat(32)}"}`, ['secretData']],
        ['{"address":"10.0.0.5:6379"}', ['secretData']],
      ],
    );
    const ids = made.resources.filter(({ type }) => type === 'gcp:secretmanager/secret:Secret');
    assert.deepEqual(
      ids.map(({ inputs }) => inputs),
      ['keys', 'redis'].map((what) => ({
        secretId: `ebbtide-media-${what}-europe-west1`,
        replication: { userManaged: { replicas: [{ location: 'europe-west1' }] } },
      })),
    );
    const others = made.resources.filter((resource) => !versions.includes(resource));
    assert.doesNotMatch(JSON.stringify(others), /ssssssss|10\.0\.0\.5/);
  });

  it('leaves with its sweep what a destroy without the program must know', () => {
    const { __provider, ...state } = made.one('pulumi-nodejs:dynamic/ebbtide:DestroySweep').inputs;
    assert.equal(made.resources.at(-1)?.type, 'pulumi-nodejs:dynamic/ebbtide:DestroySweep', 'made last');
    assert.deepEqual(state, {
      code: 'gcp/run-sweep.ts',
      pool: 'media',
      group: 'ebbtide-media',
      autoscaler: 'ebbtide-media',
      bucket: NAMES.bucket,
      project: 'my-project',
      region: 'europe-west1',
    });
  });

  describe('by its settings', () => {
    it("scales on CPU, or not at all: then its size is the operator's", async () => {
      const still = await run({
        pool: { name: 'media', min: 1, max: 3, initial: 2 },
        scaling: { kind: 'none' },
      });
      assert.equal(still.one(GROUP).inputs.targetSize, 2);
      assert.deepEqual(Object(still.one(AUTOSCALER).inputs.autoscalingPolicy).mode, 'OFF');
    });

    it('lives in a network that exists, and protects its nodes there', async () => {
      const network = { id: 'default', subnets: ['media-eu'] };
      const there = await run({ network });
      assert.ok(!there.resources.some(({ type }) => /compute\/(sub)?network:/.test(type)));
      assert.deepEqual(
        Object(there.one(TEMPLATE).inputs.networkInterfaces)[0].subnetwork,
        'projects/my-project/regions/europe-west1/subnetworks/media-eu',
      );
      for (const { inputs } of there.resources.filter(({ type }) => type === FIREWALL))
        assert.equal(inputs.network, 'projects/my-project/global/networks/default');
      await assert.rejects(
        run({ network: { ...network, id: 'other' } }),
        /ebbtide:network\.subnets\[0\] is "media-eu": it is in .*\/default, and must be in ebbtide:network\.id, which is other/,
      );
    });

    it('has its firewall where the network is, when another project shares it', async () => {
      const shared = await run(
        {
          network: {
            id: 'projects/host-project/global/networks/shared',
            subnets: ['projects/host-project/regions/europe-west1/subnetworks/media'],
          },
        },
        {
          answers: {
            'gcp:compute/getSubnetwork:getSubnetwork': (inputs) => ({
              ...inputs,
              network: 'https://www.googleapis.com/compute/v1/projects/host-project/global/networks/shared',
            }),
          },
        },
      );
      for (const { inputs } of shared.resources.filter(({ type }) => type === FIREWALL))
        assert.equal(inputs.project, 'host-project');
    });

    it('gives its nodes no address in the internet where it is told so', async () => {
      const inside = await run({
        gcp: { externalAddresses: false, diskType: 'pd-ssd', labels: { team: 'av' } },
      });
      const { networkInterfaces, disks, labels } = inside.one(TEMPLATE).inputs;
      assert.deepEqual(networkInterfaces, [
        { subnetwork: 'media.my-project.europe-west1-network-subnet-id' },
      ]);
      assert.equal(Object(disks)[0].diskType, 'pd-ssd');
      assert.deepEqual(labels, { team: 'av', 'ebbtide-pool': 'media' });
    });

    it('takes the zones that are named', async () => {
      const zones = ['europe-west1-c'];
      const one = await run({ pool: { name: 'media', zones } });
      assert.deepEqual(one.one(GROUP).inputs.distributionPolicyZones, zones);
    });
  });
});

describe('names on GCP', () => {
  const place = { project: 'my-project', region: 'northamerica-northeast1' };
  it('fit, however long the name of the pool is, and are their own in each region', () => {
    const pool = 'a'.repeat(28);
    const names = gcpNames(pool, place);
    const accounts = [names.nodeAccount, names.prunerAccount, names.schedulerAccount, names.builderAccount];
    assert.equal(new Set(accounts).size, 4);
    for (const account of accounts) assert.match(account, /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
    for (const name of [names.firewall('health'), names.secret('redis'), names.bucket, names.pruner])
      assert.match(name, /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/);
    assert.match(names.role('store-write', 'a1b2c3d4'), /^[a-zA-Z0-9_.]{3,64}$/);
    assert.ok(names.templatePrefix.length <= 37);
    const elsewhere = gcpNames(pool, { ...place, region: 'europe-west1' });
    assert.notEqual(elsewhere.bucket, names.bucket);
    assert.notEqual(elsewhere.nodeAccount, names.nodeAccount);
    assert.notEqual(elsewhere.role('sees', 'a1b2c3d4'), names.role('sees', 'a1b2c3d4'));
  });
});
