import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { OPERATOR_TOKEN } from '../../lab/digitalocean/tokens.ts';
import { runResource } from '../../providers/digitalocean/functions/run-resource.ts';
import { emptyModel, startTwin, type TestTwin, type TestTwinOptions } from './support/digitalocean/twin.ts';
import { until } from './support/quiet-run.ts';

type Properties = Record<string, unknown>;
const createdSchema = v.object({ id: v.string(), outs: v.record(v.string(), v.unknown()) });

const SECRET = 'a secret to wake it by';
/** Answers what it was called with, and does what it is told to. */
const CODE = `
let calls = 0;
exports.main = async (event, context) => {
  calls += 1;
  console.log('called');
  if (event.sleepMs) await new Promise((done) => setTimeout(done, event.sleepMs));
  if (event.say === 'throw') throw new Error('as it was told');
  const { http, ...rest } = event;
  const left = context.getRemainingTimeInMillis();
  return { statusCode: event.say === 'refuse' ? 500 : 200, body: { rest, method: http?.method, calls, left } };
};`;
const bodySchema = v.object({
  rest: v.record(v.string(), v.unknown()),
  method: v.optional(v.string()),
  calls: v.number(),
  left: v.number(),
});

describe('functions of a twin DigitalOcean, as the pool deploys them', () => {
  let world: TestTwin;
  let namespace: string;
  let url: string;
  let refusals: RegExp[];

  const ask = (operation: string, request: Properties) =>
    runResource(
      { operation, ...request },
      { environment: { ...world.twin.environment(), DIGITALOCEAN_TOKEN: OPERATOR_TOKEN } },
    );
  const create = async (news: Properties) => v.parse(createdSchema, await ask('create', { news }));
  const action = (changed: Properties = {}) => ({
    ...{ kind: 'action', namespace, package: 'ebbtide', name: 'echo', runtime: 'nodejs:22', code: CODE },
    ...{ timeoutSeconds: 5, memoryMb: 256, parameters: { own: 'one' }, webSecret: SECRET },
    ...changed,
  });
  const trigger = (enabled: boolean) => ({
    ...{ kind: 'trigger', namespace, name: 'minute', function: 'ebbtide/echo' },
    ...{ cron: '* * * * *', enabled },
  });

  beforeEach(async () => {
    refusals = [];
    await start();
  });
  afterEach(async () => {
    await world.twin.close();
    const found = world.twin.refused().map(({ why }) => why);
    assert.deepEqual(
      found.filter((each) => !refusals.some((expected) => expected.test(each))),
      [],
    );
  });

  async function start(options: TestTwinOptions = {}): Promise<void> {
    world = await startTwin(await emptyModel(), { factor: 240, asyncAfterMs: 60_000, ...options });
    namespace = (await create({ kind: 'namespace', label: 'ebbtide-media', region: 'fra1' })).id;
    await create({ kind: 'package', namespace, name: 'ebbtide' });
    url = String((await create(action())).outs.url);
  }

  async function restart(options: TestTwinOptions): Promise<void> {
    await world.twin.close();
    await start(options);
  }

  async function wake(said: Properties = {}, secret: string | undefined = SECRET) {
    const headers = secret === undefined ? {} : { 'x-require-whisk-auth': secret };
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(said),
    });
    return { status: answer.status, body: await answer.json() };
  }

  const failures = () =>
    world.events.flatMap((event) => (event.kind === 'invocation-failed' ? [event.problem] : []));
  const invoked = () => world.events.filter(({ kind }) => kind === 'invoked').length;

  it('are called by the web by whoever knows the secret, with what nobody can change', async () => {
    refusals = [/does not know the secret/];
    for (const secret of [undefined, 'another']) assert.equal((await wake({}, secret ?? '')).status, 401);
    assert.equal(invoked(), 0);
    const { status, body } = await wake({ more: 'three' });
    assert.equal(status, 200);
    const { rest, method, calls, left } = v.parse(bodySchema, body);
    assert.deepEqual([rest, method, calls], [{ own: 'one', more: 'three' }, 'POST', 1]);
    assert.ok(left > 0 && left <= 5_000, String(left));
    // The container stays, for the next one.
    assert.equal(v.parse(bodySchema, (await wake()).body).calls, 2);
    assert.ok(world.events.some((event) => event.kind === 'function-log' && event.line === 'called'));
  });

  it('answer everybody, with the very status that they say, where they are open', async () => {
    await ask('update', { olds: {}, news: action({ webSecret: undefined, open: true }) });
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.equal(v.parse(bodySchema, await answer.json()).method, 'GET');
    assert.equal((await wake({ say: 'refuse' })).status, 500);
  });

  it('are not called with a value in the place of one of their own, by body or by query', async () => {
    assert.equal((await wake({ own: 'two', more: 'three' })).status, 400);
    for (const query of ['own=two', '__ow_method=get']) {
      const answer = await fetch(`${url}?${query}`, { headers: { 'x-require-whisk-auth': SECRET } });
      assert.equal(answer.status, 400);
    }
    assert.equal(invoked(), 0);
    const answer = await fetch(`${url}?dryRun=true`, { headers: { 'x-require-whisk-auth': SECRET } });
    assert.deepEqual(v.parse(bodySchema, await answer.json()).rest, { own: 'one', dryRun: 'true' });
  });

  it('are throttled where too many run at once, or have begun in a minute, and told so', async () => {
    for (const [limits, problem] of [
      [{ concurrent: 1, perMinute: 600 }, /Too many concurrent requests in flight \(count: 1, allowed: 1\)/],
      [{ concurrent: 120, perMinute: 1 }, /Too many requests in the last minute \(count: 1, allowed: 1\)/],
    ] as const) {
      await restart({ factor: 1, functionLimits: limits });
      const both = await Promise.all([wake({ sleepMs: 200 }), wake({ sleepMs: 200 })]);
      assert.deepEqual(both.map(({ status }) => status).sort(), [200, 429]);
      assert.equal(failures().length, 1);
      assert.match(failures()[0] ?? '', problem);
      // What has ended counts for the minute only.
      assert.equal((await wake()).status, limits.perMinute === 1 ? 429 : 200);
    }
  });

  it('are not there for the web where the sweep has closed them', async () => {
    await ask('update', { olds: {}, news: action({ webSecret: undefined }) });
    assert.equal((await wake()).status, 404);
  });

  it('go on without whoever has called them, after a while', async () => {
    await restart({ asyncAfterMs: 500 });
    const { status } = await wake({ sleepMs: 3_000 });
    assert.equal(status, 202);
    assert.equal(invoked(), 0);
    await until('it has answered', () => invoked() === 1);
  });

  it('are ended by their limit, and begin anew', async () => {
    await restart({ asyncAfterMs: 30_000 });
    await ask('update', { olds: {}, news: action({ timeoutSeconds: 4 }) });
    assert.equal((await wake({ sleepMs: 20_000 })).status, 502);
    await until('it is ended', () =>
      failures().some((problem) => /timed out after 4\.00 seconds/.test(problem)),
    );
    assert.equal(v.parse(bodySchema, (await wake()).body).calls, 1);
  });

  it('run beside each other, each in a container of its own', async () => {
    const both = await Promise.all([wake({ sleepMs: 200 }), wake({ sleepMs: 200 })]);
    assert.deepEqual(
      both.map(({ body }) => v.parse(bodySchema, body).calls),
      [1, 1],
    );
  });

  it('have failed where they throw, or say so', async () => {
    assert.equal((await wake({ say: 'throw' })).status, 502);
    assert.equal((await wake({ say: 'refuse' })).status, 500);
    assert.equal(failures().length, 2);
    assert.match(failures()[0] ?? '', /Error: as it was told/);
    assert.match(failures()[1] ?? '', /it answered 500/);
  });

  it('fail as they are told to', async () => {
    world.twin.faults.add({ service: 'function', action: 'ebbtide/echo', times: 1, kind: 'error' });
    assert.equal((await wake()).status, 502);
    assert.equal((await wake()).status, 200);
  });

  it('are called each minute while their trigger is on, by what was deployed last', async () => {
    const { outs } = await create(trigger(true));
    await until('it was called twice', () => invoked() >= 2);
    await ask('update', { olds: {}, news: action({ code: CODE.replace('calls = 0', 'calls = 100') }) });
    await until('the new one is called', () =>
      world.events.some(
        (event) => event.kind === 'invoked' && /"calls":10\d/.test(JSON.stringify(event.answer)),
      ),
    );
    const [one] = world.twin.functions.namespaces.values();
    assert.ok((one?.triggers.get('minute')?.lastRunAt ?? 0) > 0);
    await ask('update', { olds: outs, news: trigger(false) });
    // One may be under way, and a busy machine takes its time.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = invoked();
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(invoked(), before);
  });
});
