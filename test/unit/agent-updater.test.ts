import * as assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createUpdateFolder } from '../../node-agent/update/record.ts';
import { createUpdater } from '../../node-agent/update/updater.ts';

const BASE = 'b'.repeat(64);

describe('an agent that is to be taken', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebbtide-updater-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function take(body: string, checkTimeoutMs?: number) {
    const updates = createUpdateFolder(folder, BASE);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const updater = createUpdater({
      program: { sha256: BASE, base: BASE, updates },
      store: { get: async (key) => ({ key, body, ageMs: 0 }) },
      configPath: '/nowhere/agent.json',
      checkTimeoutMs,
    });
    const problem = await updater
      .take({ v: 1, version: '2', key: 'software/2', sha256, update: 'manual' })
      .then(
        () => undefined,
        (cause: Error) => cause.message,
      );
    return { problem, record: updates.read(), sha256 };
  }

  it('is on trial where it says that it could run here', async () => {
    const { problem, record, sha256 } = await take('process.exit(0);');
    assert.equal(problem, undefined);
    assert.deepEqual(record.trial, { sha256, version: '2', starts: 0 });
  });

  it('is not tried again where it says that it could not', async () => {
    const { problem, record, sha256 } = await take('process.exit(1);');
    assert.match(problem ?? '', /could not run here/);
    assert.deepEqual([record.trial, record.bad?.sha256], [null, sha256]);
    assert.deepEqual(await readdir(folder), ['record.json']);
  });

  it('is refused where it is not what was published, and where it is not there: nothing is changed then', async () => {
    const updates = createUpdateFolder(folder, BASE);
    const take = (body: string | undefined) =>
      createUpdater({
        program: { sha256: BASE, base: BASE, updates },
        store: { get: async (key) => (body === undefined ? undefined : { key, body, ageMs: 0 }) },
        configPath: '/nowhere/agent.json',
      }).take({ v: 1, version: '2', key: 'software/2', sha256: '2'.repeat(64), update: 'manual' });
    await assert.rejects(take('another'), /is not what was published: its sha256 is .*, not 2222/);
    await assert.rejects(take(undefined), /is not there: deploy the stack again/);
    assert.deepEqual(await readdir(folder), []);
  });

  it('may be asked again where it was not asked to its end', async () => {
    const { problem, record } = await take('setTimeout(() => {}, 60_000);', 300);
    assert.match(problem ?? '', /could not run here/);
    assert.deepEqual([record.trial, record.bad], [null, null]);
  });
});
