import assert from 'node:assert/strict';
import { inflateRawSync } from 'node:zlib';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { GARBAGE } from '../../lab/cloud/faults.ts';
import { NAMESPACE_METHODS } from '../../lab/digitalocean/functions-api/namespaces.ts';
import { actionKind } from '../../providers/digitalocean/functions/action.ts';
import { runResource } from '../../providers/digitalocean/functions/run-resource.ts';
import { createOperator } from '../../providers/digitalocean/operator.ts';
import { createSweptOrchestrator } from '../../providers/digitalocean/swept-orchestrator.ts';
import { type FunctionsTwin, startFunctionsTwin } from '../support/functions-twin.ts';
import { type OpenApi, readOpenApi } from './support/specs/openapi.ts';

type Properties = Record<string, unknown>;
const createdSchema = v.object({ id: v.string(), outs: v.record(v.string(), v.unknown()) });
const readSchema = v.object({ id: v.string(), props: v.record(v.string(), v.unknown()) });
const diffSchema = v.object({
  changes: v.boolean(),
  replaces: v.array(v.string()),
  deleteBeforeReplace: v.boolean(),
});

const NAMESPACE = { kind: 'namespace', label: 'ebbtide-media', region: 'fra1' };
const PARAMETERS = { token: 'dop_v1_of-the-function', pool: 'media' };
const WAKE = 'a secret to wake it by';
const NAME = 'ebbtide-media/orchestrator';

describe('the resources for DigitalOcean Functions, against its twin', () => {
  let twin: FunctionsTwin;
  let description: OpenApi | undefined;
  before(() => {
    description = readOpenApi();
  });
  beforeEach(async () => {
    twin = await startFunctionsTwin();
  });
  afterEach(async () => {
    await twin.close();
    assert.deepEqual(twin.refusals, []);
    // What went to DigitalOcean's own API, and came of it, is as its description says.
    const problems = twin.exchanges.flatMap(({ request: { method, target, body }, reply }) => {
      if (!target.startsWith('/v2/') || reply.body === GARBAGE) return [];
      const exchange = {
        method,
        target,
        body: body.toString(),
        status: reply.status,
        answer: String(reply.body),
      };
      return description?.problems(exchange) ?? [];
    });
    assert.deepEqual(problems, []);
  });

  const ask = (operation: string, request: Properties) =>
    runResource({ operation, ...request }, { environment: twin.environment });
  const create = async (news: Properties) => v.parse(createdSchema, await ask('create', { news }));
  const read = async (id: string, olds: Properties) => v.parse(readSchema, await ask('read', { id, olds }));
  const diff = async (olds: Properties, news: Properties) =>
    v.parse(diffSchema, await ask('diff', { olds, news }));
  const actionIn = (namespace: unknown, changed: Properties = {}) => ({
    kind: 'action',
    namespace,
    package: 'ebbtide-media',
    name: 'orchestrator',
    runtime: 'nodejs:22',
    code: 'exports.main = () => ({})',
    timeoutSeconds: 60,
    memoryMb: 256,
    parameters: PARAMETERS,
    webSecret: WAKE,
    ...changed,
  });
  const triggerIn = (namespace: unknown, changed: Properties = {}) => ({
    kind: 'trigger',
    namespace,
    name: 'minute',
    function: NAME,
    cron: '* * * * *',
    enabled: true,
    ...changed,
  });
  async function createAll() {
    const namespace = await create(NAMESPACE);
    const inside = await create({ kind: 'package', namespace: namespace.id, name: 'ebbtide-media' });
    const action = await create(actionIn(namespace.id));
    const trigger = await create(triggerIn(namespace.id));
    return { namespace, inside, action, trigger };
  }

  it('makes them as they are wanted', async () => {
    const { action } = await createAll();
    const { namespace, action: made, trigger } = twin.only();
    assert.deepEqual(made.exec.kind, 'nodejs:22');
    const zip = Buffer.from(made.exec.code, 'base64');
    const name = 30 + zip.readUInt16LE(26);
    assert.equal(zip.subarray(30, name).toString(), 'index.js');
    const packed = zip.subarray(name, name + zip.readUInt32LE(18));
    assert.equal(inflateRawSync(packed).toString(), 'exports.main = () => ({})');
    assert.deepEqual(made.limits, { timeout: 60_000, memory: 256 });
    assert.deepEqual(Object.fromEntries(made.parameters.map(({ key, value }) => [key, value])), PARAMETERS);
    assert.deepEqual(Object.fromEntries(made.annotations.map(({ key, value }) => [key, value])), {
      ebbtide: 'functions',
      exec: 'nodejs:22',
      // No call brings another token, and the function does not get the namespace's key.
      final: true,
      'provide-api-key': false,
      'require-whisk-auth': WAKE,
      'web-export': true,
    });
    assert.deepEqual([trigger.function, trigger.cron, trigger.isEnabled], [NAME, '* * * * *', true]);
    const host = twin.environment.DIGITALOCEAN_API_URL;
    assert.equal(action.outs.url, `${host}/api/v1/web/${namespace.id}/${NAME}`);
  });

  it('opens one to everybody only where it is told so', async () => {
    const { id } = await create(NAMESPACE);
    await create({ kind: 'package', namespace: id, name: 'ebbtide-media' });
    const news = actionIn(id, { name: 'page', webSecret: undefined, open: true });
    const { outs } = await create(news);
    const annotations = () => {
      const [namespace] = twin.model.namespaces.values();
      const { annotations: all = [] } = namespace?.actions.get('ebbtide-media/page') ?? {};
      return all.filter(({ key }) => key === 'web-export' || key === 'require-whisk-auth' || key === 'final');
    };
    // Nobody who calls it brings other parameters.
    const isOpen = { key: 'web-export', value: true };
    const bySecret = { key: 'require-whisk-auth', value: false };
    assert.deepEqual(annotations(), [{ key: 'final', value: true }, isOpen, bySecret]);
    assert.equal(outs.url, `${twin.environment.DIGITALOCEAN_API_URL}/api/v1/web/${id}/ebbtide-media/page`);
    assert.equal((await diff(outs, news)).changes, false);
    const seen = await read(`${id}/ebbtide-media/page`, outs);
    assert.deepEqual(seen.props, outs);
    await ask('update', { olds: outs, news: { ...news, open: false } });
    assert.deepEqual(annotations().slice(1), [{ ...isOpen, value: false }, bySecret]);
  });

  it("keeps neither the namespace's key nor parameters nor code in what they tell of themselves", async () => {
    const told = JSON.stringify(await createAll());
    const { namespace, action } = twin.only();
    for (const secret of [namespace.key, PARAMETERS.token, WAKE, action.exec.code, 'exports.main'])
      assert.ok(!told.includes(secret), secret);
  });

  it('sees no difference where there is none, and reads what it made', async () => {
    const { namespace, inside, action, trigger } = await createAll();
    const rows: [{ id: string; outs: Properties }, Properties][] = [
      [namespace, NAMESPACE],
      [inside, { kind: 'package', namespace: namespace.id, name: 'ebbtide-media' }],
      [action, actionIn(namespace.id)],
      [trigger, triggerIn(namespace.id)],
    ];
    for (const [{ id, outs }, news] of rows) {
      assert.deepEqual((await diff(outs, news)).changes, false, id);
      assert.deepEqual(await read(id, outs), { id, props: outs });
    }
    const reordered = { pool: 'media', token: PARAMETERS.token };
    assert.equal((await diff(action.outs, actionIn(namespace.id, { parameters: reordered }))).changes, false);
  });

  const differences: [
    what: string,
    kind: 'namespace' | 'inside' | 'action' | 'trigger',
    changed: Properties,
    replaces: string[],
  ][] = [
    ["a namespace's name", 'namespace', { label: 'other' }, ['label']],
    ["a namespace's region", 'namespace', { region: 'ams3' }, ['region']],
    ["a package's name", 'inside', { name: 'other' }, ['name']],
    ["a package's namespace", 'inside', { namespace: 'fn-other' }, ['namespace']],
    ['code', 'action', { code: 'exports.main = () => 1' }, []],
    ['a parameter', 'action', { parameters: { ...PARAMETERS, token: 'another' } }, []],
    ['a limit', 'action', { memoryMb: 512 }, []],
    ['the time it may take', 'action', { timeoutSeconds: 90 }, []],
    ['the secret that wakes it', 'action', { webSecret: 'another secret to wake it' }, []],
    ['whether anybody may call it', 'action', { open: true }, []],
    ['the runtime', 'action', { runtime: 'nodejs:24' }, []],
    ["a function's name", 'action', { name: 'other' }, ['name']],
    ["a function's package", 'action', { package: 'other' }, ['package']],
    ["a function's namespace", 'action', { namespace: 'fn-other' }, ['namespace']],
    ['the schedule', 'trigger', { cron: '*/2 * * * *' }, []],
    ['whether it is on', 'trigger', { enabled: false }, []],
    ["a trigger's name", 'trigger', { name: 'other' }, ['name']],
    ["a trigger's function", 'trigger', { function: 'ebbtide-media/other' }, ['function']],
    ["a trigger's namespace", 'trigger', { namespace: 'fn-other' }, ['namespace']],
  ];
  for (const [what, kind, changed, replaces] of differences) {
    it(`sees that ${what} is another${replaces.length > 0 ? ', and that it is another thing' : ''}`, async () => {
      const made = await createAll();
      const { id } = made.namespace;
      const inputs = {
        namespace: { ...NAMESPACE, ...changed },
        inside: { kind: 'package', namespace: id, name: 'ebbtide-media', ...changed },
        action: actionIn(id, changed),
        trigger: triggerIn(id, changed),
      }[kind];
      const found = await diff(made[kind].outs, inputs);
      assert.deepEqual(found, { changes: true, replaces, deleteBeforeReplace: true });
    });
  }

  it('changes a function with all that it is, and a trigger', async () => {
    const { namespace, action, trigger } = await createAll();
    const { webSecret: _none, ...closed } = actionIn(namespace.id, {
      parameters: { pool: 'other' },
      memoryMb: 512,
    });
    const outs = v.parse(
      v.object({ outs: v.record(v.string(), v.unknown()) }),
      await ask('update', { olds: action.outs, news: closed }),
    );
    await ask('update', {
      olds: trigger.outs,
      news: triggerIn(namespace.id, { cron: '*/5 * * * *', enabled: false }),
    });
    const { action: made, trigger: changed } = twin.only();
    assert.deepEqual(made.parameters, [{ key: 'pool', value: 'other' }]);
    assert.equal(made.limits.memory, 512);
    assert.deepEqual(
      made.annotations.filter(({ key }) => /web-export|require-whisk-auth/.test(key)),
      [
        { key: 'web-export', value: false },
        { key: 'require-whisk-auth', value: false },
      ],
    );
    assert.deepEqual([changed.cron, changed.isEnabled], ['*/5 * * * *', false]);
    assert.equal(outs.outs.url, '');
    assert.equal((await diff(outs.outs, closed)).changes, false);
  });

  it('makes a trigger that is off', async () => {
    const { namespace, trigger } = await createAll();
    await ask('delete', { id: trigger.id, olds: trigger.outs });
    await create(triggerIn(namespace.id, { enabled: false }));
    assert.equal(twin.only().trigger.isEnabled, false);
  });

  it('keeps nothing of a change that somebody else was quicker with', async () => {
    const { namespace, action } = await createAll();
    const { api, inside } = createOperator({ environment: twin.environment }, 5_000);
    const found = (await inside(namespace.id)) ?? assert.fail();
    const quicker = { ...found, whisk: { ...found.whisk, putAction: async () => undefined } };
    const services = { api, inside: async () => quicker };
    await assert.rejects(
      actionKind.update(action.outs, actionIn(namespace.id, { memoryMb: 512 }), services),
      /somebody else changes the function/,
    );
  });

  it('sees what somebody else has changed', async () => {
    const { namespace, action, trigger } = await createAll();
    const there = twin.only();
    // As any writing of it does.
    there.action.version = '0.0.7';
    there.action.exec.code = 'x';
    there.trigger.isEnabled = false;
    const seen = await read(action.id, action.outs);
    assert.equal((await diff(seen.props, actionIn(namespace.id))).changes, true);
    const seenTrigger = await read(trigger.id, trigger.outs);
    assert.deepEqual(await diff(seenTrigger.props, triggerIn(namespace.id)), {
      changes: true,
      replaces: [],
      deleteBeforeReplace: true,
    });
  });

  it('sees that a thing is gone only where its own service says so', async () => {
    const { namespace, inside, action, trigger } = await createAll();
    for (const each of [namespace, inside, action, trigger]) {
      const faults = [
        { service: 'functions', kind: 'error' },
        { service: 'functions', kind: 'garbage' },
        { service: 'whisk', kind: 'error' },
        { service: 'whisk', kind: 'garbage' },
      ] as const;
      for (const fault of faults) {
        if (fault.service === 'whisk' && (each === namespace || each === trigger)) continue;
        twin.faults.add({ ...fault, times: 1 });
        await assert.rejects(read(each.id, each.outs), `${fault.kind} of ${fault.service}`);
        twin.faults.clear();
      }
    }
    twin.isAstray = true;
    for (const each of [namespace, inside, action, trigger]) await assert.rejects(read(each.id, each.outs));
    twin.isAstray = 'host';
    for (const each of [inside, action]) await assert.rejects(read(each.id, each.outs));
    twin.isAstray = false;
    const there = twin.only().namespace;
    there.triggers.clear();
    assert.equal((await read(trigger.id, trigger.outs)).id, '');
    there.actions.clear();
    assert.equal((await read(action.id, action.outs)).id, '');
    twin.model.namespaces.clear();
    for (const each of [namespace, inside, action, trigger])
      assert.equal((await read(each.id, each.outs)).id, '');
  });

  describe('what a creation left of which no answer came', () => {
    it('is a namespace that was made all the same', async () => {
      twin.lostAnswers.push('POST /v2/functions/namespaces');
      const { id } = await create(NAMESPACE);
      assert.deepEqual([...twin.model.namespaces.keys()], [id]);
    });

    it('is nothing where nothing was made, which is told', async () => {
      const action = 'functions_create_namespace';
      for (const kind of ['error', 'garbage'] as const) {
        twin.faults.add({ service: 'functions', action, kind, times: 1 });
        await assert.rejects(create(NAMESPACE), /making the Functions namespace ebbtide-media in fra1/);
      }
      assert.equal(twin.model.namespaces.size, 0);
      // What may have been made is not asked for again.
      assert.equal(twin.changes().length, 2);
    });

    it('is taken over, and made as it is wanted: nothing is there twice', async () => {
      const first = await createAll();
      const { action, trigger } = twin.only();
      action.limits.memory = 128;
      trigger.isEnabled = false;
      // The state knows nothing of them.
      const { namespace } = twin.only();
      const again = await create(actionIn(namespace.id));
      await create({ kind: 'package', namespace: namespace.id, name: 'ebbtide-media' });
      await create(triggerIn(namespace.id));
      assert.deepEqual([twin.only().action.limits.memory, twin.only().trigger.isEnabled], [256, true]);
      assert.equal(again.outs.digest, first.action.outs.digest);
      assert.deepEqual([namespace.actions.size, namespace.triggers.size, namespace.packages.size], [1, 1, 1]);
    });

    it('is an empty namespace, which is taken', async () => {
      const { id } = await create(NAMESPACE);
      assert.equal((await create(NAMESPACE)).id, id);
    });
  });

  describe('a name that somebody else has already', () => {
    type Row = [what: string, arrange: () => Promise<Properties>, told: RegExp];
    const rows: Row[] = [
      [
        'a namespace in another region',
        async () => {
          await create(NAMESPACE);
          return { ...NAMESPACE, region: 'ams3' };
        },
        /it is in fra1, not in ams3: nothing was changed/,
      ],
      [
        'a namespace with something in it',
        async () => {
          await createAll();
          return NAMESPACE;
        },
        /called ebbtide-media is there already, and there is something in it/,
      ],
      ...(['triggers', 'packages', 'actions'] as const).map(
        (kind): Row => [
          `a namespace with nothing but ${kind} in it`,
          async () => {
            await createAll();
            const { namespace } = twin.only();
            for (const other of ['triggers', 'packages', 'actions'] as const)
              if (other !== kind) namespace[other].clear();
            return NAMESPACE;
          },
          /called ebbtide-media is there already, and there is something in it/,
        ],
      ),
      [
        'two namespaces',
        async () => {
          const { api } = createOperator({ environment: twin.environment }, 5_000);
          for (const region of ['fra1', 'fra1']) await api.createNamespace('ebbtide-media', region);
          return NAMESPACE;
        },
        /there is more than one/,
      ],
      [
        'a package',
        async () => {
          const { namespace } = await createAll();
          for (const each of twin.only().namespace.packages.values()) each.annotations = [];
          return { kind: 'package', namespace: namespace.id, name: 'ebbtide-media' };
        },
        /a package ebbtide-media in fn-.* is not of this program/,
      ],
      [
        'a function',
        async () => {
          const { namespace } = await createAll();
          twin.only().action.annotations = [];
          return actionIn(namespace.id);
        },
        /a function ebbtide-media\/orchestrator is there already, and it is not of this program/,
      ],
      [
        "a function that bears the mark in another's sense",
        async () => {
          const { namespace } = await createAll();
          twin.only().action.annotations = [{ key: 'ebbtide', value: 'a tide table' }];
          return actionIn(namespace.id);
        },
        /a function ebbtide-media\/orchestrator is there already, and it is not of this program/,
      ],
      [
        'a trigger',
        async () => {
          const { namespace } = await createAll();
          twin.only().trigger.function = 'ebbtide-media/other';
          return triggerIn(namespace.id);
        },
        /a trigger minute in fn-.* it calls ebbtide-media\/other/,
      ],
    ];
    for (const [what, arrange, told] of rows) {
      it(`is told, and nothing is changed: ${what}`, async () => {
        const news = await arrange();
        twin.changes();
        const before = JSON.stringify(
          [...twin.model.namespaces.values()].map((each) => [
            ...each.actions.values(),
            ...each.triggers.values(),
          ]),
        );
        await assert.rejects(create(news), told);
        const after = JSON.stringify(
          [...twin.model.namespaces.values()].map((each) => [
            ...each.actions.values(),
            ...each.triggers.values(),
          ]),
        );
        assert.equal(after, before);
      });
    }
  });

  it('deletes each, also one that is gone already, and one by one', async () => {
    const { namespace, inside, action, trigger } = await createAll();
    for (const each of [trigger, action, inside, namespace]) {
      for (const _time of ['first', 'again']) await ask('delete', { id: each.id, olds: each.outs });
    }
    assert.equal(twin.model.namespaces.size, 0);
    // The namespace is gone, with all that was in it.
    for (const each of [trigger, action, inside]) await ask('delete', { id: each.id, olds: each.outs });
  });

  it('deletes the triggers of a namespace before it, whoever made them', async () => {
    const { namespace } = await createAll();
    twin.changes();
    await ask('delete', { id: namespace.id, olds: namespace.outs });
    const root = 'DELETE /v2/functions/namespaces/NAMESPACE';
    assert.deepEqual(twin.changes(), [`${root}/triggers/minute`, root]);
  });

  it('deletes nothing that it cannot be sure of', async () => {
    const { namespace } = await createAll();
    twin.isAstray = true;
    await assert.rejects(ask('delete', { id: namespace.id, olds: namespace.outs }));
    twin.isAstray = false;
    assert.equal(twin.model.namespaces.size, 1);
  });

  it('waits for what was just deleted in a package', async () => {
    const { namespace, inside, action } = await createAll();
    const gone = twin.only().action;
    await ask('delete', { id: action.id, olds: action.outs });
    const there = twin.model.namespaces.get(namespace.id);
    there?.actions.set(NAME, gone);
    setTimeout(() => there?.actions.clear(), 300);
    await ask('delete', { id: inside.id, olds: inside.outs });
    assert.equal(there?.packages.size, 0);
  });

  it('gives up on a package that stays full', async () => {
    const { inside } = await createAll();
    await assert.rejects(ask('delete', { id: inside.id, olds: inside.outs }), (error: Error) => {
      assert.match(textOf(error), /HTTP 409: Package not empty/);
      return true;
    });
  });

  const wrong: [what: string, kind: string, changed: Properties, property: string][] = [
    ['a cron of six fields', 'trigger', { cron: '* * * * * *' }, 'cron'],
    ['a cron of words', 'trigger', { cron: 'each minute' }, 'cron'],
    ['a function without a package', 'trigger', { function: 'orchestrator' }, 'function'],
    ['a name with a slash', 'action', { name: 'a/b' }, 'name'],
    ['too much time', 'action', { timeoutSeconds: 901 }, 'timeoutSeconds'],
    ['too little memory', 'action', { memoryMb: 64 }, 'memoryMb'],
    ['too much memory', 'action', { memoryMb: 2048 }, 'memoryMb'],
    ['a runtime that is none', 'action', { runtime: 'nodejs' }, 'runtime'],
    ['too much in its parameters', 'action', { parameters: { x: 'y'.repeat(2 ** 20) } }, ''],
    ['whether it is open', 'action', { open: 'yes' }, 'open'],
    ['a secret that can be guessed', 'action', { webSecret: 'short-secret' }, ''],
    ['a region that is none', 'namespace', { region: 'Frankfurt' }, 'region'],
    ['no label', 'namespace', { label: '' }, 'label'],
  ];
  for (const [what, kind, changed, property] of wrong) {
    it(`tells in a preview what is wrong: ${what}`, async () => {
      const inputs = {
        namespace: { ...NAMESPACE, ...changed },
        action: actionIn('fn-1', changed),
        trigger: triggerIn('fn-1', changed),
      }[kind];
      const failures = v.parse(
        v.array(v.object({ property: v.string(), reason: v.string() })),
        await ask('check', { news: inputs }),
      );
      assert.deepEqual(
        failures.map((each) => each.property),
        [property],
      );
      assert.ok(!failures[0]?.reason.includes('short-secret'), 'a secret is told');
      assert.deepEqual(twin.exchanges, []);
    });
  }

  it('takes for nothing wrong what is not known yet', async () => {
    const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
    const news = actionIn(unknown, { parameters: unknown, timeoutSeconds: unknown, webSecret: unknown });
    assert.deepEqual(await ask('check', { news }), []);
  });

  it('says which scope a token needs', async () => {
    twin.scopes.delete('function:create');
    await assert.rejects(create(NAMESPACE), (error: Error) => {
      assert.match(textOf(error), /function:create/);
      return true;
    });
  });

  it('says that a region has no Functions', async () => {
    await assert.rejects(create({ ...NAMESPACE, region: 'nyc2' }), /nyc2 takes no Functions namespace/);
  });

  it('says that the account may have no more namespaces', async () => {
    const { api } = createOperator({ environment: twin.environment }, 5_000);
    for (let each = 0; each < 10; each += 1) await api.createNamespace(`other-${each}`, 'fra1');
    await assert.rejects(create(NAMESPACE), /no more Functions namespaces/);
  });

  it('says so where DigitalOcean does not tell the key of a namespace', async () => {
    const { action } = await createAll();
    twin.only().namespace.key = '';
    await assert.rejects(
      read(action.id, action.outs),
      /does not tell the key of the Functions namespace fn-/,
    );
  });

  it('has no code sent that it does not look at', async () => {
    const { action } = await createAll();
    twin.exchanges.length = 0;
    await read(action.id, action.outs);
    assert.ok(twin.exchanges.every(({ reply }) => !String(reply.body).includes('"code"')));
  });

  it('says that there is no token', async () => {
    const { DIGITALOCEAN_TOKEN: _none, ...environment } = twin.environment;
    await assert.rejects(
      runResource({ operation: 'create', news: NAMESPACE }, { environment }),
      (error: Error) => {
        assert.match(textOf(error), /there is no DigitalOcean API token: set DIGITALOCEAN_TOKEN/);
        return true;
      },
    );
  });

  it("takes Pulumi's own configuration before the environment, as its provider does", async () => {
    const environment = {
      ...twin.environment,
      DIGITALOCEAN_TOKEN: 'of another account',
      DIGITALOCEAN_API_URL: 'http://127.0.0.1:1',
    };
    const { DIGITALOCEAN_TOKEN: token, DIGITALOCEAN_API_URL: endpoint } = twin.environment;
    await runResource({ operation: 'create', news: NAMESPACE }, { token, endpoint, environment });
    assert.equal(twin.model.namespaces.size, 1);
  });

  it('asks a namespace by the name of its host that is for everybody', async () => {
    twin.hostTold = 'https://faas-fra1-afec6ce7.doserverless.io';
    const { outs } = await create(NAMESPACE);
    assert.equal(outs.apiHost, 'https://faas-fra1-afec6ce7.doserverless.co');
  });

  describe('the orchestrator, as a sweep shuts it', () => {
    const swept = (namespace: string) => {
      const { api, inside } = createOperator({ environment: twin.environment }, 5_000);
      return createSweptOrchestrator({ api, inside, namespace, function: NAME });
    };
    const signal = () => AbortSignal.timeout(5_000);

    it('is woken by nothing any more, and stays what it is', async () => {
      const { namespace } = await createAll();
      const orchestrator = swept(namespace.id);
      const before = structuredClone(twin.only().action);
      assert.deepEqual(await orchestrator.read(signal()), { kind: 'awake', runsMs: 60_000 });
      await orchestrator.shut(signal());
      assert.deepEqual(await orchestrator.read(signal()), { kind: 'shut', runsMs: 60_000 });
      const { action, trigger } = twin.only();
      assert.equal(trigger.isEnabled, false);
      assert.deepEqual(
        [action.exec, action.limits, action.parameters],
        [before.exec, before.limits, before.parameters],
      );
      const open = action.annotations.filter(({ key }) => key === 'web-export');
      assert.deepEqual(open, [{ key: 'web-export', value: false }]);
    });

    it('is awake while only one of its ways is shut', async () => {
      const { namespace } = await createAll();
      const orchestrator = swept(namespace.id);
      twin.only().trigger.isEnabled = false;
      assert.equal((await orchestrator.read(signal())).kind, 'awake');
      await orchestrator.shut(signal());
      twin.only().trigger.isEnabled = true;
      assert.equal((await orchestrator.read(signal())).kind, 'awake');
    });

    it('is gone only where DigitalOcean says so', async () => {
      const { namespace } = await createAll();
      const orchestrator = swept(namespace.id);
      twin.isAstray = true;
      await assert.rejects(orchestrator.read(signal()));
      twin.isAstray = false;
      twin.model.namespaces.clear();
      assert.deepEqual(await orchestrator.read(signal()), { kind: 'gone' });
      await orchestrator.shut(signal());
    });

    it('is opened again by the next update', async () => {
      const { namespace, action, trigger } = await createAll();
      await swept(namespace.id).shut(signal());
      const seen = [await read(action.id, action.outs), await read(trigger.id, trigger.outs)] as const;
      assert.equal((await diff(seen[0].props, actionIn(namespace.id))).changes, true);
      assert.equal((await diff(seen[1].props, triggerIn(namespace.id))).changes, true);
    });
  });

  it('asks of a token what the description says', function () {
    if (description === undefined) {
      (this.test ?? assert.fail()).title += " (skipped: DigitalOcean's description is not here)";
      return this.skip();
    }
    for (const { http, path, scopes } of NAMESPACE_METHODS)
      assert.deepEqual(scopes, description.scopes(http, path.replace(/\{\w+\}/g, 'x')), path);
  });
});

function textOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${textOf(error.cause)}` : error.message;
}
