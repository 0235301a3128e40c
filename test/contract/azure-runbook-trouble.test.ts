import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { encodeScaleInSettings } from '../../fleet/azure-function-settings.ts';
import { hasPython, PYTHON } from '../../lab/azure/automation/python.ts';
import { azureRunbook } from '../../stacks/bundle.ts';
import { statusOf } from '../unit/support/fleet.ts';
import { startLocalServer } from '../unit/support/local-server.ts';
import { poolSettings, SET } from './support/azure/model.ts';
import {
  at,
  failures,
  findings,
  found,
  HOUR_MS,
  type RunbookWorld,
  startRunbookWorld,
} from './support/azure/runbook-world.ts';

const RUNBOOK = azureRunbook().code;
const DELETE = 'VirtualMachineScaleSetVMs_Delete';

describe('the runbook of Azure, in trouble', () => {
  let world: RunbookWorld;

  before(function () {
    if (!hasPython()) this.skip();
  });
  afterEach(() => world?.twin.close());

  async function start(size: number): Promise<void> {
    world = await startRunbookWorld(size);
    for (let id = 0; id < size; id += 1) world.serve(id);
  }
  async function dropContainer(name: string): Promise<void> {
    const { model } = world;
    await world.twin.provision({
      ...model,
      containers: model.containers.filter((each) => each.name !== name),
    });
  }

  it('settings that make no sense are told', async () => {
    await start(1);
    const encoded = (settings: object) => Buffer.from(JSON.stringify(settings)).toString('base64');
    const settings = poolSettings();
    assert.match(failures(await world.run(encoded({ pool: 'media' }))), /scaleSet makes no sense/);
    assert.match(
      failures(await world.run(encoded({ ...settings, maxDrains: '2' }))),
      /maxDrains makes no sense/,
    );
    assert.match(
      failures(await world.run(encoded({ ...settings, targetCpu: 50 }))),
      /targetCpu makes no sense/,
    );
    assert.match(failures(await world.run('not base64!')), /Error/);
  });

  it('a scale set of another subscription, and one that is not there', async () => {
    await start(2);
    const elsewhere = SET.replace(/subscriptions\/[^/]+/, 'subscriptions/sub-2');
    assert.match(
      failures(await world.run({ scaleSet: elsewhere })),
      /SubscriptionNotFound.*another subscription/,
    );
    world.mayBeRefused = true;
    assert.match(failures(await world.run({ scaleSet: `${SET}2` })), /AuthorizationFailed.*role/);
    assert.equal(world.left().length, 2);
  });

  for (const container of ['statuses', 'decisions']) {
    it(`a container of ${container} that is gone: protects, and does nothing else`, async () => {
      await start(3);
      world.drained(0);
      world.instance(1).protection = undefined;
      await dropContainer(container);
      const ended = await world.run();
      assert.match(failures(ended), /nobody is decided or deleted.*ContainerNotFound.*pulumi up/);
      assert.equal(ended.log.length, 1);
      assert.equal(world.left().length, 3);
      assert.equal(world.instance(1).protection?.protectFromScaleIn, true);
    });
  }

  it('a memory container that is gone: nothing is done', async () => {
    await start(3);
    world.drained(0);
    await dropContainer('memory');
    assert.match(failures(await world.run()), /ContainerNotFound.*pulumi up/);
    assert.equal(world.left().length, 3);
  });

  it('a status that makes no sense: its node is not chosen, and counts as load', async () => {
    await start(5);
    const torn = ['{"v":1,', '[]', 'null', '{"v":2}', JSON.stringify({ v: 1, node: 'ebbtide-media_9' })];
    for (const [id, text] of torn.entries()) world.write(`statuses/ebbtide-media_${id}.json`, text);
    world.serve(4);
    const ended = await world.run();
    assert.equal(ended.status, 'Completed');
    assert.match(found(ended, 'unknown'), /cannot be read \(statuses\/ebbtide-media_0\.json/);
    assert.deepEqual(world.decided(), []);
  });

  it('a decision that makes no sense: it counts as a drain, its node is not decided again, and a person is told', async () => {
    await start(4);
    const strange = { v: 1, node: 'ebbtide-media_0', intent: 'leave' };
    world.write('decisions/ebbtide-media_0.json', strange);
    const first = await world.run({ maxDrains: 1 });
    assert.equal(first.status, 'Completed');
    assert.match(
      found(first, 'decision-unknown'),
      /decisions\/ebbtide-media_0\.json: machine makes no sense/,
    );
    assert.deepEqual(world.decided(), ['ebbtide-media_0']);
    await world.run({ maxDrains: 2 });
    assert.equal(world.decided().length, 2);
    assert.deepEqual(world.read('decisions/ebbtide-media_0.json'), strange);
  });

  for (const memory of ['[]', '{"v":1,"low":{"since":"never"}}', '{"v":1,"lastDecisionAt":7}']) {
    it(`a memory that makes no sense, ${memory}: it is begun anew, and nobody is decided for it`, async () => {
      await start(3);
      world.write('memory/scale-in.json', memory);
      assert.match(
        failures(await world.run({ lowForMs: 0 })),
        /memory\/scale-in\.json: .*; it is begun anew/,
      );
      assert.deepEqual(world.decided(), []);
      await world.run({ lowForMs: 0, coolDownMs: HOUR_MS });
      assert.deepEqual(world.decided(), []);
      assert.equal((await world.run({ lowForMs: 0 })).status, 'Completed');
      assert.equal(world.decided().length, 2);
    });
  }

  for (const [what, spoil] of [
    ['nested beyond any depth', (key: string) => world.write(key, '['.repeat(100_000))],
    [
      'larger than any',
      (key: string) => {
        if (key.startsWith('decisions/')) world.decide(0);
        world.write(key, `${' '.repeat(300_000)}${JSON.stringify(world.read(key))}`);
      },
    ],
    ['archived by a person', (key: string) => archive(key)],
  ] as const) {
    for (const key of ['statuses/ebbtide-media_0.json', 'decisions/ebbtide-media_0.json'])
      it(`an object that is ${what}, ${key}: unknown alone, and keeps nothing else from being done`, async () => {
        await start(5);
        world.drained(4);
        spoil(key);
        const ended = await world.run();
        assert.equal(ended.status, 'Completed');
        assert.match(
          found(ended, key.startsWith('s') ? 'unknown' : 'decision-unknown'),
          /ebbtide-media_0\.json: /,
        );
        if (what === 'larger than any') assert.match(JSON.stringify(ended.log), /larger than 262144 bytes/);
        assert.equal(world.left().length, 4);
        assert.ok(!world.decided().includes('ebbtide-media_0') || key.startsWith('d'));
      });
  }
  function archive(key: string): void {
    world.intervene = ({ method, target }, when) => {
      if (method !== 'GET' || when !== 'before' || !target.includes(key)) return undefined;
      return { status: 409, headers: { 'x-ms-error-code': 'BlobArchived' }, body: '' };
    };
  }

  for (const code of ['BlobArchived', 'LeaseIsBreakingAndCannotBeAcquired'])
    it(`a lock that is refused for ${code} is no other run at work`, async () => {
      await start(2);
      world.intervene = ({ headers }, when) =>
        when === 'before' && headers['x-ms-lease-action'] === 'acquire'
          ? { status: 409, headers: { 'x-ms-error-code': code }, body: '' }
          : undefined;
      assert.match(failures(await world.run()), new RegExp(code));
    });

  it('a run that is not at its end after ten minutes ends', async () => {
    await start(3);
    world.instance(1).protection = undefined;
    const quick = RUNBOOK.replace('15_000, 600', '15_000, 0');
    assert.notEqual(quick, RUNBOOK);
    await world.twin.provision({
      ...world.model,
      runbooks: world.model.runbooks.map((each) => ({ ...each, content: quick })),
    });
    assert.match(failures(await world.run()), /not at its end after 0 s/);
    assert.equal(world.instance(1).protection, undefined);
  });

  it('a log of which no line is longer than a reader takes, whatever others write', async () => {
    await start(60);
    for (let id = 0; id < 60; id += 1)
      world.serve(id, { work: null, unknown: 'x'.repeat(10_000), alarms: [] });
    const ended = await world.run();
    const told = ended.log.filter(({ event }) => event === 'found-unknown');
    assert.equal(told.length, 51);
    assert.equal(told.at(-1)?.text, 'and 10 more');
    assert.ok(told.every(({ text }) => String(text).length <= 200));
    assert.equal(String(told[0]?.reason).length, 120);
  });

  it('that nobody may go, and why', async () => {
    await start(3);
    world.serve(1, { protected: true });
    world.serve(2, { work: null, unknown: 'the metrics are switched off' });
    world.serve(0, { protected: true });
    world.lowFor(HOUR_MS);
    const told = await world.run();
    assert.equal(
      found(told, 'scale-in-refused'),
      '2 too many serve, and nobody may go: 2 × protected by an operator; 1 × its work is unknown',
    );
    assert.match(found(told, 'unknown'), /its work is unknown: the metrics are switched off/);
    assert.equal(
      told.log.find(({ event }) => event === 'found-unknown')?.reason,
      'the metrics are switched off',
    );
    world.serve(1);
    world.lowFor(HOUR_MS);
    assert.ok(!findings(await world.run()).includes('found-scale-in-refused'), 'somebody goes');
    world.serve(1, { protected: true });
    world.lowFor(HOUR_MS);
    assert.ok(!findings(await world.run()).includes('found-scale-in-refused'), 'a drain is under way');
  });

  it('calls that were lost with a machine, and what one that is gone had told of calls', async () => {
    await start(2);
    const gone = (node: string, changed: object, ageMs: number) =>
      world.write(
        `statuses/${node}.json`,
        statusOf(node, { ...changed, machine: 'm', cloud: 'azure' }),
        ageMs,
      );
    const said = { name: 'calls-cut', since: at(60_000), text: 'as a test has it' };
    gone('ebbtide-media_90', { work: { rooms: 1, people: 3 } }, 120_000);
    gone('ebbtide-media_91', { phase: 'leaving', alarms: [said] }, 120_000);
    gone('ebbtide-media_92', { work: { rooms: 1, people: 3 } }, 1_900_000);
    gone('ebbtide-media_93', { work: { rooms: 1, people: 3 } }, 10_000);
    gone('ebbtide-media_94', { phase: 'draining', work: null }, 120_000);
    world.serve(1, {}, 120_000);
    const told = await world.run();
    assert.deepEqual(
      told.log.flatMap(({ event, node }) => (event.startsWith('found-') ? [`${event} ${node}`] : [])),
      [
        'found-stale ebbtide-media_1',
        'found-calls-lost ebbtide-media_90',
        'found-node-calls-cut ebbtide-media_91',
      ],
    );
    assert.match(found(told, 'calls-lost'), /its machine is gone.*serving, 1 rooms, 3 people/);
  });

  it('a list of statuses that cannot be read: that is told, and all else is done', async () => {
    await start(2);
    world.drained(1);
    world.intervene = ({ target }, when) =>
      when === 'before' && target.includes('comp=list') ? { status: 403, headers: {}, body: '' } : undefined;
    const told = await world.run();
    assert.match(failures(told), /have left behind could not be read/);
    assert.deepEqual(world.left(), ['ebbtide-media_0']);
  });

  it('a parameter that comes with quotes around it, as some clients send it', async () => {
    await start(1);
    assert.equal((await world.run(`"${encodeScaleInSettings(poolSettings())}"`)).status, 'Completed');
  });

  it('a date of when to ask again', async () => {
    await start(1);
    let asked = 0;
    world.intervene = ({ target }, when) => {
      if (when === 'after' || !target.includes('/virtualMachines?')) return undefined;
      asked += 1;
      const headers = { 'retry-after': new Date().toUTCString() };
      return asked === 1 ? { status: 503, headers, body: '' } : undefined;
    };
    assert.equal((await world.run()).status, 'Completed');
    assert.equal(asked, 2);
  });

  it('no identity', () => {
    const settings = encodeScaleInSettings(poolSettings());
    const ran = spawnSync(PYTHON, ['-c', RUNBOOK, settings], {
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    });
    assert.equal(ran.status, 1);
    assert.match(ran.stdout, /IDENTITY_ENDPOINT is not set/);
  });

  it('a page that is to be read elsewhere: no token of ours goes there', async () => {
    const elsewhere = await startLocalServer(() => ({ status: 200, body: '{"value":[]}' }));
    const azure = await startLocalServer(({ path, url }) => {
      const headers = { 'last-modified': new Date().toUTCString() };
      if (path === '/identity') return { status: 200, body: '{"access_token":"t"}' };
      if (path === '/memory/scale-in.json') return { status: 200, headers, body: '{"v":1}' };
      return {
        status: 200,
        body: JSON.stringify({ value: [], nextLink: `${elsewhere.url}${url.pathname}` }),
      };
    });
    try {
      const settings = encodeScaleInSettings({ ...poolSettings(), arm: azure.url, store: azure.url });
      const environment = { IDENTITY_ENDPOINT: `${azure.url}/identity`, IDENTITY_HEADER: 'secret' };
      const child = spawn(PYTHON, ['-c', RUNBOOK, settings], {
        env: { PATH: process.env.PATH, ...environment },
      });
      let told = '';
      child.stdout.on('data', (chunk: Buffer) => {
        told += chunk.toString();
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      assert.equal(code, 1);
      assert.match(told, /gets no token of it/);
      assert.equal(elsewhere.requests.length, 0);
    } finally {
      await Promise.all([azure.close(), elsewhere.close()]);
    }
  });

  it('a right that is not there yet: told, keeps nothing else from being done, and done by the next run', async () => {
    await start(2);
    world.drained(0);
    world.instance(1).protection = undefined;
    const { model } = world;
    const roles = model.roles.map(({ permissions, ...role }) => ({
      ...role,
      permissions: permissions.map((each) => ({
        ...each,
        actions: each.actions.filter((action) => !action.endsWith('/delete')),
      })),
    }));
    await world.twin.provision({ ...model, roles });
    world.mayBeRefused = true;
    assert.match(failures(await world.run()), /AuthorizationFailed.*role/);
    assert.equal(world.left().length, 2);
    assert.equal(world.instance(1).protection?.protectFromScaleIn, true, 'all else was done');
    await world.twin.provision(model);
    world.drained(0);
    assert.equal((await world.run()).status, 'Completed');
    assert.equal(world.left().length, 1);
  });

  it('every first attempt is throttled, fails or hangs', async () => {
    await start(4);
    world.drained(0);
    world.instance(3).protection = undefined;
    const { faults } = world.twin;
    for (const action of ['VirtualMachineScaleSetVMs_List', DELETE, 'VirtualMachineScaleSetVMs_Update'])
      faults.add({ service: 'arm', action, times: 1, kind: 'throttle' });
    faults.add({ service: 'identity', times: 1, kind: 'error' });
    for (const action of ['LeaseBlob', 'PutBlob'])
      faults.add({ service: 'blob', action, times: 1, kind: 'error' });
    faults.add({ service: 'blob', action: 'GetBlob', times: 2, kind: 'timeout' });
    assert.equal((await world.run({ requestMs: 300 })).status, 'Completed');
    assert.deepEqual(world.left(), ['ebbtide-media_1', 'ebbtide-media_2', 'ebbtide-media_3']);
    assert.equal(world.decided().length, 2, 'a new one beside the one that was on its way out');
    assert.equal(world.instance(3).protection?.protectFromScaleIn, true);
  });

  it('a list that breaks off on its second page, and one that is not a list: nobody is taken for gone', async () => {
    await start(4);
    world.drained(0);
    let pages = 0;
    world.intervene = ({ target }, when) => {
      if (when !== 'before' || !target.includes('/virtualMachines?')) return undefined;
      pages += 1;
      return pages > 1 ? 'silence' : undefined;
    };
    assert.match(failures(await world.run({ requestMs: 100 })), /no answer in 5 attempts/);
    world.intervene = () => undefined;
    world.twin.faults.add({
      service: 'arm',
      action: 'VirtualMachineScaleSetVMs_List',
      times: 1,
      kind: 'garbage',
    });
    failures(await world.run());
    assert.equal(world.left().length, 4);
    assert.deepEqual(world.decided(), ['ebbtide-media_0']);
  });

  it('a store that never answers: told, and nothing done', async () => {
    await start(2);
    world.drained(0);
    world.intervene = ({ target }, when) =>
      when === 'before' && target.includes('/statuses/') ? 'silence' : undefined;
    assert.match(failures(await world.run({ requestMs: 100 })), /no answer in 5 attempts/);
    assert.equal(world.left().length, 2);
  });
});
