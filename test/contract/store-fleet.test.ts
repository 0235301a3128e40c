import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { type FleetReading, readingOf, STALE_AFTER_MS } from '../../fleet/registry.ts';
import { internalError, type StoreFront, slowDown, startStoreFront } from '../support/store-front.ts';
import type { StoreServer } from '../support/store-server.ts';
import { STORES } from '../support/stores.ts';
import { statusOf } from '../unit/support/fleet.ts';

/** More than the 1,000 keys of one page. */
const NODES = Array.from({ length: 1_030 }, (_, index) => `i-${index.toString(16).padStart(17, '0')}`);
const WRITERS = 32;

for (const kind of STORES) {
  describe(`a fleet of a thousand nodes on a real ${kind.name} (${kind.program})`, function () {
    this.timeout(180_000);
    let server: StoreServer | undefined;
    let front: StoreFront;
    let writtenAt: number;

    /** As a function has it: between it and the store is a line that fails. */
    function registry() {
      assert.ok(server);
      const store = server.store('pool', { url: front.url });
      return createBucketRegistry({ store, statusName: (node) => `AROAX:${node}` });
    }
    const lists = () => front.requests.filter((request) => request.kind === 'list');
    const reads = () => front.requests.filter((request) => request.kind === 'read');

    before(async function () {
      const program = kind.find();
      if (program === undefined) return this.skip();
      server = await kind.start(program);
      await server.createBucket('pool');
      front = await startStoreFront(server, kind.dialect);
      const nodes = registry();
      const waiting = NODES.map((node, index) => statusOf(node, { work: { rooms: index } }));
      await Promise.all(
        Array.from({ length: WRITERS }, async () => {
          for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
            await nodes.writeStatus(next);
        }),
      );
      writtenAt = Date.now();
    });
    beforeEach(() => {
      front.fault = () => undefined;
      front.maxKeys = undefined;
      // However long the tests before took, the fleet has only just spoken.
      front.storeAheadMs = writtenAt - Date.now();
      front.requests.length = 0;
    });
    after(async () => {
      await front?.close();
      await server?.stop();
    });

    function assertFresh(fleet: FleetReading, node: string, rooms: number): void {
      const reading = readingOf(fleet, node);
      assert.ok(reading.kind === 'fresh', `${node} is ${JSON.stringify(reading)}`);
      assert.deepEqual(reading.status, statusOf(node, { work: { rooms } }));
    }

    it('is read whole, over the pages of the store, each object once', async () => {
      // What S3 and Cloud Storage give at most; Blob Storage would give five times as many.
      front.maxKeys = 1_000;
      front.requests.length = 0;
      const fleet = await registry().readFleet();
      assert.deepEqual(
        { complete: fleet.complete, nodes: fleet.nodes.size, problem: fleet.problem },
        { complete: true, nodes: NODES.length, problem: undefined },
      );
      for (const [index, node] of NODES.entries()) assertFresh(fleet, node, index);
      const tokens = lists().map(({ pageToken }) => pageToken);
      assert.equal(tokens.length, 2);
      assert.ok(tokens[0] === null && tokens[1] !== null);
      assert.equal(new Set(reads().map(({ key }) => key)).size, NODES.length);
      assert.equal(reads().length, NODES.length);
      assert.deepEqual(readingOf(fleet, 'i-none'), { kind: 'missing' });
    });

    it('is the same where a reader knows whom to expect, and lists in parts', async () => {
      front.maxKeys = 100;
      const expected = [...NODES.filter((_, index) => index % 3 > 0), 'i-none', 'i-0'];
      const fleet = await registry().readFleet(undefined, { expected });
      assert.deepEqual(
        { complete: fleet.complete, nodes: fleet.nodes.size },
        { complete: true, nodes: NODES.length },
      );
      for (const [index, node] of NODES.entries()) assertFresh(fleet, node, index);
      assert.equal(reads().length, NODES.length);
    });

    it('with every twentieth object unreadable: those are unknown and say why, all others are right', async () => {
      front.maxKeys = 200;
      const spoilt = new Map(
        NODES.filter((_, index) => index % 20 === 7).map((node, index) => [
          `statuses/AROAX:${node}.json`,
          [slowDown(kind.dialect), internalError(kind.dialect), { kind: 'cut' } as const][index % 3],
        ]),
      );
      front.fault = ({ key }) => spoilt.get(key);
      const fleet = await registry().readFleet();
      assert.equal(fleet.complete, true, 'the list itself was read to its end');
      assert.equal(lists().length, 6);
      for (const [index, node] of NODES.entries()) {
        if (index % 20 !== 7) assertFresh(fleet, node, index);
        else {
          const reading = readingOf(fleet, node);
          assert.ok(reading.kind === 'unreadable', `${node} is ${reading.kind}`);
          assert.match(
            reading.reason,
            new RegExp(
              `${node}.*(SlowDown|rateLimit|ServerBusy|InternalError|backendError|connection failed)`,
            ),
          );
        }
      }
    });

    it('a page that fails in the middle: what follows it is unknown, never missing', async () => {
      front.maxKeys = 100;
      front.fault = ({ key }) => (key === '' && lists().length >= 3 ? slowDown(kind.dialect) : undefined);
      const fleet = await registry().readFleet();
      assert.equal(fleet.complete, false);
      for (const [index, node] of NODES.entries()) {
        if (index < 200) assertFresh(fleet, node, index);
        else {
          const reading = readingOf(fleet, node);
          assert.match(
            reading.kind === 'unreadable' ? reading.reason : reading.kind,
            /not read to its end.*(SlowDown|rateLimit|ServerBusy)/,
          );
        }
      }
    });

    it('that is slower to read than the reader has time: what was not read by then is unknown', async () => {
      // Small pages, so that there is soon something to read.
      front.maxKeys = 100;
      const patience = new AbortController();
      let overAt = Number.POSITIVE_INFINITY;
      front.fault = () => {
        // No more than 64 are under way: some of a hundred have been answered.
        if (reads().length === 100) {
          overAt = Date.now();
          patience.abort();
        }
        return undefined;
      };
      const fleet = await registry().readFleet(patience.signal);
      assert.ok(Date.now() - overAt < 10_000, `it took ${Date.now() - overAt} ms after its time was over`);
      const kinds = NODES.map((node) => readingOf(fleet, node).kind);
      assert.deepEqual(new Set(kinds), new Set(['fresh', 'unreadable']));
    });

    it('is as old as the clock of the store says, whatever ours says', async () => {
      front.storeAheadMs = STALE_AFTER_MS + 30_000;
      const fleet = await registry().readFleet();
      assert.equal(fleet.complete, true);
      for (const node of NODES) {
        const reading = readingOf(fleet, node);
        assert.ok(reading.kind === 'stale' && reading.ageMs > STALE_AFTER_MS, `${node} is ${reading.kind}`);
      }
      assert.equal(reads().length, 0, 'what is stale is not worth a read');
    });

    it('behind an outage is unknown, every node of it, and is all there after it', async () => {
      await front.goDown();
      const fleet = await registry().readFleet();
      assert.equal(fleet.complete, false);
      assert.match(fleet.problem ?? '', /ECONNREFUSED/);
      assert.ok(NODES.every((node) => readingOf(fleet, node).kind === 'unreadable'));
      await front.comeBack();
      // Stale ones are told by the list alone.
      front.storeAheadMs = STALE_AFTER_MS * 2;
      assert.equal((await registry().readFleet()).nodes.size, NODES.length);
    });
  });
}
