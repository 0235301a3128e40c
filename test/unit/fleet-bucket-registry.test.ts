import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createBucketRegistry, nodeOfStatusKey } from '../../fleet/bucket-registry.ts';
import { type NodeReading, readingOf, STALE_AFTER_MS } from '../../fleet/registry.ts';
import { ago, statusOf } from './support/fleet.ts';
import { createMemoryStore } from './support/memory-store.ts';

function setUp(nodes: string[] = []) {
  const store = createMemoryStore();
  for (const node of nodes) put(node, JSON.stringify(statusOf(node)));
  function put(node: string, body: string, ageMs = 1_000): void {
    store.objects.set(`statuses/AROAX:${node}.json`, { body, ageMs });
  }
  return { store, put, registry: createBucketRegistry({ store, statusName: (node) => `AROAX:${node}` }) };
}

const kinds = (nodes: Map<string, NodeReading>) =>
  Object.fromEntries([...nodes].sort().map(([node, reading]) => [node, reading.kind]));

describe('bucket registry', () => {
  it('gives back the status that a node wrote, under a key that only this node can write', async () => {
    const { registry, store } = setUp();
    await registry.writeStatus(statusOf('i-1'));
    assert.deepEqual([...store.objects.keys()], ['statuses/AROAX:i-1.json']);
    const fleet = await registry.readFleet();
    assert.deepEqual(readingOf(fleet, 'i-1'), { kind: 'fresh', status: statusOf('i-1'), ageMs: 0 });
    assert.deepEqual(readingOf(fleet, 'i-2'), { kind: 'missing' });
  });

  for (const [key, node] of [
    ['statuses/AROAX:i-1.json', 'i-1'],
    ['statuses/node-7.json', 'node-7'],
  ] as const) {
    it(`${key} is of ${node}`, () => assert.equal(nodeOfStatusKey(key), node));
  }

  it('tells fresh, stale and unreadable apart', async () => {
    const { registry, put, store } = setUp(['i-ok']);
    put('i-edge', JSON.stringify(statusOf('i-edge')), STALE_AFTER_MS);
    put('i-old', JSON.stringify(statusOf('i-old')), STALE_AFTER_MS + 1);
    put('i-torn', '{"v":1,');
    put('i-odd', '{"v":1}');
    put('i-liar', JSON.stringify(statusOf('i-other')));
    put('i-denied', '{}');
    store.failing.set('get statuses/AROAX:i-denied.json', new Error('AccessDenied'));
    const fleet = await registry.readFleet();
    assert.equal(fleet.complete, true);
    assert.deepEqual(kinds(fleet.nodes), {
      'i-denied': 'unreadable',
      'i-edge': 'fresh',
      'i-liar': 'unreadable',
      'i-odd': 'unreadable',
      'i-ok': 'fresh',
      'i-old': 'stale',
      'i-torn': 'unreadable',
    });
    const denied = readingOf(fleet, 'i-denied');
    assert.match(denied.kind === 'unreadable' ? denied.reason : '', /i-denied.*AccessDenied/);
  });

  describe('of those that are silent since not long', () => {
    const minutes = (count: number) => count * 60_000;
    const lastWords = { lastWordsWithinMs: minutes(30) };
    const stale = (reading: NodeReading) => (reading.kind === 'stale' ? reading.last?.node : reading.kind);

    it('reads the last words', async () => {
      const { registry, put } = setUp();
      put('i-late', JSON.stringify(statusOf('i-late')), minutes(29));
      put('i-gone', JSON.stringify(statusOf('i-gone')), minutes(31));
      put('i-torn', '{', minutes(2));
      const fleet = await registry.readFleet(undefined, lastWords);
      assert.equal(stale(readingOf(fleet, 'i-late')), 'i-late');
      assert.equal(stale(readingOf(fleet, 'i-gone')), undefined);
      assert.deepEqual(readingOf(fleet, 'i-torn'), { kind: 'stale', ageMs: minutes(2) });
    });

    it('reads no more than some', async () => {
      const names = Array.from({ length: 150 }, (_, index) => `i-${index}`);
      const { registry, put } = setUp();
      for (const name of names) put(name, JSON.stringify(statusOf(name)), minutes(2));
      const { nodes } = await registry.readFleet(undefined, lastWords);
      assert.equal(nodes.size, 150);
      assert.equal([...nodes.values()].filter((reading) => stale(reading) !== undefined).length, 100);
    });

    it('believes only what is signed, where that is asked', async () => {
      const { store, put } = setUp();
      put('i-1', JSON.stringify(statusOf('i-1')), minutes(2));
      for (const [signature, believed] of [
        ['right', 'i-1'],
        ['wrong', undefined],
      ] as const) {
        const registry = createBucketRegistry({ store, verify: () => signature });
        const fleet = await registry.readFleet(undefined, lastWords);
        assert.equal(stale(readingOf(fleet, 'i-1')), believed);
      }
    });

    it('hides none that is fresh by them', async () => {
      for (const [older, newer] of [
        ['AROAX', 'AROAY'],
        ['AROAY', 'AROAX'],
      ]) {
        const { registry, store } = setUp();
        const body = JSON.stringify(statusOf('i-1'));
        store.objects.set(`statuses/${older}:i-1.json`, { body, ageMs: minutes(2) });
        store.objects.set(`statuses/${newer}:i-1.json`, { body, ageMs: 1_000 });
        assert.equal(readingOf(await registry.readFleet(undefined, lastWords), 'i-1').kind, 'fresh');
      }
    });
  });

  it('goes by the freshest of two keys of one node', async () => {
    for (const [older, newer] of [
      ['AROAX', 'AROAY'],
      ['AROAY', 'AROAX'],
    ]) {
      const { registry, store } = setUp();
      const body = JSON.stringify(statusOf('i-1'));
      store.objects.set(`statuses/${older}:i-1.json`, { body, ageMs: 600_000 });
      store.objects.set(`statuses/${newer}:i-1.json`, { body, ageMs: 1_000 });
      assert.equal(readingOf(await registry.readFleet(), 'i-1').kind, 'fresh');
    }
  });

  it('reads every page of the list', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `i-${index}`);
    const { registry, store } = setUp(names);
    store.pageSize = 10;
    const fleet = await registry.readFleet();
    assert.equal(fleet.complete, true);
    assert.equal(fleet.nodes.size, 25);
    assert.equal(store.asked.filter((what) => what.startsWith('list ')).length, 3);
  });

  for (const page of ['', '#2']) {
    it(`a list that fails${page && ' after its first page'} proves nothing of who is not in it`, async () => {
      const { registry, store } = setUp(['i-1', 'i-2']);
      store.pageSize = 1;
      store.failing.set(`list statuses/${page}`, new Error('SlowDown'));
      const fleet = await registry.readFleet();
      assert.equal(fleet.complete, false);
      const absent = readingOf(fleet, 'i-2');
      assert.match(absent.kind === 'unreadable' ? absent.reason : '', /not read to its end.*SlowDown/);
      assert.equal(fleet.nodes.get('i-1')?.kind, page === '' ? undefined : 'fresh');
    });
  }

  it('gives what was read when the caller gives up, and lists to the end past slow objects', async () => {
    const names = Array.from({ length: 150 }, (_, index) => `i-${String(index).padStart(3, '0')}`);
    const { registry, store } = setUp(names);
    store.pageSize = 100;
    // More than are read at once, all on the first page.
    for (const name of names.slice(10, 90)) store.failing.set(`get statuses/AROAX:${name}.json`, 'hang');
    const fleet = await registry.readFleet(AbortSignal.timeout(50));
    assert.equal(fleet.complete, true);
    assert.equal(fleet.nodes.get('i-000')?.kind, 'fresh');
    assert.equal(fleet.nodes.get('i-050')?.kind, 'unreadable');
    assert.equal(fleet.nodes.get('i-149')?.kind, 'unreadable');
  });

  it('a list that hangs ends when the caller gives up', async () => {
    const { registry, store } = setUp(['i-1']);
    store.failing.set('list statuses/', 'hang');
    assert.equal((await registry.readFleet(AbortSignal.timeout(20))).complete, false);
  });

  describe('decisions', () => {
    const decision = {
      v: 1,
      id: 'd-1',
      node: 'i-1',
      pool: 'media',
      at: ago(1),
      by: 'termination-policy',
      cause: 'scale-in',
      intent: 'leave',
      reason: 'empty',
    } as const;

    it('are read as they were written', async () => {
      const { registry } = setUp();
      assert.deepEqual(await registry.readDecision('i-1'), { kind: 'none' });
      await registry.writeDecision(decision);
      assert.deepEqual(await registry.readDecision('i-1'), { kind: 'decided', decision });
    });

    it('that fail, do not parse or speak of another are unknown', async () => {
      const { registry, store } = setUp();
      for (const body of ['{', '{}', JSON.stringify({ ...decision, node: 'i-2' })]) {
        store.objects.set('decisions/i-1.json', { body, ageMs: 0 });
        assert.equal((await registry.readDecision('i-1')).kind, 'unknown', body);
      }
      store.failing.set('get decisions/i-1.json', new Error('503'));
      assert.equal((await registry.readDecision('i-1')).kind, 'unknown');
    });

    it('that the store does not take are an error', async () => {
      const { registry, store } = setUp();
      store.failing.set('put decisions/i-1.json', new Error('disk full'));
      await assert.rejects(registry.writeDecision(decision), /disk full/);
    });
  });

  it('tells memory that is not there from memory that makes no sense and from memory that cannot be read', async () => {
    const { registry, store } = setUp();
    assert.deepEqual(await registry.readMemory('x'), { kind: 'none' });
    await registry.writeMemory('x', { a: 1 });
    assert.deepEqual(await registry.readMemory('x'), { kind: 'found', memory: { a: 1 } });
    store.objects.set('memory/x.json', { body: '{"a":', ageMs: 0 });
    assert.equal((await registry.readMemory('x')).kind, 'corrupt');
    store.failing.set('get memory/x.json', new Error('503'));
    assert.equal((await registry.readMemory('x')).kind, 'unknown');
  });
});
