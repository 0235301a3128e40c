import * as assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import { buildOf } from '../../fleet/agent-update.ts';
import { AgentRig, get } from '../support/agent-rig.ts';

let rig: AgentRig;
let bundle: string;

const sha256Of = (code: string) => createHash('sha256').update(code).digest('hex');

/** What the stack publishes: the agent, and the word of it. */
function publish(code: string, update: 'manual' | 'automatic', word: { sha256?: string } = {}): string {
  const sha256 = word.sha256 ?? sha256Of(code);
  rig.software.set('software/agent-new.cjs', code);
  const published = { v: 1, version: '0.1.0', key: 'software/agent-new.cjs', sha256, update };
  rig.software.set('software/agent.json', JSON.stringify(published));
  return buildOf(sha256);
}

/** Another agent that does the same: the real one, with something at its end. */
const another = (what = '') => `${bundle}\n// another one\n${what}`;

const runs = async (build: string) =>
  (await get(rig.ports.agent, '/metrics')).body.includes(`build="${build}"`) &&
  rig.published?.software.agent.endsWith(`+${build}`) === true;
const updates = () => join(rig.folder, 'agent-updates');
const record = async () => JSON.parse(await readFile(join(updates(), 'record.json'), 'utf8'));

describe('another agent for a node that runs', () => {
  beforeEach(async () => {
    rig = await AgentRig.create({
      restarts: true,
      configure: (config): AgentConfigFile => ({ ...config, every: { ...config.every, update: '1s' } }),
    });
    bundle = await readFile(rig.bundlePath, 'utf8');
    await rig.startMedia();
    await rig.startAgent();
    await rig.until('it serves', () => rig.published?.phase === 'serving' && rig.published.work !== null);
  });

  afterEach(async () => {
    await rig.close();
  });

  it('is taken in mid-drain: the call goes on, the drain is remembered, the media has one signal and one life', async () => {
    const person = await rig.join('ada');
    await rig.until('the person is seen', () => rig.published?.work?.people === 1);
    rig.target = 'Terminated';
    await rig.until(
      'it signals, and says why',
      () => rig.logged('media-signalled').length === 1 && rig.published?.decision !== undefined,
    );
    const { decision } = rig.published ?? {};
    const { mediaPid } = rig;
    const build = publish(another(), 'manual');
    await rig.until('it is told of', async () =>
      (await get(rig.ports.agent, '/metrics')).body.includes(
        `ebbtide_update{state="pending",version="0.1.0",build="${build}"} 1`,
      ),
    );
    assert.equal(rig.starts, 1, 'nobody has said yet that it is to be taken');
    const answer = await rig.cli('update', '--socket', rig.socket);
    assert.equal(answer.code, 0, answer.stderr);
    assert.match(answer.stdout, new RegExp(`Agent 0.1.0 \\(${build}\\) is tried`));
    await rig.until('the other one runs', () => runs(build));
    assert.equal(rig.published?.phase, 'draining');
    assert.equal(rig.published?.decision?.id, decision?.id);
    await rig.until(
      'it has proven itself',
      async () => (await record()).good?.sha256 === sha256Of(another()),
    );
    assert.equal((await rig.cli('--version')).stdout, `0.1.0+${build}\n`);
    assert.equal(
      (await rig.cli('update', '--socket', rig.socket)).stdout,
      'This is the agent that the stack publishes.\n',
    );
    await rig.killAgent();
    await rig.until('it runs again', () => rig.starts === 3);
    await rig.until('and it is the other one', () => runs(build));
    assert.equal(person.reconnects(), 0);
    assert.equal(rig.media?.exitCode, null, 'the media lives');
    assert.equal(rig.mediaPid, mediaPid);
    await person.hangUp();
    assert.deepEqual(await person.ended, { kind: 'hung-up' });
    await rig.until('it leaves', () => rig.published?.phase === 'leaving');
    assert.equal(rig.logged('media-signalled').length, 1);
  });

  it('is taken by itself where the stack says so; and what the node was made with comes back the same way', async () => {
    const build = publish(another(), 'automatic');
    await rig.until('it runs', () => runs(build));
    publish(bundle, 'automatic');
    await rig.until('the first one runs again', () => runs(buildOf(sha256Of(bundle))));
    assert.deepEqual(await readdir(updates()), ['record.json']);
  });

  it('is gone back from when it does not come up, and is not tried again', async () => {
    const person = await rig.join('ada');
    const broken = another("if (process.argv[2] === 'run') throw new Error('this one is broken');");
    const build = publish(broken, 'automatic');
    await rig.until('it was tried', () => rig.logged('update-taken').length === 1);
    await rig.until(
      'it is told of',
      () => rig.published?.alarms?.some(({ name }) => name === 'update-failed') ?? false,
    );
    const alarm = rig.published?.alarms?.find(({ name }) => name === 'update-failed');
    assert.match(alarm?.text ?? '', new RegExp(`${build}.*did not come up in 3 starts`));
    assert.ok(await runs(buildOf(sha256Of(bundle))));
    const { starts } = rig;
    assert.equal(starts, 1 + 3 + 1);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal(rig.starts, starts);
    assert.equal(rig.logged('update-taken').length, 1);
    assert.equal(person.reconnects(), 0);
    await person.hangUp();
  });

  it('goes back to the one before it, and not to the first, where that had come up', async () => {
    const good = publish(another(), 'automatic');
    await rig.until('the good one has proven itself', async () => {
      return (await runs(good)) && (await record()).good !== null;
    });
    publish(another("if (process.argv[2] === 'run') process.exit(1);"), 'automatic');
    await rig.until('the broken one was given up', async () => (await record()).bad !== null);
    await rig.until('the good one runs', () => runs(good));
  });

  const refused = [
    {
      given: 'its content is not what was published',
      publish: () => publish(another(), 'manual', { sha256: 'a'.repeat(64) }),
      says: /is not what was published: its sha256 is/,
    },
    {
      given: 'it cannot run on this machine at all',
      publish: () => publish('this is no program', 'manual'),
      says: /could not run here/,
    },
    {
      given: 'it does not take the configuration of this node',
      publish: () => publish("if (process.argv[2] === 'check') process.exit(1);", 'manual'),
      says: /could not run here/,
    },
  ];
  for (const { given, publish: published, says } of refused) {
    it(`is refused, and nothing is changed, where ${given}`, async () => {
      published();
      const answer = await rig.cli('update', '--socket', rig.socket);
      assert.equal(answer.code, 1);
      assert.match(answer.stdout, says);
      assert.equal(rig.starts, 1);
      assert.equal(rig.logged('update-refused').length, 1);
      assert.ok(await runs(buildOf(sha256Of(bundle))));
    });
  }
});
