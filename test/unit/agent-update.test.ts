import * as assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  choose,
  MOST_STARTS,
  MOST_YOUNG_STARTS,
  proven,
  stayed,
  tried,
} from '../../node-agent/update/choose.ts';
import { createUpdateFolder, type UpdateRecord } from '../../node-agent/update/record.ts';

const BASE = 'b'.repeat(64);
const OLD = { sha256: '1'.repeat(64), version: '1' };
const NEW = { sha256: '2'.repeat(64), version: '2' };
const NOTHING: UpdateRecord = { v: 1, base: BASE, good: null, trial: null, bad: null, young: null };
const whole = () => true;

describe('which agent runs', () => {
  const cases: {
    given: string;
    record: UpdateRecord;
    run?: boolean;
    isWhole?: () => boolean;
    then: { runs: string | undefined; bad?: string };
  }[] = [
    { given: 'none was ever published', record: NOTHING, then: { runs: undefined } },
    { given: 'a new one is to be tried', record: tried(NOTHING, NEW), then: { runs: NEW.sha256 } },
    {
      given: 'it has been tried often enough, and there was none before it',
      record: { ...NOTHING, trial: { ...NEW, starts: MOST_STARTS } },
      then: { runs: undefined, bad: 'it did not come up in 3 starts' },
    },
    {
      given: 'it has been tried often enough, and another had come up before',
      record: { ...NOTHING, good: OLD, trial: { ...NEW, starts: MOST_STARTS } },
      then: { runs: OLD.sha256, bad: 'it did not come up in 3 starts' },
    },
    {
      given: 'its file is not what it was',
      record: { ...tried(NOTHING, NEW), good: null },
      isWhole: () => false,
      then: { runs: undefined, bad: 'its file is damaged' },
    },
    {
      given: 'the file of one that had come up is not what it was',
      record: { ...NOTHING, good: OLD },
      isWhole: () => false,
      then: { runs: undefined, bad: 'its file is damaged' },
    },
    {
      given: 'a new one is on trial, and somebody types a command',
      record: { ...tried(NOTHING, NEW), good: OLD },
      run: false,
      then: { runs: OLD.sha256 },
    },
    {
      given: 'the one that the node was made with is published again',
      record: tried({ ...NOTHING, good: OLD }, { sha256: BASE, version: '0' }),
      then: { runs: undefined },
    },
    {
      given: 'one that came up has ended too often since',
      record: { ...NOTHING, good: NEW, young: { before: OLD, starts: MOST_YOUNG_STARTS } },
      then: {
        runs: OLD.sha256,
        bad: 'it came up, and ended within minutes of each of its last 5 starts',
      },
    },
    {
      given: 'one that came up has ended too often since, and there was none before it',
      record: { ...NOTHING, good: NEW, young: { before: null, starts: MOST_YOUNG_STARTS } },
      then: {
        runs: undefined,
        bad: 'it came up, and ended within minutes of each of its last 5 starts',
      },
    },
    {
      given: 'one that came up has ended too often since, and somebody types a command',
      record: { ...NOTHING, good: NEW, young: { before: OLD, starts: MOST_YOUNG_STARTS } },
      run: false,
      then: { runs: NEW.sha256 },
    },
    {
      given: 'one that has stayed is started often',
      record: stayed({ ...NOTHING, good: NEW, young: { before: OLD, starts: MOST_YOUNG_STARTS } }),
      then: { runs: NEW.sha256 },
    },
  ];
  for (const { given, record, run = true, isWhole = whole, then } of cases) {
    it(`${given}: ${then.runs === undefined ? 'the first' : then.runs[0]}`, () => {
      const choice = choose(record, run, isWhole);
      assert.equal(choice.file?.sha256, then.runs);
      assert.equal(choice.record.bad?.reason, then.bad);
    });
  }

  it('no agent that never comes up is started more than three times, whatever else is asked meanwhile', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (runs) => {
        let record = tried({ ...NOTHING, good: OLD }, NEW);
        let starts = 0;
        for (const run of runs) {
          const choice = choose(record, run, whole);
          if (run) record = choice.record;
          if (choice.file?.sha256 === NEW.sha256) starts += 1;
        }
        assert.equal(starts, Math.min(MOST_STARTS, runs.filter((run) => run).length));
      }),
    );
  });

  it('what has come up stays, and nothing is held against it any more', () => {
    const { record } = choose(tried({ ...NOTHING, bad: { ...OLD, reason: 'x' } }, NEW), true, whole);
    assert.deepEqual(proven(record), { ...NOTHING, good: NEW, young: { before: null, starts: 0 } });
    assert.deepEqual(proven(NOTHING), NOTHING);
  });

  it('what comes up and ends soon after each start gives way to what has stayed, whatever came up in between', () => {
    let record = proven(tried({ ...NOTHING, good: OLD }, NEW));
    const third = { sha256: '3'.repeat(64), version: '3' };
    record = proven(tried(record, third));
    const ran = Array.from({ length: MOST_YOUNG_STARTS + 2 }, () => {
      const choice = choose(record, true, whole);
      record = choice.record;
      return choice.file?.version;
    });
    assert.deepEqual(ran, ['3', '3', '3', '3', '3', '1', '1']);
    assert.deepEqual(record.bad?.sha256, third.sha256);
  });
});

describe('the folder of agents', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebbtide-update-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('says nothing of another first agent, as in an image of another machine, nor when it is garbled', async () => {
    const record = { ...NOTHING, good: OLD };
    createUpdateFolder(folder, BASE).write(record);
    assert.deepEqual(createUpdateFolder(folder, BASE).read(), record);
    assert.equal(createUpdateFolder(folder, 'c'.repeat(64)).read().good, null);
    await writeFile(join(folder, 'record.json'), '{');
    assert.equal(createUpdateFolder(folder, BASE).read().good, null);
  });

  it('keeps the file of the one before until the next has stayed', async () => {
    const updates = createUpdateFolder(folder, BASE);
    const young = proven(tried({ ...NOTHING, good: OLD }, NEW));
    updates.write(young);
    for (const { sha256 } of [OLD, NEW]) await writeFile(updates.pathOf(sha256), '');
    updates.tidy();
    assert.equal((await readdir(folder)).length, 3);
    updates.write(stayed(young));
    updates.tidy();
    assert.deepEqual((await readdir(folder)).sort(), [`${NEW.sha256}.cjs`, 'record.json']);
  });

  it('goes by what is written, also where what is old cannot be taken away', async () => {
    const updates = createUpdateFolder(join(folder, 'never-made'), BASE);
    updates.tidy();
    const made = createUpdateFolder(folder, BASE);
    made.write(tried(NOTHING, NEW));
    await mkdir(join(folder, 'somebody-elses', 'folder'), { recursive: true });
    await writeFile(made.pathOf(NEW.sha256), '');
    made.tidy();
    assert.deepEqual((await readdir(folder)).sort(), [`${NEW.sha256}.cjs`, 'record.json']);
  });

  it('reads what an earlier version wrote, and takes what a later one wrote for nothing', async () => {
    const { young: _young, ...earlier } = { ...NOTHING, good: OLD };
    await writeFile(join(folder, 'record.json'), JSON.stringify(earlier));
    assert.deepEqual(createUpdateFolder(folder, BASE).read(), { ...earlier, young: null });
    await writeFile(join(folder, 'record.json'), JSON.stringify({ ...NOTHING, v: 2, good: OLD }));
    assert.deepEqual(createUpdateFolder(folder, BASE).read(), NOTHING);
  });

  it('one that hangs without ever coming up is ended, so that it is started again', async () => {
    const base = join(folder, 'base.cjs');
    const launch = fileURLToPath(new URL('../../node-agent/update/launch.ts', import.meta.url));
    const starter = join(folder, 'starter.ts');
    await writeFile(base, '// the first');
    await writeFile(
      starter,
      `import { launch } from ${JSON.stringify(launch)};\nlaunch(['run'], ${JSON.stringify(base)}, process.env, 500);\n`,
    );
    const hangs = 'while (true);';
    const sha256 = createHash('sha256').update(hangs).digest('hex');
    const updates = createUpdateFolder(
      join(folder, 'agent-updates'),
      createHash('sha256')
        .update(await readFile(base))
        .digest('hex'),
    );
    updates.write(tried(updates.read(), { sha256, version: '2' }));
    await writeFile(updates.pathOf(sha256), hangs);
    const child = spawn(process.execPath, ['--import', 'tsx', starter], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: 'ignore',
    });
    const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
    assert.equal(signal, 'SIGKILL');
    assert.equal(updates.read().trial?.starts, 1);
  });
});
