import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LEASE_MS, takeRollLock } from '../../cli/roll/roll-lock.ts';
import { NOW } from './support/fleet.ts';
import { createMemoryStore } from './support/memory-store.ts';

function rig() {
  const store = createMemoryStore();
  const said: string[] = [];
  const time = { now: NOW };
  const take = (id: string, by = id) =>
    takeRollLock({ store, now: () => time.now, say: (text) => said.push(text) }, { id, by });
  const age = (id: string, ageMs: number) => {
    const object =
      store.objects.get(`memory/rolls/${id}/000001.json`) ?? assert.fail(`there is no claim of ${id}`);
    object.ageMs = ageMs;
  };
  return { store, said, time, take, age };
}

describe('one roll at a time', () => {
  it('is let in where nobody rolls, and again once it has ended', async () => {
    const { take, said } = rig();
    const lock = await take('a');
    await lock.free();
    await (await take('b')).free();
    assert.deepEqual(said, []);
  });

  it('writes no object twice: a store may take one write of it in a second', async () => {
    const { take, store } = rig();
    const written: string[] = [];
    const put = store.put;
    store.put = async (key, body) => {
      written.push(key);
      await put(key, body);
    };
    const lock = await take('a');
    await lock.free();
    await (await take('b')).free();
    assert.ok(written.length >= 4);
    assert.equal(new Set(written).size, written.length);
  });

  it('refuses the second, and says who rolls since when', async () => {
    const { take, age, store } = rig();
    await take('a', 'ana on her laptop');
    age('a', 20_000);
    await assert.rejects(take('b'), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'another-roll');
      assert.match(error.message, /ana on her laptop rolls this pool since 2026-03-01T12:00:00.000Z/);
      assert.match(error.message, /heard of 20 s ago/);
      return true;
    });
    // Whoever was refused stands in nobody's way.
    assert.deepEqual([...store.objects.keys()], ['memory/rolls/a/000001.json']);
  });

  it('takes a dead one over, and says so once', async () => {
    const { take, age, said } = rig();
    await take('a', 'ana');
    age('a', LEASE_MS + 1);
    await (await take('b')).free();
    assert.match(said.join(), /ana began a roll at .* and was last heard of 3 min ago: it is taken over/);
    await take('c');
    assert.equal(said.length, 1);
  });

  it('of two at once none is let in that sees the other', async () => {
    const { take } = rig();
    const taken = await Promise.allSettled([take('a'), take('b')]);
    assert.ok(taken.filter(({ status }) => status === 'fulfilled').length < 2);
  });

  it('is renewed while it is used, and never once another may have it', async () => {
    const { take, time, store } = rig();
    const lock = await take('a');
    const puts = () => store.asked.filter((what) => what.startsWith('put')).length;
    await lock.keep();
    assert.equal(puts(), 1);
    time.now += 50_000;
    await lock.keep();
    assert.equal(puts(), 2);
    time.now += LEASE_MS;
    await assert.rejects(lock.keep(), /stood still for 3 min/);
    assert.equal(puts(), 2);
  });

  it('is held on where one renewal fails, and given up where none came through in time', async () => {
    const { take, time, store } = rig();
    const lock = await take('a');
    for (const word of ['000002', '000003'])
      store.failing.set(`put memory/rolls/a/${word}.json`, new Error('HTTP 503'));
    time.now += 50_000;
    await lock.keep();
    time.now += 3_000;
    await lock.keep();
    time.now += 84_000;
    await assert.rejects(lock.keep(), /stood still for 2 min/);
  });

  it('is renewed at once where the clock was set back, and given up where that fails', async () => {
    const { take, time, store } = rig();
    const lock = await take('a');
    time.now -= 600_000;
    await lock.keep();
    assert.ok(store.objects.has('memory/rolls/a/000002.json'));
    time.now -= 600_000;
    store.failing.set('put memory/rolls/a/000003.json', new Error('HTTP 503'));
    await assert.rejects(lock.keep(), /HTTP 503/);
  });

  const broken: [string, string, RegExp][] = [
    ['cannot be written', 'put memory/rolls/a/000001.json', /HTTP 403/],
    ['cannot be listed', 'list memory/rolls/', /HTTP 403/],
  ];
  for (const [what, request, told] of broken) {
    it(`lets nobody in where the store ${what}`, async () => {
      const { take, store } = rig();
      store.failing.set(request, new Error('HTTP 403'));
      await assert.rejects(take('a'), told);
    });
  }

  it('lets nobody in where the store does not show what it was given', async () => {
    const { store, take } = rig();
    const put = store.put.bind(store);
    store.put = async (key, body) => {
      await put(key, body);
      store.objects.delete(key);
    };
    await assert.rejects(take('a'), /does not list what it was given/);
  });

  it('takes a claim that makes no sense for one of somebody who rolls, until it is old', async () => {
    const { store, take, age } = rig();
    await store.put('memory/rolls/x/000001.json', 'nonsense');
    await assert.rejects(take('a'), /what he wrote makes no sense/);
    age('x', LEASE_MS + 1);
    await take('b');
  });
});
