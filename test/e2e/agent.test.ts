import * as assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { statusSchema } from '../../fleet/status.ts';
import { AgentRig, get, NODE, type Trouble } from '../support/agent-rig.ts';
import { ON_A_SHARED_MACHINE } from '../support/shared-machine.ts';

let rig: AgentRig;

describe('the agent bundle on the oldest Node.js that it promises', () => {
  it('serves, drains and leaves on Node.js 18 (needs EBBTIDE_NODE18, the path of its binary)', async function () {
    const node = process.env.EBBTIDE_NODE18;
    if (node === undefined) return this.skip();
    rig = await AgentRig.create({ node });
    try {
      await rig.startMedia();
      await rig.startAgent();
      await rig.until('it serves', () => rig.published?.phase === 'serving' && rig.published.work !== null);
      rig.target = 'Terminated';
      await rig.until('it leaves', () => rig.published?.phase === 'leaving');
      assert.equal(rig.logged('media-signalled').length, 1);
    } finally {
      await rig.close();
    }
  });
});

describe('the agent bundle on a node', () => {
  beforeEach(async () => {
    rig = await AgentRig.create();
  });

  afterEach(async () => {
    await rig.close();
  });

  async function serving(): Promise<void> {
    await rig.startMedia();
    await rig.startAgent();
    await rig.until('it serves', () => rig.published?.phase === 'serving' && rig.published.work !== null);
  }

  const completed = () =>
    rig.calls.filter(({ action, hook }) => action === 'CompleteLifecycleAction' && hook === 'terminate');
  const hasDrained = () => rig.logged('media-signalled').length === 1;

  it('drains with a person on, keeps the hook alive, survives SIGKILL, and leaves when the call has ended', async () => {
    await serving();
    assert.deepEqual(rig.calls[0], { action: 'CompleteLifecycleAction', hook: 'launch', result: 'CONTINUE' });
    assert.equal((await get(rig.ports.agent, '/healthz')).status, 200);
    const person = await rig.join('ada');
    await rig.until('the person is seen', () => rig.published?.work?.people === 1);
    rig.decision = {
      v: 1,
      id: 'd-77',
      node: NODE,
      pool: 'media',
      at: new Date().toISOString(),
      by: 'termination-policy',
      cause: 'scale-in',
      intent: 'leave',
      reason: 'fewest calls',
      passedOver: [{ node: 'i-2', reason: 'warming up' }],
    };
    rig.target = 'Terminated';
    const signalledMs = await rig.until('it signals', hasDrained);
    assert.ok(signalledMs <= 2_000 * ON_A_SHARED_MACHINE, `signalled after ${signalledMs} ms`);
    assert.equal((await get(rig.ports.agent, '/healthz')).status, 503);
    assert.match((await get(rig.ports.agent, '/metrics')).body, /ebbtide_phase\{phase="draining"\} 1/);
    const explained = await rig.cli('explain', '--socket', rig.socket);
    assert.match(explained.stdout, /termination-policy decided .* decision d-77\): fewest calls/);
    assert.match(explained.stdout, /not i-2: warming up/);

    assert.equal(rig.logged('media-signalled')[0]?.decision, 'd-77');
    await rig.killAgent();
    await rig.startAgent();
    assert.equal(rig.logged('agent-started').at(-1)?.decision, 'd-77');
    await rig.until(
      'heartbeats go on',
      () => rig.calls.filter(({ action }) => action === 'RecordLifecycleActionHeartbeat').length >= 3,
    );
    assert.equal(person.reconnects(), 0);
    assert.equal(completed().length, 0);
    assert.equal(rig.published?.decision?.id, 'd-77');

    await person.hangUp();
    await rig.until('it leaves', () => completed().length > 0);
    assert.deepEqual(await person.ended, { kind: 'hung-up' });
    assert.equal(rig.logged('media-signalled').length, 1, 'one signal, by two agents together');
    assert.equal(completed()[0]?.result, 'CONTINUE');
    await rig.until('it says so', () => rig.published?.phase === 'leaving');
  });

  it('cuts nothing and goes on, whatever AWS answers in mid-drain', async () => {
    const troubles: { where: 'metadata' | 's3' | 'autoscaling'; trouble: Trouble }[] = [
      { where: 'metadata', trouble: 'garbage' },
      { where: 'metadata', trouble: 'hang' },
      { where: 's3', trouble: 'throttle' },
      { where: 's3', trouble: 'garbage' },
      { where: 'autoscaling', trouble: 'throttle' },
      { where: 'autoscaling', trouble: 'garbage' },
      { where: 'autoscaling', trouble: 'hang' },
      { where: 'autoscaling', trouble: 'refuse' },
    ];
    await serving();
    const person = await rig.join('ada');
    rig.target = 'Terminated';
    await rig.until('it signals', hasDrained);
    for (const { where, trouble } of troubles) {
      rig.trouble = { [where]: trouble };
      const beats = rig.calls.length;
      const answered = rig.troubled;
      await rig.until(`${where} has answered with ${trouble}`, () => rig.troubled > answered);
      rig.trouble = {};
      await rig.until(`heartbeats go on after ${where} ${trouble}`, () => rig.calls.length > beats);
      assert.equal(completed().length, 0);
    }
    await person.hangUp();
    assert.deepEqual(await person.ended, { kind: 'hung-up' });
    await rig.until('it leaves', () => completed().length > 0);
    assert.equal(rig.logged('media-signalled').length, 1);
  });

  it('metadata that answer garbage about the target are not an order to leave', async () => {
    await serving();
    rig.target = 'Terminated-ish';
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(rig.logged('drain-decided').length, 0);
  });

  it('media that was never up, on a machine that the cloud takes back: empty, after two looks', async () => {
    await rig.startAgent();
    rig.target = 'Terminated';
    await rig.until('it leaves', () => completed().length > 0);
    assert.equal(rig.logged('empty').length, 1);
  });

  it('a corrupt state file is kept aside, loudly; nothing is signalled while people are on', async () => {
    await serving();
    const person = await rig.join('ada');
    await rig.until('the person is seen', () => rig.published?.work?.people === 1);
    await rig.killAgent();
    await writeFile(rig.statePath, '{"v":1,"node":');
    rig.target = 'Terminated';
    await rig.startAgent();
    assert.equal(rig.logged('state-lost').length, 1);
    assert.equal(
      (await readdir(join(rig.folder, 'state'))).filter((name) => name.includes('corrupt')).length,
      1,
    );
    await rig.until('it drains', () => rig.published?.phase === 'draining');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal(rig.logged('media-signalled').length, 0);
    await person.hangUp();
    await rig.until('proof of zero, then the signal', () => rig.logged('media-signalled').length === 1);
    await rig.until('it leaves', () => completed().length > 0);
  });

  it('a second agent on the same node refuses to run, says why, and disturbs nothing', async () => {
    await serving();
    const second = await rig.cli('run', '--config', join(rig.folder, 'agent.json'));
    assert.equal(second.code, 1);
    assert.match(second.stderr, /another agent runs on this node already/);
    assert.equal((await rig.cli('status', '--socket', rig.socket)).code, 0);
  });

  it('an operator drains for maintenance: the machine stays, resume is refused while calls are on', async () => {
    await serving();
    const person = await rig.join('ada');
    await rig.until('the person is seen', () => rig.published?.work?.people === 1);
    const drained = await rig.cli('drain', '--reason', 'kernel update', '--socket', rig.socket);
    assert.equal(drained.code, 0);
    await rig.until('it signals', hasDrained);
    const refused = await rig.cli('resume', '--socket', rig.socket);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /Cannot resume yet/);
    await person.hangUp();
    await rig.until('it is empty', () => rig.published?.phase === 'empty');
    assert.equal(completed().length, 0);
    const { stdout } = await rig.cli('status', '--json', '--socket', rig.socket);
    assert.equal(v.parse(statusSchema, JSON.parse(stdout)).decision?.intent, 'maintenance');
  });

  it('a spot interruption drains at once, with its deadline in the status', async () => {
    await serving();
    const time = new Date(Math.floor(Date.now() / 1000) * 1000 + 120_000).toISOString();
    rig.interruption = JSON.stringify({ action: 'terminate', time });
    await rig.until('it signals', hasDrained);
    await rig.until('it tells', () => rig.published?.decision?.deadline !== undefined);
    assert.equal(Date.parse(rig.published?.decision?.deadline ?? ''), Date.parse(time));
  });

  it('tells that an operator protects it', async () => {
    rig.tags['ebbtide:protected'] = 'true';
    await serving();
    await rig.until('it tells', () => rig.published?.protected === true);
  });

  it('a wrong configuration names every key at once', async () => {
    const path = join(rig.folder, 'wrong.json');
    const config = { ...rig.config, every: { work: '5' }, http: { port: 99_999 }, unheard: 1 };
    await writeFile(path, JSON.stringify(config));
    const { code, stderr } = await rig.cli('run', '--config', path);
    assert.equal(code, 1);
    assert.match(stderr, /every\.work: "5" is not a duration/);
    assert.match(stderr, /http\.port/);
    assert.match(stderr, /unheard/);
  });
});
