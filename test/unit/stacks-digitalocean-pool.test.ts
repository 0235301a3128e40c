import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type * as pulumi from '@pulumi/pulumi';
import { after, before, describe, it } from 'mocha';
import * as v from 'valibot';
import { DROPLET_FILE, dropletFileSchema } from '../../fleet/digitalocean/droplet-file.ts';
import {
  BORN_KEY,
  CHECK_PERIOD,
  healthParametersSchema,
  SILENT_AFTER_MS,
} from '../../fleet/digitalocean/pool-health.ts';
import { fillUserData } from '../../fleet/digitalocean/user-data.ts';
import {
  orchestratorParametersSchema,
  orchestratorSettingsSchema,
} from '../../fleet/digitalocean-function-settings.ts';
import { poolAddressSchema } from '../../fleet/pool-address.ts';
import { parseCloudConfig } from '../../lab/instance/cloud-config.ts';
import { createDigitalOceanProvider } from '../../providers/digitalocean/provider.ts';
import { sha256Of } from '../../stacks/bundle.ts';
import { DigitalOceanPool } from '../../stacks/digitalocean/pool.ts';
import { readSettings } from '../../stacks/settings.ts';
import { createSettingsFiles } from '../../stacks/settings-files.ts';
import { softwareOf } from '../../stacks/software.ts';
import {
  configValues,
  GOOD_DIGITALOCEAN,
  optionsOfResources,
  type ProgramRun,
  runUnderMocks,
  settingsOf,
} from './stacks-mocks.ts';
import { BIRTH, DEFAULT_VPC, GOOD_ACCOUNT, OCEAN_TOKEN, startAccount } from './stacks-mocks-digitalocean.ts';
import { namesIn, ofType, promiseOf, toldBy } from './support/program-run.ts';

const ocean = (type: string) => `digitalocean:index/${type}:${type[0]?.toUpperCase()}${type.slice(1)}`;
const own = (type: string) => `pulumi-nodejs:dynamic/ebbtide:${type}`;
const OBJECT = ocean('spacesBucketObject');
const BUCKET = ocean('spacesBucket');
const FIREWALL = ocean('firewall');
const BALANCER = ocean('loadBalancer');
const ALERT = ocean('monitorAlert');
const ACTION = own('FunctionsAction');
const CODE = `ebbtide-media-${BIRTH}-code`;
const STATUSES = `ebbtide-media-${BIRTH}-statuses`;
const MEMORY = `ebbtide-media-${BIRTH}-memory`;
const VPC = '5a4981aa-9653-4bd1-bef5-d6bff52042e4';
const SECRETS = /ssssssss|10\.0\.0\.5|secret of ebbtide|token of the|\*\*\*\*/;

describe('the DigitalOcean pool', () => {
  let account: Awaited<ReturnType<typeof startAccount>>;
  let made: ProgramRun;
  const run = (settings: Record<string, unknown> = {}, options: Parameters<typeof runUnderMocks>[0] = {}) =>
    runUnderMocks({
      environment: account.environment,
      ...options,
      settings: { ...GOOD_DIGITALOCEAN, ...settings },
    });

  before(async () => {
    account = await startAccount({
      ...GOOD_ACCOUNT,
      '/v2/account/keys/17': {},
      '/v2/certificates': { certificates: [{ name: 'web' }] },
      '/v2/vpcs': { vpcs: [DEFAULT_VPC, { id: VPC, name: 'mine', region: 'fra1' }] },
      '/v2/images/4711': { image: { regions: ['fra1'] } },
    });
    made = await run();
  });
  after(() => account.close());

  it('makes everything with explicit providers: buckets with a key of Spaces, all else with the token', () => {
    const providerOf = new Map(made.resources.map(({ name, provider }) => [name, provider]));
    const ofSpaces = [...ofType(made, BUCKET), ...ofType(made, OBJECT)].map(({ name }) => name);
    assert.equal(ofSpaces.length, 3 + 6);
    for (const { name, type } of made.resources) {
      if (!type.startsWith('digitalocean:')) continue;
      const provider = ofSpaces.includes(name) ? 'media-store-spaces' : 'digitalocean';
      assert.match(providerOf.get(name) ?? '', new RegExp(`::${provider}::`), name);
    }
    const spaces = made.one('pulumi:providers:digitalocean', 'media-store-spaces');
    assert.equal(spaces.inputs.spacesAccessId, `id of ebbtide-media-${BIRTH}-stack`);
    assert.equal(spaces.inputs.spacesSecretKey, `secret of ebbtide-media-${BIRTH}-stack`);
    assert.deepEqual(spaces.secrets, ['spacesSecretKey']);
  });

  it('leaves the token where the provider finds it by itself, and hands on one that is configured', async () => {
    const tokens = (of: ProgramRun) =>
      ofType(of, 'pulumi:providers:digitalocean').map(({ inputs, secrets }) => [
        inputs.token,
        secrets.includes('token'),
      ]);
    assert.deepEqual(tokens(made), [
      [undefined, false],
      [undefined, false],
    ]);
    const told = await run({}, { place: { 'digitalocean:token': 'token of the stack file' } });
    assert.deepEqual(tokens(told), [
      ['token of the stack file', true],
      ['token of the stack file', true],
    ]);
  });

  it('registers the same at preview, when nothing is known yet', async () => {
    const preview = await run({}, { preview: true });
    assert.deepEqual(namesIn(preview), namesIn(made));
  });

  it('is the same each time: an update changes nothing that did not change', async () => {
    const again = await run();
    const plain = (of: ProgramRun) =>
      of.resources
        .map(({ type, name, inputs }) => ({ type, name, inputs }))
        .sort((a, b) => (a.type + a.name < b.type + b.name ? -1 : 1));
    assert.deepEqual(plain(again), plain(made));
  });

  it('makes nothing where the account has not what it needs', async () => {
    await assert.rejects(
      run({ pool: { name: 'media', max: 100 } }),
      /ebbtide:pool\.max is 100: .*the account's limit/,
    );
  });

  it('tells where its things are', async () => {
    const { address, operatorSecrets, ...told } = await toldBy(made);
    assert.deepEqual(Object.keys(Object(operatorSecrets)).sort(), [
      'poolSecret',
      'spacesAccessKeyId',
      'spacesSecretAccessKey',
    ]);
    const known = v.parse(poolAddressSchema, address);
    assert.equal(known.cloud, 'digitalocean');
    assert.equal(known.template, told.template);
    assert.match(String(told.template), /^[0-9a-f]{12}$/);
    assert.deepEqual(told, {
      template: told.template,
      cloud: 'digitalocean',
      pool: 'media',
      group: 'ebbtide-media',
      registry: STATUSES,
      network: 'media-network-id',
      securityGroup: 'media-firewall-id',
      metrics: 'media-functions-id',
    });
  });

  it('has a network of its own, or uses one that is there', async () => {
    assert.deepEqual(made.one(ocean('vpc')).inputs, {
      name: 'ebbtide-media',
      region: 'fra1',
      ipRange: '10.87.0.0/16',
      description: 'The pool media of Ebbtide',
    });
    const there = await run({ network: { id: VPC } });
    assert.deepEqual(ofType(there, ocean('vpc')), []);
    assert.equal(settingsToldTo(there).droplet.vpc, VPC);
  });

  it('lets in signalling and media, and nothing else: not SSH, and health for nobody', () => {
    const { inputs } = made.one(FIREWALL);
    assert.deepEqual(inputs.tags, ['ebbtide-media']);
    assert.deepEqual(inputs.inboundRules, [
      { protocol: 'tcp', portRange: '7880', sourceAddresses: ['0.0.0.0/0'] },
      { protocol: 'tcp', portRange: '7881', sourceAddresses: ['0.0.0.0/0'] },
      { protocol: 'udp', portRange: '7882', sourceAddresses: ['0.0.0.0/0'] },
    ]);
    assert.deepEqual(
      Object(inputs.outboundRules).map(({ protocol }: { protocol: string }) => protocol),
      ['tcp', 'udp', 'icmp'],
    );
  });

  it('is bound to its tags, which are there before what is bound to them', () => {
    const tags = ofType(made, ocean('tag')).map(({ inputs }) => inputs.name);
    assert.deepEqual(tags.sort(), [
      'ebbtide-media',
      'ebbtide-media-draining',
      'ebbtide-media:of:ebbtide-test',
    ]);
  });

  it('opens what the operator asks for', async () => {
    const open = await run({
      network: { signalFrom: [], mediaFrom: ['192.0.2.0/24'], healthFrom: ['10.0.0.0/8'] },
      media: { ...Object(GOOD_DIGITALOCEAN.media), ports: { rtcUdp: '50000-60000' } },
      digitalocean: { region: 'fra1', sshKeys: [17], sshFrom: ['198.51.100.0/24'] },
    });
    assert.deepEqual(open.one(FIREWALL).inputs.inboundRules, [
      { protocol: 'tcp', portRange: '7881', sourceAddresses: ['192.0.2.0/24'] },
      { protocol: 'udp', portRange: '50000-60000', sourceAddresses: ['192.0.2.0/24'] },
      { protocol: 'tcp', portRange: '9876', sourceAddresses: ['10.0.0.0/8'] },
      { protocol: 'tcp', portRange: '22', sourceAddresses: ['198.51.100.0/24'] },
    ]);
    assert.deepEqual(settingsToldTo(open).droplet.sshKeys, [17]);
  });

  it('has no load balancer unless it is asked for; then one that asks each node whether it takes new work', async () => {
    assert.deepEqual(ofType(made, BALANCER), []);
    const balanced = await run({
      network: { signalFrom: [] },
      digitalocean: { region: 'fra1', loadBalancer: { certificate: 'web', units: 2 } },
    });
    const { inputs } = balanced.one(BALANCER);
    assert.deepEqual(inputs.forwardingRules, [
      {
        entryPort: 443,
        entryProtocol: 'https',
        certificateName: 'web',
        targetPort: 7880,
        targetProtocol: 'http',
      },
    ]);
    const { protocol, port, path } = Object(inputs.healthcheck);
    assert.deepEqual([protocol, port, path], ['http', 9876, '/healthz']);
    assert.equal(inputs.dropletTag, 'ebbtide-media');
    assert.equal(inputs.vpcUuid, 'media-network-id');
    assert.equal(inputs.sizeUnit, 2);
    const from = ['media-load-balancer-id'];
    assert.deepEqual(
      Object(balanced.one(FIREWALL).inputs.inboundRules).filter((rule: object) =>
        Object.hasOwn(rule, 'sourceLoadBalancerUids'),
      ),
      [
        { protocol: 'tcp', portRange: '7880', sourceLoadBalancerUids: from },
        { protocol: 'tcp', portRange: '9876', sourceLoadBalancerUids: from },
      ],
    );
  });

  describe('its store', () => {
    it('is private: a bucket for each right, free of what is old, gone with the pool', () => {
      const buckets = ofType(made, BUCKET).map(({ inputs }) => inputs);
      for (const { region, acl, forceDestroy } of buckets)
        assert.deepEqual([region, acl, forceDestroy], ['fra1', 'private', true]);
      const rules = buckets.map(({ name, lifecycleRules }) => [
        name,
        ...Object(lifecycleRules).map(
          ({ prefix, expiration }: { prefix: string; expiration: { days: number } }) =>
            `${prefix} ${expiration.days}`,
        ),
      ]);
      assert.deepEqual(rules, [
        [CODE, 'decisions/ 30'],
        [STATUSES, 'statuses/ 7'],
        [MEMORY, 'memory/runs/ 1', 'memory/aside/ 1', 'memory/rolls/ 2', 'memory/announced/ 7'],
      ]);
    });

    it('stays where it is', async () => {
      const elsewhere = await run({ digitalocean: { region: 'fra1', spacesRegion: 'ams3' } });
      const places = [made, elsewhere].map((each) => {
        const { fixed } = each.one(own('RandomText'), 'media-store-birth').inputs;
        return v.parse(v.object({ to: v.string(), otherwise: v.string() }), fixed);
      });
      assert.deepEqual(
        places.map(({ to }) => to),
        ['fra1', 'ams3'],
      );
      assert.match(
        places[1]?.otherwise ?? '',
        /^ebbtide:digitalocean\.spacesRegion, .* is "ams3": .* in \{was\}/,
      );
    });

    it('gives nodes a key that reads code and writes statuses, and the orchestrator no more than it needs', () => {
      const grants = ofType(made, ocean('spacesKey')).map(({ inputs }) => [
        String(inputs.name).replace(`ebbtide-media-${BIRTH}-`, ''),
        ...Object(inputs.grants).map(
          ({ bucket, permission }: { bucket: string; permission: string }) => `${permission} ${bucket}`,
        ),
      ]);
      assert.deepEqual(grants, [
        ['stack', 'fullaccess '],
        ['nodes', `read ${CODE}`, `readwrite ${STATUSES}`],
        ['orchestrator', `readwrite ${CODE}`, `read ${STATUSES}`, `readwrite ${MEMORY}`],
      ]);
    });

    it('has what nodes fetch under keys of its content, from files, and secrets as secrets', () => {
      const objects = ofType(made, OBJECT).map(({ inputs, secrets }) => [
        String(inputs.key).replace(/-?[0-9a-f]{16}/, '#'),
        inputs.bucket,
        inputs.acl,
        typeof inputs.source,
        secrets,
      ]);
      assert.deepEqual(objects.sort(), [
        ['secrets/keys', CODE, 'private', 'undefined', ['content']],
        ['secrets/redis', CODE, 'private', 'undefined', ['content']],
        ['software/agent.json', CODE, 'private', 'string', []],
        ['software/ebbtide-agent#.cjs', CODE, 'private', 'string', []],
        ['software/media#', CODE, 'private', 'string', []],
        ['user-data/#', CODE, 'private', 'undefined', ['content']],
      ]);
    });

    it('lies elsewhere where the operator says so, and everybody is told', async () => {
      const elsewhere = await run({ digitalocean: { region: 'fra1', spacesRegion: 'ams3' } });
      for (const type of [BUCKET, OBJECT])
        for (const { inputs } of ofType(elsewhere, type)) assert.equal(inputs.region, 'ams3');
      assert.equal(settingsToldTo(elsewhere).spacesRegion, 'ams3');
      assert.equal(nodeOf(elsewhere).manifest.source.region, 'ams3');
      assert.equal(elsewhere.one(own('DestroySweep')).inputs.region, 'ams3');
    });
  });

  describe('the orchestrator', () => {
    it('is a function that is called each minute, and by nodes with a secret', () => {
      const { parameters: _, code, __provider: __, ...inputs } = made.one(ACTION).inputs;
      assert.equal(code, 'orchestrator');
      assert.deepEqual(inputs, {
        kind: 'action',
        namespace: 'media-functions-id',
        package: 'ebbtide',
        name: 'orchestrator',
        runtime: 'nodejs:22',
        timeoutSeconds: 60,
        memoryMb: 256,
        webSecret: 'media-wake-secret '.padEnd(64, '*'),
      });
      assert.ok(made.one(ACTION).secrets.includes('parameters'));
      assert.ok(made.one(ACTION).secrets.includes('webSecret'));
      const { __provider: ___, ...trigger } = made.one(own('FunctionsTrigger')).inputs;
      assert.deepEqual(trigger, {
        kind: 'trigger',
        namespace: 'media-functions-id',
        name: 'each-minute',
        function: 'ebbtide/orchestrator',
        cron: '* * * * *',
        enabled: true,
      });
      const { label, region } = made.one(own('FunctionsNamespace')).inputs;
      assert.deepEqual([label, region], ['ebbtide-media', 'fra1']);
    });

    it('is told what it must know, in the words that it reads', () => {
      const { settings: _, ...secrets } = parametersToldTo(made);
      assert.deepEqual(secrets, {
        apiToken: 'token of the orchestrator',
        spacesKeyId: `id of ebbtide-media-${BIRTH}-orchestrator`,
        spacesSecretKey: `secret of ebbtide-media-${BIRTH}-orchestrator`,
        poolSecret: 'media-pool-secret '.padEnd(64, '*'),
      });
      const { userData, currentTemplate, ...settings } = settingsToldTo(made);
      assert.deepEqual(settings, {
        pool: 'media',
        region: 'fra1',
        buckets: { code: CODE, statuses: STATUSES, memory: MEMORY },
        min: 1,
        max: 3,
        maxDrains: 3,
        coolDownMs: 60_000,
        warmUpMs: 120_000,
        lowForMs: 600_000,
        warnAfterMs: 4 * 3_600_000,
        bootTimeoutMs: 900_000,
        targetCpu: 0.5,
        droplet: { size: 'c-4', image: 'debian-13-x64', vpc: 'media-network-id', monitoring: false },
      });
      assert.match(currentTemplate ?? '', /^[0-9a-f]{12}$/);
      const object = ofType(made, OBJECT).find(({ inputs }) => inputs.key === userData.key);
      assert.equal(sha256Of(String(object?.inputs.content)), userData.sha256);
    });

    it('is told what the operator wants', async () => {
      const wanted = await run({
        pool: { name: 'media', min: 2, max: 9, initial: 3, machineType: 'c-8', image: 4711 },
        scaling: { kind: 'none', lowFor: '1m', coolDown: '2m', warmUp: '3m' },
        scaleIn: { maxDrains: 4, warnAfter: '1h' },
        digitalocean: { region: 'fra1', bootTimeout: '5m', monitoring: true },
      });
      const { buckets: _, userData: __, currentTemplate: ___, ...settings } = settingsToldTo(wanted);
      assert.deepEqual(settings, {
        pool: 'media',
        region: 'fra1',
        min: 2,
        max: 9,
        initial: 3,
        maxDrains: 4,
        coolDownMs: 120_000,
        warmUpMs: 180_000,
        lowForMs: 60_000,
        warnAfterMs: 3_600_000,
        bootTimeoutMs: 300_000,
        droplet: { size: 'c-8', image: 4711, vpc: 'media-network-id', monitoring: true },
      });
    });

    it('is told that an image with software may serve before it is heard of', async () => {
      const made = await run({ pool: { name: 'media', image: 4711, imageHasSoftware: true } });
      assert.equal(settingsToldTo(made).mayServeUnheard, true);
    });

    it('has the operator’s token where it has none of its own', async () => {
      const shared = await run({ digitaloceanSecrets: {} });
      assert.equal(parametersToldTo(shared).apiToken, OCEAN_TOKEN);
    });
  });

  describe('a node', () => {
    it('is told by its user-data who it is and where to wake the orchestrator, and no token', () => {
      const { file, text } = nodeOf(made);
      assert.deepEqual(file.spaces, {
        accessKeyId: `id of ebbtide-media-${BIRTH}-nodes`,
        secretAccessKey: `secret of ebbtide-media-${BIRTH}-nodes`,
      });
      assert.deepEqual(file.wake, {
        url: 'https://faas-fra1-1.doserverless.co/api/v1/web/media-functions-id/ebbtide/orchestrator',
        secret: 'media-wake-secret '.padEnd(64, '*'),
      });
      assert.doesNotMatch(text, /token of the|pool-secret|-orchestrator"|ssssssss|10\.0\.0\.5/);
    });

    it('finds in the bucket all that it is told to fetch', () => {
      const { manifest } = nodeOf(made);
      const there = ofType(made, OBJECT).map(({ inputs }) => String(inputs.key));
      const fetched = manifest.stages.flatMap((stage) => stage.files.map(({ key }) => key));
      for (const key of [...fetched, ...Object.values(manifest.source.secrets)])
        assert.ok(there.includes(key), key);
      assert.equal(manifest.source.bucket, CODE);
    });

    it('is of another template when what it is made of changes, and only then', async () => {
      const templateOf = async (changed: Record<string, unknown>) =>
        promiseOf((await run(changed)).outputs.template);
      const first = await promiseOf(made.outputs.template);
      assert.equal(await templateOf({ scaling: { target: 60 } }), first);
      assert.equal(await templateOf({ digitaloceanSecrets: {} }), first);
      const others = [
        await templateOf({ pool: { name: 'media', max: 3, machineType: 'c-8' } }),
        await templateOf({ pool: { name: 'media', max: 3, image: 4711 } }),
        await templateOf({ scaleIn: { warnAfter: '1h' } }),
      ];
      assert.equal(new Set([first, ...others]).size, 4);
    });

    it('is refused at preview where it would be told more than DigitalOcean takes', async () => {
      const config = randomBytes(60_000).toString('base64');
      await assert.rejects(
        run(
          { media: { ...Object(GOOD_DIGITALOCEAN.media), config: `keys: {{keys}}\n# ${config}` } },
          { preview: true },
        ),
        /user-data has \d+ bytes, and DigitalOcean takes 65536/,
      );
    });
  });

  it('has secrets in nothing that the state keeps as plain text', () => {
    for (const { name, inputs, secrets } of made.resources) {
      const plain = Object.entries(inputs).filter(([key]) => !secrets.includes(key));
      assert.doesNotMatch(JSON.stringify(plain), SECRETS, name);
    }
    const texts = ofType(made, own('RandomText')).map(({ name, inputs }) => [name, inputs.bytes]);
    assert.deepEqual(texts.sort(), [
      ['media-pool-secret', 32],
      ['media-store-birth', 4],
      ['media-wake-secret', 32],
    ]);
  });

  it('alerts people where there are any, of what DigitalOcean can measure', async () => {
    assert.deepEqual(ofType(made, ALERT), []);
    const alertsOf = async (digitalocean: Record<string, unknown>) =>
      ofType(await run({ alarms: { notify: ['on-call@example.org'] }, digitalocean }), ALERT);
    // Of droplets without its own agent it knows nothing; and of a load balancer it would tell each drain.
    assert.deepEqual(await alertsOf({ region: 'fra1', loadBalancer: {} }), []);
    const all = await alertsOf({ region: 'fra1', monitoring: true, loadBalancer: {} });
    const [cpu] = all;
    const { description, ...inputs } = cpu?.inputs ?? {};
    assert.match(String(description), /^ebbtide-media: cpu\. /);
    assert.deepEqual(inputs, {
      type: 'v1/insights/droplet/cpu',
      compare: 'GreaterThan',
      value: 90,
      window: '10m',
      enabled: true,
      tags: ['ebbtide-media'],
      alerts: { emails: ['on-call@example.org'] },
    });
    assert.deepEqual(
      all.map(({ inputs: each }) => each.type),
      ['droplet/cpu', 'droplet/memory_utilization_percent', 'droplet/disk_utilization_percent'].map(
        (metric) => `v1/insights/${metric}`,
      ),
    );
  });

  describe('what only the orchestrator knows', () => {
    const CHECK = ocean('uptimeCheck');
    const notify = ['on-call@example.org', 'other@example.org'];
    let watched: ProgramRun;
    before(async () => {
      watched = await run({
        alarms: { notify },
        digitalocean: { region: 'fra1', spacesRegion: 'ams3' },
      });
    });

    it('is told by a page that is open, holds a key for one bucket, and knows no other secret', () => {
      const { parameters, __provider: _, ...inputs } = watched.one(ACTION, 'media-health').inputs;
      assert.deepEqual(inputs, {
        kind: 'action',
        namespace: 'media-functions-id',
        package: 'ebbtide',
        name: 'health',
        runtime: 'nodejs:22',
        code: 'health',
        timeoutSeconds: 10,
        memoryMb: 128,
        open: true,
      });
      const key = `ebbtide-media-${BIRTH}-health`;
      assert.deepEqual(v.parse(healthParametersSchema, parameters), {
        region: 'ams3',
        bucket: MEMORY,
        silentAfterMs: SILENT_AFTER_MS,
        spacesKeyId: `id of ${key}`,
        spacesSecretKey: `secret of ${key}`,
      });
      assert.ok(watched.one(ACTION, 'media-health').secrets.includes('parameters'));
      assert.deepEqual(watched.one(ocean('spacesKey'), 'media-health-key').inputs, {
        name: key,
        grants: [{ bucket: MEMORY, permission: 'read' }],
      });
      const { bucket, key: born, region } = watched.one(OBJECT, 'media-health-born').inputs;
      assert.deepEqual([bucket, born, region], [MEMORY, BORN_KEY, 'ams3']);
    });

    it('calls people when that page is down from everywhere, with what DigitalOcean would put there itself', () => {
      assert.deepEqual(watched.one(CHECK).inputs, {
        name: 'ebbtide-media',
        type: 'https',
        target: 'https://functions/health',
        regions: ['eu_west', 'us_east'],
        enabled: true,
      });
      assert.deepEqual(watched.one(ocean('uptimeAlert')).inputs, {
        checkId: 'media-alerts-health-id',
        name: 'ebbtide-media',
        type: 'down_global',
        period: '2m',
        threshold: 1,
        comparison: 'less_than',
        notifications: [{ emails: notify }],
      });
      assert.equal(CHECK_PERIOD.ms, Number.parseInt(CHECK_PERIOD.says, 10) * 60_000);
    });

    it('has no page and no check where nobody is to hear of it', () => {
      const names = made.resources.map(({ name }) => name);
      assert.deepEqual(
        names.filter((name) => name.includes('health')),
        [],
      );
      assert.deepEqual(ofType(made, CHECK), []);
    });
  });

  it('can be swept without the program, and goes only after the sweep', async () => {
    const { inputs, secrets } = made.one(own('DestroySweep'));
    const { __provider: _, ...state } = inputs;
    assert.deepEqual(state, {
      code: 'digitalocean/run-sweep.ts',
      pool: 'media',
      group: 'ebbtide-media',
      region: 'fra1',
      namespace: 'media-functions-id',
      function: 'ebbtide/orchestrator',
      codeBucket: CODE,
      statusesBucket: STATUSES,
      spacesAccessKeyId: `id of ebbtide-media-${BIRTH}-orchestrator`,
      spacesSecretAccessKey: `secret of ebbtide-media-${BIRTH}-orchestrator`,
      poolSecret: 'media-pool-secret '.padEnd(64, '*'),
    });
    assert.deepEqual(secrets.sort(), ['poolSecret', 'spacesAccessKeyId', 'spacesSecretAccessKey']);
    const { options } = await optionsOfPool();
    const before = [options.get(own('DestroySweep'))?.dependsOn ?? []].flat().length;
    const inPool = made.resources.filter(({ type }) => type.startsWith('ebbtide:digitalocean:'));
    // All components but the pool itself and what wakes the orchestrator, and the two secrets.
    assert.equal(before, inPool.length - 2 + 2);
  });

  it('has no droplet made before the sweep is there, and what makes them at work until the sweep stops it', async () => {
    const { options } = await optionsOfPool();
    const { dependsOn, retainOnDelete } = options.get(own('FunctionsTrigger')) ?? {};
    const after = [dependsOn ?? []].flat().map((each) => Reflect.get(Object(each), '__pulumiType'));
    assert.deepEqual(after, [own('DestroySweep')]);
    assert.equal(retainOnDelete, true);
  });

  it('waits for as long as a VPC is told to have members that are gone', async () => {
    const { options } = await optionsOfPool();
    assert.deepEqual(options.get(ocean('vpc'))?.customTimeouts, { delete: '10m' });
  });

  it('makes no droplet before all that nodes need is there, and does not put a file again that lies elsewhere', async () => {
    const { options, files } = await optionsOfPool();
    assert.equal([options.get(ACTION)?.dependsOn ?? []].flat().length, 6);
    // The one whose key stays changes in place: its source must be looked at.
    assert.deepEqual(files, [['source'], ['source'], undefined]);
  });
});

function parametersToldTo(of: ProgramRun) {
  return v.parse(v.record(v.string(), v.string()), of.one(ACTION).inputs.parameters);
}

/** As the function itself reads them. */
function settingsToldTo(of: ProgramRun) {
  const { settings } = v.parse(orchestratorParametersSchema, of.one(ACTION).inputs.parameters);
  return v.parse(orchestratorSettingsSchema, settings);
}

const manifestSchema = v.object({
  source: v.object({ region: v.string(), bucket: v.string(), secrets: v.record(v.string(), v.string()) }),
  stages: v.array(v.object({ files: v.array(v.object({ key: v.string() })) })),
});

/** As cloud-init has it on a droplet that the orchestrator made. */
function nodeOf(of: ProgramRun) {
  const template = ofType(of, OBJECT).find(({ inputs }) => String(inputs.key).startsWith('user-data/'));
  const filled = { node: 'ebbtide-media-0a1b2c3d', statusKey: 'ab'.repeat(32) };
  const { files } = parseCloudConfig(fillUserData(String(template?.inputs.content), filled));
  const at = (path: string) => files.find((file) => file.path === path)?.content.toString() ?? '';
  return {
    file: v.parse(dropletFileSchema, JSON.parse(at(DROPLET_FILE))),
    manifest: v.parse(manifestSchema, JSON.parse(at('/etc/ebbtide/boot.json'))),
    text: files.map(({ content }) => content.toString()).join('\n'),
  };
}

async function optionsOfPool() {
  const files: unknown[] = [];
  const options = await optionsOfResources((given) => {
    const seen: pulumi.ResourceTransformation = ({ type, props, opts }) => {
      if (type === OBJECT && props.source !== undefined) files.push(opts.ignoreChanges);
      return undefined;
    };
    const values = configValues(GOOD_DIGITALOCEAN);
    const { settings } = readSettings({ values, isSecret: () => true }, createSettingsFiles('/'));
    const ours = settingsOf(settings, 'digitalocean');
    const bundle = { code: 'x', sha256: 'b'.repeat(64) };
    new DigitalOceanPool(
      'media',
      {
        settings: ours,
        apiToken: 'token',
        software: softwareOf(bundle, ours),
        boot: bundle,
        orchestrator: bundle,
        health: bundle,
        fileOf: async (_asset, sha256) => `/objects/${sha256}`,
      },
      {
        transformations: [...(given.transformations ?? []), seen],
        provider: createDigitalOceanProvider({}),
      },
    );
  });
  return { options, files };
}
