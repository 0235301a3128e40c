import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { listInParts } from '../../fleet/list-in-parts.ts';
import { createMemoryStore } from './support/memory-store.ts';

const names = fc.uniqueArray(fc.stringMatching(/^[AB]:i-[0-9a-f]{1,3}$/), { maxLength: 60 });

function storeOf(keys: readonly string[], pageSize: number) {
  const store = createMemoryStore();
  store.pageSize = pageSize;
  for (const key of keys) store.objects.set(`statuses/${key}`, { body: '', ageMs: 0 });
  return store;
}

describe('a list that is read in parts', () => {
  it('gives every object once, whatever is thought to be there', () =>
    fc.assert(
      fc.asyncProperty(
        names,
        names,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async (there, expected, pageSize, partOf) => {
          const store = storeOf(there, pageSize);
          const found: string[] = [];
          const keysOf = () => expected.map((name) => `statuses/${name}`);
          await listInParts({ store, prefix: 'statuses/', keysOf, partOf }, (page) =>
            found.push(...page.map(({ key }) => key)),
          );
          assert.deepEqual(
            found.sort(),
            [...store.objects.keys()].filter((key) => key.startsWith('statuses/')).sort(),
          );
        },
      ),
    ));

  const many = Array.from({ length: 40 }, (_, index) => `A:i-${String(index).padStart(2, '0')}`);

  it('asks for its parts at once, where it goes on behind its first page', async () => {
    const store = storeOf(many, 10);
    const keysOf = () => many.map((name) => `statuses/${name}`);
    await listInParts({ store, prefix: 'statuses/', keysOf, partOf: 10 }, () => undefined);
    assert.deepEqual(store.asked.slice(0, 4), [
      'list statuses/',
      ...['09', '19', '29'].map((last) => `list statuses/ after statuses/A:i-${last}`),
    ]);
  });

  it('is cut by nothing where it ends with its first page', async () => {
    const store = storeOf(many, 100);
    await listInParts(
      { store, prefix: 'statuses/', keysOf: () => ['statuses/A:i-07'], partOf: 1 },
      () => undefined,
    );
    assert.deepEqual(store.asked, ['list statuses/']);
  });

  it('a part that fails makes all of it fail, after the others have given what they have', async () => {
    const store = storeOf(many, 10);
    store.failing.set('list statuses/ after statuses/A:i-19', new Error('SlowDown'));
    const found: string[] = [];
    const keysOf = () => many.map((name) => `statuses/${name}`);
    const listed = listInParts({ store, prefix: 'statuses/', keysOf, partOf: 10 }, (page) =>
      found.push(...page.map(({ key }) => key)),
    );
    await assert.rejects(listed, /SlowDown/);
    assert.equal(found.length, 30);
    assert.ok(found.includes('statuses/A:i-39'));
  });
});
