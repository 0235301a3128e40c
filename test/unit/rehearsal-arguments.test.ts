import assert from 'node:assert/strict';
import { CLOUD_NAMES } from '../../fleet/clouds.ts';
import { readArguments, USAGE } from '../../lab/rehearsal/arguments.ts';

const defaults = { clouds: CLOUD_NAMES, media: 'twin', factor: 60, seed: 1 };

describe('arguments of a rehearsal', () => {
  const right: { given: string; argv: string[]; environment?: Record<string, string>; want: object }[] = [
    { given: 'nothing', argv: [], want: defaults },
    { given: 'one cloud', argv: ['--cloud', 'gcp'], want: { ...defaults, clouds: ['gcp'] } },
    {
      given: 'several clouds, each once',
      argv: ['--cloud', 'gcp', '--cloud', 'aws', '--cloud', 'gcp'],
      want: { ...defaults, clouds: ['gcp', 'aws'] },
    },
    {
      given: 'all of them',
      argv: [
        '--cloud',
        'aws',
        '--media',
        'livekit',
        '--livekit-server',
        '/l',
        '--factor',
        '30',
        '--seed',
        '9',
        '--json',
        'r',
      ],
      want: { clouds: ['aws'], media: 'livekit', livekitServer: '/l', factor: 30, seed: 9, json: 'r' },
    },
    {
      given: 'the server from the environment',
      argv: ['--media=livekit'],
      environment: { EBBTIDE_LIVEKIT_SERVER: '/e' },
      want: { ...defaults, media: 'livekit', livekitServer: '/e' },
    },
    {
      given: 'a server in the environment that a twin does not need',
      argv: [],
      environment: { EBBTIDE_LIVEKIT_SERVER: '/e' },
      want: defaults,
    },
  ];
  for (const { given, argv, environment = {}, want } of right) {
    it(`takes ${given}`, () => {
      assert.deepEqual(readArguments(argv, environment), { kind: 'go', arguments: want });
    });
  }

  const wrong: { argv: string[]; want: RegExp }[] = [
    {
      argv: ['--cloud', 'moon'],
      want: /moon is not a cloud that has a twin; there is aws, azure, .* and \w+$/,
    },
    { argv: ['--media', 'jitsi'], want: /jitsi is neither twin nor container nor livekit/ },
    { argv: ['--factor', '0'], want: /--factor 0 must be a whole number from 1 to 240/ },
    { argv: ['--factor', '1.5'], want: /--factor 1\.5 must be/ },
    { argv: ['--factor', ''], want: /--factor {2}must be/ },
    { argv: ['--seed', 'x'], want: /--seed x must be/ },
    { argv: ['--livekit-server', '/l'], want: /no use without --media livekit/ },
    { argv: ['--json', ''], want: /--json needs/ },
    { argv: ['--json'], want: /--json/ },
    { argv: ['--nonsense'], want: /--nonsense/ },
    { argv: ['aws'], want: /aws/ },
  ];
  for (const { argv, want } of wrong) {
    it(`refuses ${argv.join(' ')}`, () => {
      const read = readArguments(argv, {});
      assert.equal(read.kind, 'wrong');
      assert.match(read.kind === 'wrong' ? read.problem : '', want);
    });
  }

  for (const { typed, argv, environment } of [
    { typed: '--cloud gcp', argv: ['gcp'], environment: { npm_config_cloud: 'true' } },
    { typed: '--cloud=gcp', argv: [], environment: { npm_config_cloud: 'gcp' } },
    { typed: '--livekit-server=/l', argv: [], environment: { npm_config_livekit_server: '/l' } },
  ]) {
    it(`tells whoever typed npm start ${typed} what npm did with it`, () => {
      const read = readArguments(argv, environment);
      assert.match(
        read.kind === 'wrong' ? read.problem : '',
        /npm took --[a-z-]+ for itself: .* behind a -- of its own/,
      );
    });
  }

  it('tells every flag in its help', () => {
    assert.deepEqual(readArguments(['--help', '--cloud', 'moon'], {}), { kind: 'help' });
    for (const flag of ['cloud', 'media', 'livekit-server', 'factor', 'seed', 'json', 'help']) {
      assert.ok(USAGE.includes(`--${flag}`), flag);
    }
  });
});
