import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { startPython } from '../../lab/chaos/azure/python.ts';

const PROGRAM = `
import os, sys
for line in sys.stdin:
    word = line.strip()
    if word == "end":
        sys.exit()
    print(os.getpid() if word == "pid" else word * 30_000, flush=True)
`;

describe('a Python program that is asked as a function is', () => {
  let folder: string;
  let file: string;

  before(async function () {
    if (!hasPython()) this.skip();
    folder = await mkdtemp(join(tmpdir(), 'ebbtide-python-'));
    file = join(folder, 'program.py');
    await writeFile(file, PROGRAM);
  });
  after(() => folder !== undefined && rm(folder, { recursive: true }));

  it('answers each line with one, however long they are', () => {
    const python = startPython(file);
    for (const word of ['one', 'another']) assert.equal(python.ask(word), word.repeat(30_000));
    const long = 'x'.repeat(10);
    assert.equal(python.ask(long).length, 300_000);
  });

  it('is the same process each time', () => {
    const python = startPython(file);
    assert.equal(python.ask('pid'), python.ask('pid'));
  });

  it('is missed when it has ended', () => {
    const python = startPython(file);
    assert.throws(() => python.ask('end'), /program\.py has ended, and was asked end/);
  });

  it('that is not there is missed as well', () => {
    assert.throws(() => startPython(join(folder, 'none.py')).ask('word'), /none\.py has ended|EPIPE/);
  });
});
