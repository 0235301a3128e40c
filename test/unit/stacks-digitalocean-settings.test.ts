import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { pool, settingsReader } from './read-settings.ts';
import { GOOD, GOOD_DIGITALOCEAN, settingsOf } from './stacks-mocks.ts';

const { read, errorsOf } = settingsReader(GOOD_DIGITALOCEAN);
const ocean = (changed: Record<string, unknown>) => ({ digitalocean: { region: 'fra1', ...changed } });

describe('settings of DigitalOcean', () => {
  it('fill in what a small stack file leaves out', () => {
    const { settings, warnings } = read({ pool: { name: 'media' } });
    const { digitalocean, digitaloceanProvider, digitaloceanSecrets } = settingsOf(settings, 'digitalocean');
    assert.deepEqual(digitalocean, {
      region: 'fra1',
      bootTimeout: 15 * 60_000,
      sshKeys: [],
      sshFrom: [],
      monitoring: false,
    });
    assert.deepEqual(digitaloceanProvider, {});
    assert.deepEqual(digitaloceanSecrets, { orchestratorToken: 'token of the orchestrator' });
    assert.deepEqual(warnings, []);
  });

  const wrong: [string, Record<string, unknown>, RegExp][] = [
    [
      'more nodes than Spaces has answers for',
      { pool: { name: 'media', max: 2001 } },
      /^ebbtide:pool\.max is 2001: must be a whole number from 1 to 2000$/,
    ],
    [
      'no region',
      { digitalocean: undefined },
      /^ebbtide:digitalocean\.region is missing: it must be a region, such as "fra1" .*where the pool lives$/,
    ],
    [
      'a region of AWS',
      ocean({ region: 'eu-west-1' }),
      /^ebbtide:digitalocean\.region is "eu-west-1": must be a region, such as "fra1"/,
    ],
    [
      'a region without Functions',
      ocean({ region: 'atl1' }),
      /^ebbtide:digitalocean\.functionsRegion is missing: atl1 has no Functions, in which the orchestrator runs\. Name another region for them, such as ams3, /,
    ],
    [
      'a region without Functions, and how to name it all the same',
      ocean({ region: 'ric1', spacesRegion: 'atl1' }),
      /or that very one, if DigitalOcean has them there by now$/,
    ],
    [
      'a region without Spaces',
      ocean({ region: 'nyc1' }),
      /^ebbtide:digitalocean\.spacesRegion is missing: nyc1 has no Spaces/,
    ],
    [
      'a size of AWS',
      pool({ machineType: 'c6i.xlarge' }),
      /^ebbtide:pool\.machineType is "c6i\.xlarge": must be a size of droplets, such as "c-4"$/,
    ],
    [
      'an image of AWS',
      pool({ image: 'ami-0123456789abcdef0:1' }),
      /^ebbtide:pool\.image is "ami-.*": must be the name of a public image, such as "debian-13-x64", or the number/,
    ],
    [
      'a disk, which is the size’s',
      pool({ diskGb: 50 }),
      /^ebbtide:pool\.diskGb is 50: is of no use on DigitalOcean, where the size says what disk a droplet has: leave it out$/,
    ],
    [
      'zones',
      pool({ zones: ['a'] }),
      /^ebbtide:pool\.zones is \["a"\]: is of no use on DigitalOcean, which has no zones/,
    ],
    [
      'subnets',
      { network: { id: '5a4981aa-9653-4bd1-bef5-d6bff52042e4', subnets: ['a'] } },
      /^ebbtide:network\.subnets is \["a"\]: is of no use on DigitalOcean, where a VPC has no subnets/,
    ],
    [
      'a network of AWS',
      { network: { id: 'vpc-12' } },
      /^ebbtide:network\.id is "vpc-12": must be the id of a VPC, such as/,
    ],
    [
      'a range that is wider than a VPC',
      { network: { cidr: '10.0.0.0/8' } },
      /^ebbtide:network\.cidr is "10\.0\.0\.0\/8": must be an IPv4 range of \/16 to \/28/,
    ],
    [
      'a choice of who leaves that DigitalOcean does not make',
      { scaleIn: { victim: 'native' } },
      /^ebbtide:scaleIn\.victim is "native": must be "emptiest" on DigitalOcean/,
    ],
    [
      'what rebalance recommendations do, which are not there',
      { agent: { onRebalance: 'drain' } },
      /^ebbtide:agent\.onRebalance is of no use on DigitalOcean/,
    ],
    [
      'a heartbeat for no timer',
      { agent: { every: { heartbeat: '1m' } } },
      /^ebbtide:agent\.every\.heartbeat is of no use on DigitalOcean/,
    ],
    [
      'a look for interruptions that never come',
      { agent: { every: { spot: '1m' } } },
      /^ebbtide:agent\.every\.spot is of no use on DigitalOcean/,
    ],
    [
      'a webhook as a person',
      { alarms: { notify: ['https://hooks.example.org/x'] } },
      /^ebbtide:alarms\.notify\[0\] is ".*": must be an e-mail address of your team$/,
    ],
    [
      'an SSH key that is no id of one',
      ocean({ sshKeys: ['ssh-rsa AAAA'], sshFrom: ['10.0.0.0/8'] }),
      /^ebbtide:digitalocean\.sshKeys\[0\] is "ssh-rsa AAAA": must be the number or the fingerprint/,
    ],
    [
      'SSH that is open for nobody',
      ocean({ sshFrom: ['10.0.0.0/8'] }),
      /^ebbtide:digitalocean\.sshFrom opens SSH for nobody: must come with ebbtide:digitalocean\.sshKeys$/,
    ],
    [
      'a boot that may take for ever',
      ocean({ bootTimeout: '1d' }),
      /^ebbtide:digitalocean\.bootTimeout is "1d": must be a duration with a unit from "30s" to "2h"/,
    ],
    [
      'an unknown key of its own',
      ocean({ tags: {} }),
      /^ebbtide:digitalocean\.tags is not a setting; there are region, spacesRegion/,
    ],
    [
      'an unknown secret, which is not told',
      { digitaloceanSecrets: { apiToken: 'dop_v1_x' } },
      /^ebbtide:digitaloceanSecrets\.apiToken is not a setting; there are orchestratorToken$/,
    ],
    [
      'an empty token',
      { digitaloceanSecrets: { orchestratorToken: '' } },
      /^ebbtide:digitaloceanSecrets\.orchestratorToken must be an API token$/,
    ],
    [
      'a section of another cloud',
      { gcp: {} },
      /^ebbtide:gcp is for the cloud "gcp", and ebbtide:cloud is "digitalocean": leave it out$/,
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
      'a key of the provider that would be lost',
      { 'digitalocean:spacesAccessId': 'DO00' },
      /^digitalocean:spacesAccessId is not a setting; there are token$/,
    ],
    [
      "another cloud's provider",
      { 'aws:region': 'eu-west-1' },
      /^aws:region is for the cloud "aws", and ebbtide:cloud is "digitalocean"/,
    ],
  ];
  for (const [what, raw, error] of keys) {
    it(`refuse ${what}`, () => {
      const errors = errorsOf({}, raw);
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', error);
    });
  }

  it('refuse the other way round too, secrets as well', () => {
    assert.throws(
      () => settingsReader(GOOD).read({}, { 'digitalocean:token': 'x', 'ebbtide:digitaloceanSecrets': '{}' }),
      /digitalocean:token is for the cloud "digitalocean".*\n.*ebbtide:digitaloceanSecrets is for the cloud "digitalocean"/,
    );
    assert.throws(
      () => settingsReader(GOOD).read({}, { 'ebbtide:awsSecrets': '{}' }),
      /one setting is wrong:\n +ebbtide:awsSecrets is not a setting/,
    );
  });

  const taken: [string, Record<string, unknown>][] = [
    ['a network without subnets', { network: { id: '5a4981aa-9653-4bd1-bef5-d6bff52042e4' } }],
    ['an image of its own', pool({ image: 123456789, imageHasSoftware: true })],
    [
      'regions that the operator knows better',
      ocean({ region: 'ric1', functionsRegion: 'ric1', spacesRegion: 'ric2' }),
    ],
    ['a load balancer', ocean({ loadBalancer: { certificate: 'web', units: 3 } })],
    ['SSH', ocean({ sshKeys: [17, `${'ab:'.repeat(15)}cd`], sshFrom: ['192.0.2.1/32'] })],
    ['sizes with a point', pool({ machineType: 'so1_5-2vcpu-16gb' })],
    ['a first size', pool({ initial: 2 })],
  ];
  for (const [what, changed] of taken) {
    it(`take ${what}`, () => assert.deepEqual(errorsOf(changed), []));
  }

  const warned: [string, Record<string, unknown>, RegExp][] = [
    [
      'a pool of nobody, which nobody would wake',
      pool({ min: 0 }),
      /^ebbtide:pool\.min is 0: .* nothing asks for one/,
    ],
    [
      'a region that is newer than what is known of regions',
      ocean({ region: 'zrh1', spacesRegion: 'fra1' }),
      /^ebbtide:digitalocean\.functionsRegion is missing: whether zrh1 has Functions, in which the orchestrator runs, is not known here/,
    ],
    [
      "a size that is nobody's",
      { scaling: { kind: 'none' } },
      /^ebbtide:scaling\.kind is "none": .*Raise that to have more$/,
    ],
    [
      'an orchestrator with the token of a person',
      { digitaloceanSecrets: undefined },
      /^ebbtide:digitaloceanSecrets\.orchestratorToken is missing: the orchestrator gets your own API token/,
    ],
    [
      'keys for a door that is shut',
      ocean({ sshKeys: [17] }),
      /^ebbtide:digitalocean\.sshKeys are of no use without ebbtide:digitalocean\.sshFrom/,
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
