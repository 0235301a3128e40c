import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { Decision } from '../../fleet/decision.ts';
import { describeError } from '../../fleet/error.ts';
import { type Registry, readingOf } from '../../fleet/registry.ts';
import {
  type Fault,
  GARBAGE,
  internalError,
  type StoreFront,
  slowDown,
  startStoreFront,
} from '../support/store-front.ts';
import type { StoreServer } from '../support/store-server.ts';
import { STORES } from '../support/stores.ts';
import { ago, statusOf } from '../unit/support/fleet.ts';

/** Of a reader who waits for what comes too late; all others wait longer than any test takes. */
const IMPATIENT_MS = 3_000;
const PATIENT_MS = 20_000;

for (const kind of STORES) {
  describe(`a real ${kind.name} behind a line that fails (${kind.program})`, () => {
    let server: StoreServer | undefined;
    let front: StoreFront;
    let bucket: string;
    let registry: Registry;
    let buckets = 0;
    /** Ends with the test: what is held comes after all else. */
    let held: Promise<void> = Promise.resolve();
    let letGo: () => void = () => undefined;

    before(async function () {
      const program = kind.find();
      if (program === undefined) return this.skip();
      server = await kind.start(program);
      front = await startStoreFront(server, kind.dialect);
    });
    beforeEach(async () => {
      buckets += 1;
      bucket = `pool-${buckets}`;
      await server?.createBucket(bucket);
      registry = connect(PATIENT_MS);
      held = new Promise((resolve) => {
        letGo = resolve;
      });
    });
    afterEach(() => {
      letGo();
      front.fault = () => undefined;
      front.maxKeys = undefined;
      front.requests.length = 0;
    });
    after(async () => {
      await front?.close();
      await server?.stop();
    });

    function connect(timeoutMs: number): Registry {
      assert.ok(server);
      return createBucketRegistry({ store: server.store(bucket, { url: front.url, timeoutMs }) });
    }
    const decisionOf = (node: string, id: string): Decision => ({
      v: 1,
      id,
      node,
      pool: 'media',
      at: ago(1),
      by: 'termination-policy',
      cause: 'scale-in',
      intent: 'leave',
      reason: `decided as ${id}`,
    });
    const changed = (body: (whole: string) => string): Fault => ({ kind: 'change', body });

    interface Row {
      given: string;
      fault: () => Fault;
      timeoutMs?: number;
    }
    const faults: Row[] = [
      { given: 'a throttle', fault: () => slowDown(kind.dialect) },
      { given: 'an error of the store', fault: () => internalError(kind.dialect) },
      { given: 'an answer that breaks off', fault: () => ({ kind: 'cut' }) },
      { given: 'the page of another server', fault: () => GARBAGE },
      {
        given: 'an answer that comes too late',
        fault: () => ({ kind: 'hold', until: held }),
        timeoutMs: IMPATIENT_MS,
      },
    ];

    describe('never takes what was not read for an answer', () => {
      const { entryEnd } = kind.dialect;
      const afterFirst = (whole: string) => whole.indexOf(entryEnd) + entryEnd.length;
      const rows: Row[] = [
        ...faults,
        { given: 'nothing', fault: () => changed(() => '') },
        {
          given: 'half an answer that passes for a whole one',
          fault: () => changed((whole) => whole.slice(0, whole.length / 2)),
        },
        {
          given: 'an answer that ends between two entries',
          fault: () => changed((whole) => whole.slice(0, afterFirst(whole))),
        },
      ];
      for (const { given, fault, timeoutMs } of rows) {
        it(given, async () => {
          await Promise.all(['i-1', 'i-2'].map((node) => registry.writeStatus(statusOf(node))));
          await registry.writeDecision(decisionOf('i-1', 'd-1'));
          await registry.writeMemory('policy', { lastDecisionAt: ago(1) });

          if (timeoutMs !== undefined) registry = connect(timeoutMs);
          front.fault = ({ key }) => (key === '' ? fault() : undefined);
          const listless = await registry.readFleet();
          assert.equal(listless.complete, false);
          assert.deepEqual(
            ['i-1', 'i-2'].map((node) => readingOf(listless, node).kind),
            ['unreadable', 'unreadable'],
          );

          front.fault = ({ key }) => (key === '' || key.endsWith('i-2.json') ? undefined : fault());
          const [fleet, decision, memory] = await Promise.all([
            registry.readFleet(),
            registry.readDecision('i-1'),
            registry.readMemory('policy'),
          ]);
          const reading = readingOf(fleet, 'i-1');
          assert.match(
            reading.kind === 'unreadable' ? reading.reason : reading.kind,
            /^statuses\/i-1\.json: /,
          );
          assert.equal(readingOf(fleet, 'i-2').kind, 'fresh');
          assert.match(
            decision.kind === 'unknown' ? decision.reason : decision.kind,
            /^decisions\/i-1\.json: /,
          );
          assert.ok(memory.kind === 'unknown' || memory.kind === 'corrupt', memory.kind);
        });
      }
    });

    describe('never takes for written what the store did not confirm', () => {
      for (const { given, fault, timeoutMs } of faults) {
        it(given, async () => {
          registry = connect(timeoutMs ?? PATIENT_MS);
          front.fault = fault;
          await Promise.all(
            [
              registry.writeStatus(statusOf('i-1')),
              registry.writeDecision(decisionOf('i-1', 'd-1')),
              registry.writeMemory('policy', {}),
            ].map((writing) => assert.rejects(writing)),
          );
          front.fault = () => undefined;
          registry = connect(PATIENT_MS);
          await registry.writeStatus(statusOf('i-1', { work: { rooms: 2 } }));
          const reading = readingOf(await registry.readFleet(), 'i-1');
          assert.ok(reading.kind === 'fresh' && reading.status.work?.rooms === 2);
        });
      }
    });

    it('an outage is unknown to every reader and an error to every writer', async () => {
      await registry.writeStatus(statusOf('i-1'));
      await front.goDown();
      assert.equal(readingOf(await registry.readFleet(), 'i-1').kind, 'unreadable');
      assert.equal((await registry.readDecision('i-1')).kind, 'unknown');
      assert.equal((await registry.readMemory('policy')).kind, 'unknown');
      await assert.rejects(registry.writeStatus(statusOf('i-1')), /connection failed/);
      await front.comeBack();
      assert.equal(readingOf(await registry.readFleet(), 'i-1').kind, 'fresh');
      assert.deepEqual(await registry.readDecision('i-1'), { kind: 'none' });
    });

    describe('while others write', () => {
      const RACE = kind.race;
      async function insist(write: () => Promise<void>): Promise<void> {
        for (;;) {
          try {
            return await write();
          } catch (error) {
            assert.match(describeError(error), RACE);
          }
        }
      }

      /** Reads again and again, at least once, until the writers have ended. */
      async function meanwhile(writing: Promise<unknown>, read: () => Promise<void>): Promise<void> {
        let over = false;
        async function readOn(): Promise<void> {
          do await read();
          while (!over);
        }
        const written = writing.finally(() => {
          over = true;
        });
        await Promise.all([written, readOn()]);
      }

      it('a status is always one that was written, whole, and in the end the last of some writer', async () => {
        const last = 6;
        const textOf = (rooms: number) => String(rooms).repeat(Math.floor(rooms / 100) * 50);
        const write = (rooms: number) =>
          insist(() =>
            registry.writeStatus(
              statusOf('i-1', { work: { rooms, people: rooms }, software: { agent: textOf(rooms) } }),
            ),
          );
        const read = async () => {
          const reading = readingOf(await registry.readFleet(), 'i-1');
          if (reading.kind === 'unreadable') assert.match(reading.reason, RACE);
          if (reading.kind === 'unreadable') return undefined;
          assert.ok(reading.kind === 'fresh', JSON.stringify(reading));
          const { work, software } = reading.status;
          const rooms = work?.rooms ?? 0;
          assert.deepEqual([work?.people, software.agent], [rooms, textOf(rooms)]);
          return rooms;
        };
        await write(100);
        const writers = [1, 2, 3, 4, 5, 6].map(async (writer) => {
          for (let time = 1; time <= last; time += 1) await write(writer * 100 + time);
        });
        await meanwhile(Promise.all(writers), async () => void (await read()));
        assert.equal(((await read()) ?? 0) % 100, last);
      });

      it('a decision is always one that was made, whole', async () => {
        await registry.writeDecision(decisionOf('i-1', 'd-0'));
        const writers = [1, 2, 3].map(async (writer) => {
          for (let time = 0; time < 6; time += 1)
            await insist(() => registry.writeDecision(decisionOf('i-1', `d-${writer}-${time}`)));
        });
        const read = async () => {
          const reading = await registry.readDecision('i-1');
          if (reading.kind === 'unknown') assert.match(reading.reason, RACE);
          else {
            assert.ok(reading.kind === 'decided', reading.kind);
            assert.deepEqual(reading.decision, decisionOf('i-1', reading.decision.id));
          }
          return reading.kind;
        };
        await meanwhile(Promise.all(writers), async () => void (await read()));
        assert.equal(await read(), 'decided');
      });

      it('nodes that come and go are there, missing or unknown, and disturb no other', async () => {
        front.maxKeys = 5;
        const staying = Array.from({ length: 15 }, (_, index) => `i-${index}-stays`);
        const passing = Array.from({ length: 15 }, (_, index) => `i-${index}-passes`);
        await Promise.all(staying.map((node) => registry.writeStatus(statusOf(node))));
        const remove = async (node: string) => {
          await server?.remove(bucket, `statuses/${node}.json`);
        };
        const comingAndGoing = passing.map(async (node) => {
          for (let time = 0; time < 3; time += 1) {
            await insist(() => registry.writeStatus(statusOf(node)));
            await remove(node);
          }
        });
        await meanwhile(Promise.all(comingAndGoing), async () => {
          const fleet = await registry.readFleet();
          if (!fleet.complete) assert.match(fleet.problem ?? '', RACE);
          for (const node of staying) {
            const { kind } = readingOf(fleet, node);
            assert.ok(kind === 'fresh' || (kind === 'unreadable' && !fleet.complete), `${node} is ${kind}`);
          }
          for (const node of passing) {
            const reading = readingOf(fleet, node);
            if (reading.kind === 'unreadable') assert.match(reading.reason, RACE);
            else assert.match(reading.kind, /^(fresh|missing)$/);
          }
        });
        const fleet = await registry.readFleet();
        assert.equal(fleet.complete, true);
        assert.deepEqual([...fleet.nodes.keys()].sort(), staying.sort());
      });
    });
  });
}
