import assert from 'node:assert/strict';
import { inflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { runResource } from '../../providers/digitalocean/functions/run-resource.ts';
import { createOperator } from '../../providers/digitalocean/operator.ts';
import { createSweptOrchestrator } from '../../providers/digitalocean/swept-orchestrator.ts';
import { type FunctionsTwin, startFunctionsTwin } from '../support/functions-twin.ts';
import { type Api, readApi } from './support/specs/openapi.ts';

type Properties = Record<string, unknown>;
const createdSchema = v.object({ id: v.string(), outs: v.record(v.string(), v.unknown()) });
const readSchema = v.object({ id: v.string(), props: v.record(v.string(), v.unknown()) });
const diffSchema = v.object({ changes: v.boolean(), replaces: v.array(v.string()), deleteBeforeReplace: v.boolean() });

const NAMESPACE = { kind: 'namespace', label: 'ebbtide-media', region: 'fra1' };
const PARAMETERS = { token: 'dop_v1_of-the-function', pool: 'media' };
const WAKE = 'a secret to wake it by';
const NAME = 'ebbtide-media/orchestrator';

describe('the resources for DigitalOcean Functions, against its twin', () => {
  let twin: FunctionsTwin;
  let api: Api | undefined;
  before(() => {
    api = readApi();
  });
  beforeEach(async () => {
    twin = await startFunctionsTwin();
  });
  afterEach(async () => {
    await twin.close();
    assert.deepEqual(twin.refusals, []);
  });

  const ask = (operation: string, request: Properties) =>
    runResource({ operation, ...request }, { environment: twin.environment });
  const create = async (news: Properties) => v.parse(createdSchema, await ask('create', { news }));
  const read = async (id: string, olds: Properties) => v.parse(readSchema, await ask('read', { id, olds }));
  const diff = async (olds: Properties, news: Properties) => v.parse(diffSchema, await ask('diff', { olds, news }));
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

  const differences: [what: string, kind: 'action' | 'trigger', changed: Properties, replaces: string[]][] = [
    ['code', 'action', { code: 'exports.main = () => 1' }, []],
    ['a parameter', 'action', { parameters: { ...PARAMETERS, token: 'another' } }, []],
    ['a limit', 'action', { memoryMb: 512 }, []],
    ['the time it may take', 'action', { timeoutSeconds: 90 }, []],
    ['the secret that wakes it', 'action', { webSecret: 'another secret to wake it' }, []],
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
      const inputs = { action: actionIn, trigger: triggerIn }[kind](made.namespace.id, changed);
      const found = await diff(made[kind].outs, inputs);
      assert.deepEqual(found, { changes: true, replaces, deleteBeforeReplace: true });
    });
  }

  it('changes a function with all that it is, and a trigger', async () => {
    const { namespace, action, trigger } = await createAll();
    const { webSecret: _none, ...closed } = actionIn(namespace.id, { parameters: { pool: 'other' }, memoryMb: 512 });
    const outs = v.parse(v.object({ outs: v.record(v.string(), v.unknown()) }), await ask('update', { olds: action.outs, news: closed }));
    await ask('update', { olds: trigger.outs, news: triggerIn(namespace.id, { cron: '*/5 * * * *', enabled: false }) });
    const { action: made, trigger: changed } = twin.only();
    assert.deepEqual(made.parameters, [{ key: 'pool', value: 'other' }]);
    assert.equal(made.limits.memory, 512);
    assert.ok(!JSON.stringify(made.annotations).includes(WAKE));
    assert.deepEqual([changed.cron, changed.isEnabled], ['*/5 * * * *', false]);
    assert.equal(outs.outs.url, '');
    assert.equal((await diff(outs.outs, closed)).changes, false);
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
    twin.foreign404 = true;
    for (const each of [namespace, inside, action, trigger]) await assert.rejects(read(each.id, each.outs));
    twin.foreign404 = false;
    twin.only().namespace.triggers.clear();
    assert.equal((await read(trigger.id, trigger.outs)).id, '');
    twin.only().namespace.actions.clear();
    assert.equal((await read(action.id, action.outs)).id, '');
    twin.model.namespaces.clear();
    for (const each of [namespace, inside, action, trigger]) assert.equal((await read(each.id, each.outs)).id, '');
  });
});
