import assert from 'node:assert/strict';
import { CLOUD_NAMES } from '../../fleet/clouds.ts';
import { readSettings } from '../../stacks/settings.ts';
import type { SettingsFiles } from '../../stacks/settings-files.ts';
import { pool, settingsReader } from './read-settings.ts';
import { configValues, GOOD, settingsOf } from './stacks-mocks.ts';

const SHA = 'a'.repeat(64);
const CLOUDS = CLOUD_NAMES.map((name) => `"${name}"`).join(' or ');
const files: SettingsFiles = {
  text: (path) => (path === 'livekit.yaml' ? 'keys: {{keys}}\n' : undefined),
  sha256: (path) => (path === 'livekit-server' || path === 'setup.sh' ? SHA : undefined),
};

const { read, errorsOf } = settingsReader(GOOD, files);
const artifact = (changed: Record<string, unknown>) => ({ media: { artifact: { sha256: SHA, ...changed } } });
const IMAGE = `docker.io/livekit/livekit-server@sha256:${SHA}`;
const SETUP = { file: 'setup.sh', sha256: SHA };
const openvidu = (changed: Record<string, unknown> = {}) => ({
  media: { kind: 'openvidu', setup: SETUP, ingress: { metricsPort: 9093 }, ...changed },
});

describe('settings', () => {
  it('fills in what a small stack file leaves out', () => {
    const { settings } = read({ pool: { name: 'media' } });
    assert.deepEqual(
      [settings.pool.min, settings.pool.max, settings.scaling, settings.scaleIn.victim, settings.onDestroy],
      [1, 5, { kind: 'cpu', target: 50, warmUp: 120_000, coolDown: 60_000 }, 'emptiest', 'refuse'],
    );
    assert.equal(settingsOf(settings, 'aws').aws.heartbeatTimeout, 3_600_000);
    assert.deepEqual(settings.mediaSecrets.redis, { address: '10.0.0.5:6379' });
  });

  const wrong: [string, Record<string, unknown>, RegExp][] = [
    [
      'a number below its range',
      pool({ min: -1 }),
      /^ebbtide:pool\.min is -1: must be a whole number from 0 to 10000$/,
    ],
    [
      'a number with a fraction',
      pool({ max: 2.5 }),
      /^ebbtide:pool\.max is 2\.5: must be a whole number from 1 to 10000$/,
    ],
    ['text for a number', pool({ min: 'two' }), /^ebbtide:pool\.min is "two": must be a whole number/],
    [
      'an unknown key',
      pool({ minimum: 1 }),
      /^ebbtide:pool\.minimum is not a setting; there are name, min, max,/,
    ],
    ['an unknown section', { pools: {} }, /^ebbtide:pools is not a setting; there are cloud, pool,/],
    [
      'a path as a key',
      { 'pool.min': '1' },
      /^ebbtide:pool\.min is a path: set it with `pulumi config set --path/,
    ],
    ['no name', { pool: { min: 1 } }, /^ebbtide:pool\.name is missing: it must be a name of 2 to 28/],
    [
      'a name that AWS does not take',
      { pool: { name: 'Media_1' } },
      /^ebbtide:pool\.name is "Media_1": must be a name of/,
    ],
    ['no pool at all', { pool: undefined }, /^ebbtide:pool\.name is missing: it must be a name of 2 to 28/],
    ['no cloud', { cloud: undefined }, new RegExp(`^ebbtide:cloud is missing: it must be ${CLOUDS}$`)],
    [
      'a cloud that is not there',
      { cloud: 'mars' },
      new RegExp(`^ebbtide:cloud is "mars": must be ${CLOUDS}$`),
    ],
    [
      'a minimum above the maximum',
      pool({ min: 4, max: 2 }),
      /^ebbtide:pool\.min is 4: must be at most ebbtide:pool\.max/,
    ],
    [
      'an initial size out of bounds',
      pool({ initial: 9 }),
      /^ebbtide:pool\.initial is 9: must lie between .* 1 to 5$/,
    ],
    [
      'an image that is said to be ready, and is none',
      pool({ imageHasSoftware: true }),
      /^ebbtide:pool\.imageHasSoftware .*ebbtide:pool\.image/,
    ],
    [
      'an image that is no image',
      pool({ image: 'debian' }),
      /^ebbtide:pool\.image is "debian": must be the id of an image/,
    ],
    [
      'a machine type that is none',
      pool({ machineType: 'big' }),
      /^ebbtide:pool\.machineType is "big": must be an instance type/,
    ],
    [
      'a duration without a unit',
      { scaleIn: { ceiling: 3600 } },
      /^ebbtide:scaleIn\.ceiling is 3600: must be a duration with a unit/,
    ],
    [
      'a duration with a wrong unit',
      { scaleIn: { warnAfter: '4 hours' } },
      /^ebbtide:scaleIn\.warnAfter is "4 hours": must be a duration with a unit/,
    ],
    [
      'a duration that AWS does not take',
      { aws: { heartbeatTimeout: '10s' } },
      /^ebbtide:aws\.heartbeatTimeout is "10s": .*from "30s" to "2h"/,
    ],
    [
      'a kind of scaling that is not there',
      { scaling: { kind: 'magic' } },
      /^ebbtide:scaling\.kind is "magic": must be "cpu" or "none"$/,
    ],
    [
      'a target without its kind',
      { scaling: { kind: 'none', target: 50 } },
      /^ebbtide:scaling\.target is not a setting; there are kind, warmUp/,
    ],
    [
      'a network without subnets',
      { network: { id: 'vpc-12' } },
      /^ebbtide:network\.subnets is missing: with ebbtide:network\.id it must list/,
    ],
    [
      'subnets without a network',
      { network: { subnets: ['subnet-12'] } },
      /^ebbtide:network\.id is missing: with ebbtide:network\.subnets/,
    ],
    [
      'an empty list of subnets',
      { network: { id: 'vpc-12', subnets: [] } },
      /^ebbtide:network\.subnets is \[\]: must name at least one subnet$/,
    ],
    [
      'a subnet that is none',
      { network: { id: 'vpc-12', subnets: ['subnet-1', 'b'] } },
      /^ebbtide:network\.subnets\[1\] is "b": must be the id of a subnet/,
    ],
    [
      'a range with a network that exists',
      { network: { id: 'vpc-12', subnets: ['subnet-12'], cidr: '10.0.0.0/16' } },
      /^ebbtide:network\.cidr is of no use with ebbtide:network\.id/,
    ],
    [
      'a range that is none',
      { network: { cidr: '10.0.0.0' } },
      /^ebbtide:network\.cidr is "10\.0\.0\.0": must be an IPv4 range/,
    ],
    [
      'a range too small for subnets',
      { network: { cidr: '10.0.0.0/28' } },
      /^ebbtide:network\.cidr is "10\.0\.0\.0\/28": must be an IPv4 range/,
    ],
    [
      'a range whose numbers are too big',
      { network: { cidr: '10.0.300.0/16' } },
      /^ebbtide:network\.cidr is "10\.0\.300\.0\/16": must be an IPv4 range/,
    ],
    [
      'a pool that is no group',
      { pool: 'media' },
      /^ebbtide:pool is "media": must be a group of settings: name, min,/,
    ],
    [
      'an artifact from two places',
      artifact({ file: 'livekit-server', url: 'https://a.example/b' }),
      /^ebbtide:media\.artifact is .* exactly one of file and url$/,
    ],
    ['an artifact from nowhere', artifact({}), /^ebbtide:media\.artifact is .* exactly one of file and url$/],
    [
      'an artifact in the open',
      artifact({ url: 'http://a.example/b' }),
      /^ebbtide:media\.artifact\.url is "http:\/\/a\.example\/b": must be an https/,
    ],
    [
      'an artifact whose sum is no sum',
      artifact({ file: 'livekit-server', sha256: 'abc' }),
      /^ebbtide:media\.artifact\.sha256 is "abc": must be a sha256 as 64/,
    ],
    [
      'an artifact that is not there',
      artifact({ file: 'nothing' }),
      /^ebbtide:media\.artifact\.file is "nothing": there is no such file/,
    ],
    [
      'an artifact with another sum',
      artifact({ file: 'livekit-server', sha256: 'b'.repeat(64) }),
      /^ebbtide:media\.artifact\.sha256 is bbb.* but livekit-server has aaa/,
    ],
    [
      'a server from nowhere',
      { media: {} },
      /^ebbtide:media has nothing to install: must have exactly one of artifact .*, image .* and setup/,
    ],
    [
      'a server from two places',
      { media: { ...Object(GOOD.media), image: IMAGE } },
      /^ebbtide:media has artifact and image: must have exactly one of artifact/,
    ],
    ...[
      'livekit/livekit-server',
      'livekit/livekit-server:v1.13.5',
      `livekit/livekit-server:v1@sha256:${SHA}`,
    ].map((image): [string, Record<string, unknown>, RegExp] => [
      `the image ${image.slice(0, 40)}, which is not by its digest alone`,
      { media: { image } },
      /^ebbtide:media\.image is ".*: must be a container image by its digest alone, .*`docker buildx imagetools inspect NAME:TAG` tells the digest\)$/,
    ]),
    [
      "a container at a port that is root's",
      { media: { image: IMAGE, ports: { signal: 443 } } },
      /^ebbtide:media\.ports\.signal is 443: must be 1024 or above with ebbtide:media\.image/,
    ],
    [
      'a script that is not there',
      { media: { setup: { file: 'nothing.sh', sha256: SHA, unit: 'livekit.service' } } },
      /^ebbtide:media\.setup\.file is "nothing\.sh": there is no such file/,
    ],
    [
      'a script with another sum',
      { media: { setup: { file: 'setup.sh', sha256: 'b'.repeat(64), unit: 'livekit.service' } } },
      /^ebbtide:media\.setup\.sha256 is bbb.* but setup\.sh has aaa/,
    ],
    [
      'a script of which nobody knows what it starts',
      { media: { setup: SETUP } },
      /^ebbtide:media\.setup is .* must have exactly one of unit and container/,
    ],
    [
      'a script that starts two things',
      { media: { setup: { ...SETUP, unit: 'livekit.service', container: 'livekit' } } },
      /^ebbtide:media\.setup is .* must have exactly one of unit and container/,
    ],
    [
      'a unit that is no service',
      { media: { setup: { ...SETUP, unit: 'livekit' } } },
      /^ebbtide:media\.setup\.unit is "livekit": must be a systemd service, such as "livekit\.service"$/,
    ],
    [
      'an OpenVidu that nobody installs',
      openvidu({ setup: undefined }),
      /^ebbtide:media\.setup is missing: must be the script that installs OpenVidu's media node/,
    ],
    [
      'a template for an OpenVidu',
      openvidu({ config: 'port: 1' }),
      /^ebbtide:media\.config is not a setting; there are kind, setup, containers,/,
    ],
    [
      'a container whose name is none',
      openvidu({ containers: { egress: 'my egress' } }),
      /^ebbtide:media\.containers\.egress is "my egress": must be the name of a container/,
    ],
    [
      'a label that is none',
      openvidu({ containers: { agentLabel: 'a b' } }),
      /^ebbtide:media\.containers\.agentLabel is "a b": must be a label: NAME or NAME=VALUE$/,
    ],
    [
      'a kind of media server that is not there',
      { media: { kind: 'janus', artifact: {} } },
      /^ebbtide:media\.kind is "janus": must be "livekit" or "openvidu"$/,
    ],
    [
      'a config file that is not there',
      { media: { ...Object(GOOD.media), config: { file: 'no.yaml' } } },
      /^ebbtide:media\.config\.file is "no\.yaml": there is no such file/,
    ],
    [
      'two ports that are one',
      { media: { ...Object(GOOD.media), ports: { signal: 9876 } } },
      /^ebbtide:agent\.http\.port is 9876: .*ebbtide:media\.ports\.signal is 9876 too$/,
    ],
    [
      'a range of ports that falls',
      { media: { ...Object(GOOD.media), ports: { rtcUdp: '7892-7882' } } },
      /^ebbtide:media\.ports\.rtcUdp is "7892-7882": must be a range of ports that rises/,
    ],
    [
      'a range of ports that are none',
      { media: { ...Object(GOOD.media), ports: { rtcUdp: '7882-70000' } } },
      /^ebbtide:media\.ports\.rtcUdp is "7882-70000": .* from 1 to 65535/,
    ],
    [
      'an archive without the name of the server in it',
      artifact({ url: 'https://a.example/livekit.tar.gz?raw=1' }),
      /^ebbtide:media\.artifact\.member is missing: livekit\.tar\.gz is an archive/,
    ],
    [
      'a config whose port the firewall does not open',
      { media: { ...Object(GOOD.media), config: 'keys: {{keys}}\nredis: {{redis}}\nport: 7900' } },
      /^ebbtide:media\.config sets port to 7900: must be \{\{signalPort\}\}/,
    ],
    [
      'a Redis at no port',
      { mediaSecrets: { ...Object(GOOD.mediaSecrets), redis: '10.0.0.5:70000' } },
      /^ebbtide:mediaSecrets\.redis must have an address as HOST:PORT.* from 1 to 65535$/,
    ],
    [
      'keys too big for a parameter',
      { mediaSecrets: { ...Object(GOOD.mediaSecrets), keys: { devkey: 's'.repeat(5000) } } },
      /^ebbtide:mediaSecrets\.keys has 5013 bytes as JSON: must have at most 4096/,
    ],
    [
      'a zone of another region',
      pool({ zones: ['eu-west-1a', 'eu-west-2a'] }),
      /^ebbtide:pool\.zones\[1\] is "eu-west-2a": must be a zone of the region aws:region, such as "eu-west-1a"$/,
    ],
    [
      'a zone named twice',
      pool({ zones: ['eu-west-1a', 'eu-west-1a'] }),
      /^ebbtide:pool\.zones\[1\] is "eu-west-1a": must be named once$/,
    ],
    [
      'more zones than the network has parts',
      pool({ zones: [...'abcdefghijklmnopq'].map((letter) => `eu-west-1${letter}`) }),
      /^ebbtide:pool\.zones is .*: must name at most 16 zones$/,
    ],
    [
      'more topics than an alarm takes',
      { alarms: { notify: [...'abcdef'].map((name) => `arn:aws:sns:eu-west-1:123456789012:${name}`) } },
      /^ebbtide:alarms\.notify has 6 topics: must have at most 5/,
    ],
    [
      'a size of the journal that is none',
      { logs: { keep: '1 GB' } },
      /^ebbtide:logs\.keep is "1 GB": must be a size, such as 500M or 2G$/,
    ],
    ...[
      'cloud',
      'https://logs.example.org',
      'tls://logs.example.org',
      'tcp://a:0',
      'tls://a:70000',
      'tls://a"b:1',
    ].map((to): [string, Record<string, unknown>, RegExp] => [
      `logs to ${to}`,
      { logs: { to } },
      /^ebbtide:logs\.to is .*: must be journal \(logs stay on the node\), or who takes syslog, such as tls:/,
    ]),
    [
      'a tag whose value AWS does not take',
      { aws: { tags: { team: 'a;b' } } },
      /^ebbtide:aws\.tags\.team is "a;b": must be of letters, digits, spaces/,
    ],
    [
      'more tags than AWS takes',
      { aws: { tags: Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`tag${index}`, 'x'])) } },
      /^ebbtide:aws\.tags is .*: must have at most 40 tags$/,
    ],
    [
      'a heartbeat slower than its timeout allows',
      { agent: { every: { heartbeat: '40m' } } },
      /^ebbtide:agent\.every\.heartbeat is 40 min: must be at most half of ebbtide:aws\.heartbeatTimeout/,
    ],
    [
      'a topic that is none',
      { alarms: { notify: ['on-call'] } },
      /^ebbtide:alarms\.notify\[0\] is "on-call": must be the ARN of an SNS topic, such as/,
    ],
    [
      'no keys for the media server',
      { mediaSecrets: { redis: '10.0.0.5:6379' } },
      /^ebbtide:mediaSecrets\.keys is missing: LiveKit needs it$/,
    ],
    [
      'how long the load must be low, which AWS decides',
      { scaling: { lowFor: '5m' } },
      /^ebbtide:scaling\.lowFor is of no use on AWS/,
    ],
    [
      "a suffix of the group's role that makes its name too long",
      { aws: { serviceLinkedRoleSuffix: 'a'.repeat(36) } },
      /^ebbtide:aws\.serviceLinkedRoleSuffix is "a+": must be a suffix of at most 35 letters/,
    ],
    [
      "a suffix of the group's role with an underscore",
      { aws: { serviceLinkedRoleSuffix: 'a_b' } },
      /^ebbtide:aws\.serviceLinkedRoleSuffix is "a_b": must be a suffix of at most 35 letters/,
    ],
    [
      'days that no log is kept',
      { aws: { logDays: 2 } },
      /^ebbtide:aws\.logDays is 2: must be one of 1, 3, 5,/,
    ],
    [
      'a tag that metadata cannot tell',
      { aws: { tags: { 'cost/center': '1' } } },
      /^ebbtide:aws\.tags\.cost\/center .*must be a tag of letters/,
    ],
    [
      'text where JSON was meant',
      { pool: '{name: media' },
      /^ebbtide:pool is "\{name: media": must be a group of settings/,
    ],
  ];
  for (const [what, changed, error] of wrong) {
    it(`refuses ${what}`, () => {
      const errors = errorsOf(changed);
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', error);
    });
  }

  it('refuses a stack without a region, and a provider key that would be lost', () => {
    assert.deepEqual(errorsOf({}, { 'aws:region': undefined }).length, 1);
    assert.match(
      errorsOf({}, { 'aws:region': undefined })[0] ?? '',
      /^aws:region is missing: it must be the region of the pool, such as "eu-west-1"/,
    );
    assert.match(
      errorsOf({}, { 'aws:assumeRole': '{}' })[0] ?? '',
      /^aws:assumeRole is not a setting; there are region, profile/,
    );
  });

  for (const region of ['cn-north-1', 'us-iso-east-1', 'us-isob-east-1']) {
    it(`refuses the region ${region}, and says why`, () => {
      const [error, ...others] = errorsOf({}, { 'aws:region': region });
      assert.match(
        error ?? '',
        /^aws:region is ".*": must be a region whose services are under amazonaws\.com/,
      );
      assert.deepEqual(others, []);
    });
  }

  it('takes the regions that are left', () => {
    for (const region of ['eu-west-1', 'us-gov-west-1', 'ap-southeast-5'])
      assert.deepEqual(errorsOf({}, { 'aws:region': region }), []);
  });

  it('tells everything that is wrong at once', () => {
    const errors = errorsOf({
      cloud: 'mars',
      pool: { name: 'media', min: -1, maximum: 3 },
      scaleIn: { ceiling: '48' },
      network: { id: 'vpc-12' },
      media: { artifact: { url: 'https://a.example/b', sha256: '1' } },
    });
    const keys = errors.map((line) => line.split(' ')[0]);
    assert.deepEqual(keys, [
      'ebbtide:cloud',
      'ebbtide:pool.min',
      'ebbtide:pool.maximum',
      'ebbtide:scaleIn.ceiling',
      'ebbtide:media.artifact.sha256',
      'ebbtide:network.subnets',
    ]);
  });

  /** Whatever is wrong by itself, all else is checked: one round tells all. */
  const rounds: [string, Record<string, unknown>, string[]][] = [
    [
      'in every group, by itself and beside its neighbours',
      {
        cloud: 'mars',
        pool: {
          name: 'Media_1',
          min: 4,
          max: 2,
          initial: 9,
          machineType: 'big',
          image: 'debian',
          diskGb: 2,
          zones: ['eu-west-1a', 7, 'eu-west-2b'],
        },
        network: { id: 'vpc-12', cidr: '10.0.0.0/16', signalFrom: ['all'] },
        scaleIn: { ceiling: '48', maxDrains: 0 },
        media: {
          artifact: { file: 'nothing.tgz', sha256: '1' },
          capacity: 0,
          config: 'port: 7900\nkeys: {{keys}}',
          ports: { rtcTcp: 9876, rtcUdp: 'many' },
        },
        mediaSecrets: { redis: 'nowhere' },
        agent: { every: { heartbeat: '40m', work: 'often' }, http: { port: 7880 } },
        alarms: { notify: ['on-call', 3] },
        aws: { logDays: 2 },
      },
      [
        'agent.every.heartbeat',
        'agent.every.work',
        'agent.http.port',
        'alarms.notify[0]',
        'alarms.notify[1]',
        'aws.logDays',
        'cloud',
        'media.artifact.file',
        'media.artifact.member',
        'media.artifact.sha256',
        'media.capacity',
        'media.ports.rtcUdp',
        'mediaSecrets.keys',
        'mediaSecrets.redis',
        'network.cidr',
        'network.signalFrom[0]',
        'network.subnets',
        'pool.diskGb',
        'pool.image',
        'pool.initial',
        'pool.machineType',
        'pool.min',
        'pool.name',
        'pool.zones[1]',
        'pool.zones[2]',
        'scaleIn.ceiling',
        'scaleIn.maxDrains',
      ],
    ],
    [
      'of a config whose neighbour is wrong',
      { media: { ...Object(GOOD.media), config: 'port: 7900\nkeys: {{keys}}', ports: { rtcUdp: 'many' } } },
      ['media.config', 'media.ports.rtcUdp'],
    ],
    [
      'in groups that are left out',
      { cloud: undefined, pool: undefined, media: undefined, mediaSecrets: undefined },
      ['cloud', 'media', 'mediaSecrets.keys', 'pool.name'],
    ],
    [
      'in an artifact that is empty',
      { media: { artifact: {} } },
      ['media.artifact', 'media.artifact.sha256'],
    ],
    [
      'of a container and its neighbours',
      {
        media: {
          image: 'livekit:1',
          ports: { signal: 80, rtcUdp: '500-600' },
          config: 'port: 1\nkeys: {a: b}',
        },
        mediaSecrets: {},
      },
      ['media.config', 'media.image', 'media.ports.rtcUdp', 'media.ports.signal'],
    ],
    [
      'of an OpenVidu and its script',
      openvidu({
        setup: { file: 'nothing.sh' },
        capacity: 0,
        egress: { healthPort: 0 },
        ports: { signal: 9876 },
      }),
      [
        'agent.http.port',
        'media.capacity',
        'media.egress.healthPort',
        'media.setup.file',
        'media.setup.sha256',
      ],
    ],
    [
      'once only: what is wrong is not missing too',
      {
        pool: { name: 'media', imageHasSoftware: true, image: 3 },
        network: { id: 'vpc-12', subnets: [] },
        media: { artifact: { url: 'https://a.example/b.tgz', sha256: SHA, member: 1 }, config: 3 },
        mediaSecrets: { keys: {} },
      },
      ['media.artifact.member', 'media.config', 'mediaSecrets.keys', 'network.subnets', 'pool.image'],
    ],
  ];
  for (const [what, changed, keys] of rounds) {
    it(`tells in one round what is wrong ${what}`, () => {
      const errors = errorsOf(changed).map((line) => line.split(' ')[0]);
      assert.deepEqual(
        errors.sort(),
        keys.map((key) => `ebbtide:${key}`),
      );
    });
  }

  const ways: [string, Record<string, unknown>][] = [
    ['a server by its image', { media: { image: IMAGE } }],
    ['an image of a registry with a port', { media: { image: `registry.example:5000/a/b_c@sha256:${SHA}` } }],
    ['a server by a script that starts a unit', { media: { setup: { ...SETUP, unit: 'livekit.service' } } }],
    [
      'a server by a script that starts a container',
      { media: { setup: { ...SETUP, container: 'livekit' } } },
    ],
    ['an OpenVidu by its script, without secrets of ours', { ...openvidu(), mediaSecrets: undefined }],
    [
      'an OpenVidu that the image has',
      {
        ...openvidu({ setup: undefined }),
        ...pool({ image: 'ami-0123456789abcdef0', imageHasSoftware: true }),
      },
    ],
  ];
  for (const [what, changed] of ways) {
    it(`takes ${what}`, () => {
      assert.deepEqual(errorsOf(changed), []);
      assert.deepEqual(read(changed).warnings, []);
    });
  }

  it('never repeats a secret in an error', () => {
    const errors = errorsOf({
      mediaSecrets: { keys: { devkey: 'short-secret' }, redis: 'hidden-host', passwort: 'hidden-too' },
    });
    assert.equal(errors.length, 3, errors.join('\n'));
    assert.doesNotMatch(errors.join('\n'), /short-secret|hidden/);
    assert.match(
      errors.join('\n'),
      /ebbtide:mediaSecrets\.keys\.devkey must be a secret of at least 32 characters/,
    );
    assert.match(errors.join('\n'), /ebbtide:mediaSecrets\.redis must have an address as HOST:PORT/);
  });

  const warned: [string, Record<string, unknown>, RegExp | undefined][] = [
    ['nothing of a good stack file', {}, undefined],
    ['nothing of a ceiling at the limit', { scaleIn: { ceiling: '48h' } }, undefined],
    [
      'a ceiling above the 48 h of AWS',
      { scaleIn: { ceiling: '3d' } },
      /^ebbtide:scaleIn\.ceiling is 72 h 0 min, but AWS holds a leaving machine for 48 h 0 min at most/,
    ],
    [
      'a ceiling above 100 heartbeats',
      { aws: { heartbeatTimeout: '10m' }, agent: { every: { heartbeat: '1m' } } },
      /^ebbtide:scaleIn\.ceiling is 48 h 0 min, but AWS holds a leaving machine for 16 h 40 min/,
    ],
    ['a pool that cannot grow from nothing', pool({ min: 0 }), /^ebbtide:pool\.min is 0: /],
    ["a victim of AWS's choice", { scaleIn: { victim: 'native' } }, /^ebbtide:scaleIn\.victim is "native"/],
    ['a destroy that cuts', { onDestroy: 'cut' }, /^ebbtide:onDestroy is "cut"/],
    [
      'a Redis that no media server is told of',
      { media: { ...Object(GOOD.media), config: 'keys: {{keys}}' } },
      /^ebbtide:media\.config does not name \{\{redis\}\}/,
    ],
    [
      'nodes that do not know of each other',
      { mediaSecrets: { keys: { devkey: 's'.repeat(32) } } },
      /^ebbtide:mediaSecrets\.redis is not set/,
    ],
    [
      'a warning that never comes',
      { scaleIn: { ceiling: '1h' } },
      /^ebbtide:scaleIn\.warnAfter is 240 min|^ebbtide:scaleIn\.warnAfter is 4 h 0 min, later than/,
    ],
  ];
  for (const [what, changed, warning] of warned) {
    it(`warns of ${what}`, () => {
      const { warnings } = read(changed);
      assert.equal(warnings.length, warning === undefined ? 0 : 1, warnings.join('\n'));
      if (warning !== undefined) assert.match(warnings[0] ?? '', warning);
    });
  }

  it('warns of secrets in plain text', () => {
    const { warnings } = readSettings({ values: configValues(GOOD), isSecret: () => false }, files);
    assert.match(warnings.join('\n'), /^ebbtide:mediaSecrets is kept in plain text/);
  });
});
