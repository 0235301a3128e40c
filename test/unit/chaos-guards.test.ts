import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { TESTED } from '../../lab/chaos/runner.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Trying them takes minutes; that they follow the source is seen at once. */
describe('the guards that can be taken out', () => {
  for (const [cloud, { guards }] of Object.entries(TESTED)) {
    for (const { name, file, guard, instead } of guards) {
      it(`${cloud}: ${name}`, async () => {
        const source = await readFile(join(ROOT, file), 'utf8');
        assert.equal(source.split(guard).length - 1, 1, `"${guard}" must be in ${file} exactly once`);
        assert.notEqual(guard, instead);
      });
    }
  }
});
