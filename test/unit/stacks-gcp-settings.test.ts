import assert from 'node:assert/strict';
import { pool, settingsReader } from './read-settings.ts';
import { GOOD, GOOD_GCP, settingsOf } from './stacks-mocks.ts';

const { read, errorsOf } = settingsReader(GOOD_GCP);

describe('settings of GCP', () => {
  it('fill in what a small stack file leaves out', () => {
    const { settings, warnings } = read({ pool: { name: 'media' } });
    const { gcp, gcpProvider, ...common } = settingsOf(settings, 'gcp');
    assert.deepEqual(gcp, { externalAddresses: true, labels: {} });
    assert.deepEqual(gcpProvider, { project: 'my-project', region: 'europe-west1' });
    assert.ok(!('aws' in common) && !('awsProvider' in common));
    assert.deepEqual(warnings, []);
  });

  const wrong: [string, Record<string, unknown>, RegExp][] = [
    [
      'more nodes than a regional group takes',
      pool({ max: 2001 }),
      /^ebbtide:pool\.max is 2001: must be a whole number from 1 to 2000$/,
    ],
    [
      'an image of AWS',
      pool({ image: 'ami-0123456789abcdef0' }),
      /^ebbtide:pool\.image is "ami-0123456789abcdef0": must be an image or a family of images, such as/,
    ],
    [
      'an instance type of AWS',
      pool({ machineType: 'c6i.xlarge' }),
      /^ebbtide:pool\.machineType is "c6i\.xlarge": must be a machine type, such as "n2-standard-4"$/,
    ],
    [
      'a zone of another region',
      pool({ zones: ['europe-west1-b', 'europe-west2-b'] }),
      /^ebbtide:pool\.zones\[1\] is "europe-west2-b": must be a zone of the region gcp:region, such as "europe-west1-b"$/,
    ],
    [
      'a zone of a region that begins like its own',
      pool({ zones: ['europe-west12-b'] }),
      /^ebbtide:pool\.zones\[0\] is "europe-west12-b": must be a zone of the region/,
    ],
    [
      'a zone named twice',
      pool({ zones: ['europe-west1-b', 'europe-west1-b'] }),
      /^ebbtide:pool\.zones\[1\] is "europe-west1-b": must be named once$/,
    ],
    [
      'a zone that is none',
      pool({ zones: ['eu-west-1a'] }),
      /^ebbtide:pool\.zones\[0\] is "eu-west-1a": must be a zone, such as "europe-west1-b"$/,
    ],
    ['no zones', pool({ zones: [] }), /^ebbtide:pool\.zones is \[\]: must name at least one zone$/],
    [
      'a first size beside the autoscaler',
      pool({ initial: 2 }),
      /^ebbtide:pool\.initial is of no use with ebbtide:scaling\.kind "cpu" on GCP/,
    ],
    [
      'two subnets',
      { network: { id: 'default', subnets: ['a', 'b'] } },
      /^ebbtide:network\.subnets is \["a","b"\]: must name one subnet: on GCP it spans the region/,
    ],
    [
      'a subnet of another region',
      { network: { id: 'default', subnets: ['projects/my-project/regions/us-east1/subnetworks/a'] } },
      /^ebbtide:network\.subnets\[0\] is ".*us-east1.*": must be in the region gcp:region, which is europe-west1$/,
    ],
    [
      'a network of AWS',
      { network: { id: 'VPC_12', subnets: ['a'] } },
      /^ebbtide:network\.id is "VPC_12": must be a network, such as "default" or/,
    ],
    [
      'a choice of who leaves that GCP cannot make',
      { scaleIn: { victim: 'native' } },
      /^ebbtide:scaleIn\.victim is "native": must be "emptiest" on GCP/,
    ],
    [
      'what rebalance recommendations do, which are not there',
      { agent: { onRebalance: 'drain' } },
      /^ebbtide:agent\.onRebalance is of no use on GCP/,
    ],
    [
      'a heartbeat for no timer',
      { agent: { every: { heartbeat: '1m' } } },
      /^ebbtide:agent\.every\.heartbeat is of no use on GCP/,
    ],
    [
      'a topic of AWS',
      { alarms: { notify: ['arn:aws:sns:eu-west-1:123456789012:on-call'] } },
      /^ebbtide:alarms\.notify\[0\] is "arn.*": must be a notification channel, such as .* or an e-mail address$/,
    ],
    [
      'a label that is not its own',
      { gcp: { labels: { 'ebbtide-pool': 'x' } } },
      /^ebbtide:gcp\.labels\.ebbtide-pool .*must be a label of lower-case letters/,
    ],
    [
      'a label whose value GCP does not take',
      { gcp: { labels: { team: 'A V' } } },
      /^ebbtide:gcp\.labels\.team is "A V": must be at most 63 lower-case letters/,
    ],
    [
      'keys too big for a secret',
      { mediaSecrets: { ...Object(GOOD.mediaSecrets), keys: { devkey: 's'.repeat(70_000) } } },
      /^ebbtide:mediaSecrets\.keys has 70013 bytes as JSON: must have at most 65536/,
    ],
    [
      'a section of another cloud',
      { aws: { logDays: 30 } },
      /^ebbtide:aws is for the cloud "aws", and ebbtide:cloud is "gcp": leave it out$/,
    ],
    [
      'an unknown key of its own',
      { gcp: { tags: {} } },
      /^ebbtide:gcp\.tags is not a setting; there are external/,
    ],
    ['an unknown section', { pools: {} }, /^ebbtide:pools is not a setting; there are cloud, pool,.* gcp$/],
  ];
  for (const [what, changed, error] of wrong) {
    it(`refuse ${what}`, () => {
      const errors = errorsOf(changed);
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', error);
    });
  }

  const keys: [string, Record<string, string | undefined>, RegExp][] = [
    ['no project', { 'gcp:project': undefined }, /^gcp:project is missing: it must be the id of the project/],
    [
      'a project that is none',
      { 'gcp:project': 'My Project' },
      /^gcp:project is "My Project": must be the id of/,
    ],
    ['no region', { 'gcp:region': undefined }, /^gcp:region is missing: it must be the region of the pool/],
    [
      'a region of AWS',
      { 'gcp:region': 'eu-west-1' },
      /^gcp:region is "eu-west-1": must be the region of the pool/,
    ],
    [
      'a key that would be lost',
      { 'gcp:zone': 'europe-west1-b' },
      /^gcp:zone is not a setting; there are project, region$/,
    ],
    [
      "another cloud's provider",
      { 'aws:region': 'eu-west-1' },
      /^aws:region is for the cloud "aws", and ebbtide:cloud is "gcp"/,
    ],
  ];
  for (const [what, raw, error] of keys) {
    it(`refuse ${what}`, () => {
      const errors = errorsOf({}, raw);
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', error);
    });
  }

  it('refuse the other way round too', () => {
    assert.throws(
      () => settingsReader(GOOD).read({}, { 'gcp:project': 'my-project', 'ebbtide:gcp': '{}' }),
      /gcp:project is for the cloud "gcp", and ebbtide:cloud is "aws".*\n.*ebbtide:gcp is for the cloud "gcp"/,
    );
  });

  it('are looked at in their own words where the cloud itself is said wrongly', () => {
    const errors = errorsOf(
      { cloud: 'mars', ...pool({ machineType: 'c6i.xlarge', zones: ['europe-west2-b'] }) },
      {
        'aws:region': undefined,
        'gcp:project': 'my-project',
        'gcp:region': 'europe-west1',
      },
    );
    assert.deepEqual(
      errors.map((line) => line.split(' ')[0]),
      ['ebbtide:cloud', 'ebbtide:pool.machineType', 'ebbtide:pool.zones[0]'],
    );
  });

  const taken: [string, Record<string, unknown>][] = [
    ['a first size that the operator keeps', { ...pool({ initial: 2 }), scaling: { kind: 'none' } }],
    ['a network of its own project', { network: { id: 'default', subnets: ['default'] } }],
    [
      'a network that another project shares',
      {
        network: {
          id: 'projects/host-project/global/networks/shared',
          subnets: ['projects/host-project/regions/europe-west1/subnetworks/media'],
        },
      },
    ],
    [
      'zones beside a subnet, which spans them',
      { network: { id: 'a', subnets: ['b'] }, ...pool({ zones: ['europe-west1-c'] }) },
    ],
    [
      'an image of its own',
      pool({ image: 'projects/my-project/global/images/media-1', imageHasSoftware: true }),
    ],
    [
      'a channel and an address',
      { alarms: { notify: ['projects/my-project/notificationChannels/12', 'a@b.org'] } },
    ],
    ['how long the load must be low', { scaling: { lowFor: '10m' } }],
  ];
  for (const [what, changed] of taken) {
    it(`take ${what}`, () => assert.deepEqual(errorsOf(changed), []));
  }

  const warned: [string, Record<string, unknown>, RegExp][] = [
    [
      'a pool that cannot grow from nothing',
      pool({ min: 0 }),
      /^ebbtide:pool\.min is 0: .*GCP cannot grow it/,
    ],
    [
      "a size that is nobody's",
      { scaling: { kind: 'none' } },
      /^ebbtide:scaling\.kind is "none": .*abandon them instead$/,
    ],
    [
      'nodes without a way out',
      { gcp: { externalAddresses: false } },
      /^ebbtide:gcp\.externalAddresses is false .*Cloud NAT/,
    ],
    ['a destroy that cuts', { onDestroy: 'cut' }, /^ebbtide:onDestroy is "cut"/],
  ];
  for (const [what, changed, warning] of warned) {
    it(`warn of ${what}`, () => {
      const { warnings } = read(changed);
      assert.equal(warnings.length, 1, warnings.join('\n'));
      assert.match(warnings[0] ?? '', warning);
    });
  }
});
