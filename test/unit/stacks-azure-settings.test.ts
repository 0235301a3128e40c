import assert from 'node:assert/strict';
import { pool, settingsReader } from './read-settings.ts';
import { GOOD, GOOD_AZURE, settingsOf } from './stacks-mocks.ts';
import { SUBSCRIPTION } from './stacks-mocks-azure.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/my-group`;
const NETWORK = `${GROUP}/providers/Microsoft.Network/virtualNetworks/shared`;
const GALLERY = `${GROUP}/providers/Microsoft.Compute/galleries/pictures/images/media`;

const { read, errorsOf } = settingsReader(GOOD_AZURE);

describe('settings of Azure', () => {
  it('fill in what a small stack file leaves out', () => {
    const { settings, warnings } = read({ pool: { name: 'media' } });
    const { azure, azureProvider, ...common } = settingsOf(settings, 'azure');
    assert.deepEqual(azure, {
      publicAddresses: true,
      acceleratedNetworking: true,
      diskType: 'StandardSSD_LRS',
      terminateNotice: 900_000,
      logDays: 30,
      tags: {},
    });
    assert.deepEqual(azureProvider, { subscriptionId: SUBSCRIPTION, location: 'westeurope' });
    assert.equal(common.pool.diskGb, 30);
    assert.ok(!('aws' in common) && !('gcpProvider' in common));
    assert.deepEqual(warnings, []);
  });

  const wrong: [string, Record<string, unknown>, RegExp][] = [
    [
      'an image of AWS',
      pool({ image: 'ami-0123456789abcdef0' }),
      /^ebbtide:pool\.image is "ami-0123456789abcdef0": must be an image, such as "Debian:debian-13:/,
    ],
    [
      'an instance type of AWS',
      pool({ machineType: 'c6i.xlarge' }),
      /^ebbtide:pool\.machineType is "c6i\.xlarge": must be a size of machines, such as "Standard_D4s_v5"$/,
    ],
    [
      'a disk that is smaller than its image',
      pool({ diskGb: 20 }),
      /^ebbtide:pool\.diskGb is 20: must be a whole number from 30 to 4095$/,
    ],
    [
      'a zone that is none',
      pool({ zones: ['westeurope-1'] }),
      /^ebbtide:pool\.zones\[0\] is "westeurope-1": must be a zone, such as "1"$/,
    ],
    [
      'a zone named twice',
      pool({ zones: ['1', '1'] }),
      /^ebbtide:pool\.zones\[1\] is "1": must be named once$/,
    ],
    [
      'more nodes than a scale set takes',
      pool({ max: 1001 }),
      /^ebbtide:pool\.max is 1001: must be a whole number from 1 to 1000$/,
    ],
    [
      'more nodes than a scale set takes, those that drain among them',
      { ...pool({ max: 999 }), scaleIn: { maxDrains: 2 } },
      /^ebbtide:pool\.max is 999: with ebbtide:scaleIn\.maxDrains, which is 2, it must be at most 1000/,
    ],
    [
      'two subnets',
      { network: { id: NETWORK, subnets: [`${NETWORK}/subnets/a`, `${NETWORK}/subnets/b`] } },
      /^ebbtide:network\.subnets is .*: must name one subnet: on Azure it spans all zones/,
    ],
    [
      'a subnet of another network',
      { network: { id: NETWORK, subnets: [`${NETWORK}-2/subnets/a`] } },
      /^ebbtide:network\.subnets\[0\] is ".*shared-2.*": must be in ebbtide:network\.id, which is/,
    ],
    [
      'a network by its name',
      { network: { id: 'shared', subnets: [`${NETWORK}/subnets/a`] } },
      /^ebbtide:network\.id is "shared": must be the id of a virtual network/,
    ],
    [
      'a choice of who leaves that Azure makes with calls on it',
      { scaleIn: { victim: 'native' } },
      /^ebbtide:scaleIn\.victim is "native": must be "emptiest" on Azure/,
    ],
    [
      'what rebalance recommendations do, which are not there',
      { agent: { onRebalance: 'drain' } },
      /^ebbtide:agent\.onRebalance is of no use on Azure/,
    ],
    [
      'a heartbeat for no timer',
      { agent: { every: { heartbeat: '1m' } } },
      /^ebbtide:agent\.every\.heartbeat is of no use on Azure/,
    ],
    [
      'a topic of AWS',
      { alarms: { notify: ['arn:aws:sns:eu-west-1:123456789012:on-call'] } },
      /^ebbtide:alarms\.notify\[0\] is "arn.*": must be the id of an action group, .* or an e-mail address$/,
    ],
    [
      'a tag that is not its own',
      { azure: { tags: { 'ebbtide-pool': 'x' } } },
      /^ebbtide:azure\.tags\.ebbtide-pool .*must be a tag of at most 128/,
    ],
    [
      'more tags than autoscale takes, with the pool’s own',
      { azure: { tags: Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`t${index}`, 'x'])) } },
      /^ebbtide:azure\.tags .*must have at most 14 tags$/,
    ],
    [
      'a notice that Azure does not give',
      { azure: { terminateNotice: '20m' } },
      /^ebbtide:azure\.terminateNotice is "20m": must be a duration with a unit from "5m" to "15m"/,
    ],
    [
      'a type of disk that is none',
      { azure: { diskType: 'pd-ssd' } },
      /^ebbtide:azure\.diskType is "pd-ssd": must be one of StandardSSD_LRS/,
    ],
    [
      'a section of another cloud',
      { gcp: { labels: {} } },
      /^ebbtide:gcp is for the cloud "gcp", and ebbtide:cloud is "azure": leave it out$/,
    ],
    [
      'an unknown key of its own',
      { azure: { labels: {} } },
      /^ebbtide:azure\.labels is not a setting; there are/,
    ],
  ];
  for (const [what, changed, error] of wrong) {
    it(`refuse ${what}`, () => {
      const errors = errorsOf(changed);
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', error);
    });
  }

  const keys: [string, Record<string, string | undefined>, RegExp][] = [
    [
      'no subscription',
      { 'azure-native:subscriptionId': undefined },
      /^azure-native:subscriptionId is missing: it must be the id of the subscription/,
    ],
    [
      'a subscription by its name',
      { 'azure-native:subscriptionId': 'Production' },
      /^azure-native:subscriptionId is "Production": must be the id of the subscription/,
    ],
    [
      'no region',
      { 'azure-native:location': undefined },
      /^azure-native:location is missing: it must be the region of the pool/,
    ],
    [
      'a region by the name for people',
      { 'azure-native:location': 'West Europe' },
      /^azure-native:location is "West Europe": must be the region/,
    ],
    [
      'a region of another cloud of Azure',
      { 'azure-native:location': 'chinanorth3' },
      /^azure-native:location is "chinanorth3": must be the region of the pool in the public cloud/,
    ],
    [
      'a secret in the open',
      { 'azure-native:clientSecret': 'x' },
      /^azure-native:clientSecret is not a setting; there are subscriptionId, location, tenantId$/,
    ],
    [
      "another cloud's provider",
      { 'gcp:project': 'my-project' },
      /^gcp:project is for the cloud "gcp", and ebbtide:cloud is "azure"/,
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
      () => settingsReader(GOOD).read({}, { 'azure-native:location': 'westeurope', 'ebbtide:azure': '{}' }),
      /azure-native:location is for the cloud "azure", and ebbtide:cloud is "aws".*\n.*ebbtide:azure is for/,
    );
  });

  const taken: [string, Record<string, unknown>][] = [
    ['a first size', pool({ initial: 2 })],
    [
      'a network that is there',
      {
        network: {
          id: NETWORK,
          subnets: [`${NETWORK.toUpperCase().replace('SUBSCRIPTIONS', 'subscriptions')}/subnets/a`],
        },
      },
    ],
    [
      'zones beside a subnet, which spans them',
      { network: { id: NETWORK, subnets: [`${NETWORK}/subnets/a`] }, ...pool({ zones: ['2'] }) },
    ],
    ['an image of its own', pool({ image: GALLERY, imageHasSoftware: true })],
    ['a version of it', pool({ image: `${GALLERY}/versions/1.0.0` })],
    ['an image of the market', pool({ image: 'Canonical:ubuntu-24_04-lts:server:latest' })],
    [
      'a group and an address',
      { alarms: { notify: [`${GROUP}/providers/microsoft.insights/actionGroups/on-call`, 'a@b.org'] } },
    ],
    ['how long the load must be low', { scaling: { lowFor: '30m' } }],
    ['a directory and a resource group', { azure: { resourceGroup: 'my-group' } }],
  ];
  for (const [what, changed] of taken) {
    it(`take ${what}`, () =>
      assert.deepEqual(errorsOf(changed, { 'azure-native:tenantId': SUBSCRIPTION }), []));
  }

  const warned: [string, Record<string, unknown>, RegExp][] = [
    [
      'a pool that cannot grow from nothing',
      pool({ min: 0 }),
      /^ebbtide:pool\.min is 0: .*Azure cannot grow it/,
    ],
    [
      "a size that is nobody's",
      { scaling: { kind: 'none' } },
      /^ebbtide:scaling\.kind is "none": .*never shrink it so/,
    ],
    [
      'nodes without a way out',
      { azure: { publicAddresses: false } },
      /^ebbtide:azure\.publicAddresses is false .*NAT gateway/,
    ],
  ];
  for (const [what, changed, warning] of warned) {
    it(`warn of ${what}`, () => {
      const { warnings } = read(changed);
      assert.equal(warnings.length, 1, warnings.join('\n'));
      assert.match(warnings[0] ?? '', warning);
    });
  }
});
