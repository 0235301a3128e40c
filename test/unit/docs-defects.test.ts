import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'mocha';

const TESTS = new URL('../', import.meta.url);
const NAMED = new URL('../../docs/defects.md', import.meta.url);

/** All that tests are written in: their names are words of it, or made of such. */
const written = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|json)$/.test(file) && !file.endsWith('docs-defects.test.ts'))
  .map((file) => `${file}\n${readFileSync(new URL(file, TESTS), 'utf8')}`)
  .join('\n')
  .replaceAll("\\'", "'");

/** The names in a table's last column: parts between what is left out. */
function namesIn(table: string): string[][] {
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| defect '));
  return rows.flatMap((row) => {
    const tests = row.split(' | ').at(-1) ?? '';
    return [...tests.matchAll(/\*([^*]+)\*/g)].map(([, name = '']) => partsOf(name));
  });
}

function partsOf(name: string): string[] {
  return name
    .split('…')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

describe('docs/defects.md', () => {
  const names = namesIn(readFileSync(NAMED, 'utf8'));

  it('names many tests', () => assert.ok(names.length > 100, String(names.length)));

  it('names only tests that there are', () => {
    const missing = names.filter((parts) => !parts.every((part) => written.includes(part)));
    assert.deepEqual(
      missing.map((parts) => parts.join(' … ')),
      [],
    );
  });
});
