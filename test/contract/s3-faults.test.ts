import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { createS3Store } from '../../fleet/aws/s3-store.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { Decision } from '../../fleet/decision.ts';
import { type Registry, readingOf } from '../../fleet/registry.ts';
import { findMoto, type Moto, startMoto } from '../support/moto.ts';
import {
  type Fault,
  GARBAGE,
  INTERNAL_ERROR,
  SLOW_DOWN,
  type StoreFront,
  startStoreFront,
} from '../support/store-front.ts';
import { ago, statusOf } from '../unit/support/fleet.ts';

const TIMEOUT_MS = 400;

describe('a real store behind a line that fails (moto: EBBTIDE_MOTO_SERVER, or moto_server in PATH)', function () {
  this.timeout(30_000);
  let moto: Moto | undefined;
  let front: StoreFront;
  let registry: Registry;
  let buckets = 0;

  before(async function () {
    const program = findMoto();
    if (program === undefined) return this.skip();
    moto = await startMoto(program);
    front = await startStoreFront(moto.url);
  });
  beforeEach(async () => {
    const client = moto?.client({ url: front.url, timeoutMs: TIMEOUT_MS });
    assert.ok(moto && client);
    buckets += 1;
    const bucket = `pool-${buckets}`;
    await moto.createBucket(bucket);
    registry = createBucketRegistry({ store: createS3Store({ client, bucket }) });
  });
  afterEach(() => {
    front.fault = () => undefined;
    front.maxKeys = undefined;
    front.requests.length = 0;
  });
  after(async () => {
    await front?.close();
    await moto?.stop();
  });

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
  const late = (): Fault => ({
    kind: 'hold',
    until: new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS * 1.5)),
  });
  const changed = (body: (whole: string) => string): Fault => ({ kind: 'change', body });

  const faults: [string, () => Fault][] = [
    ['a throttle', () => SLOW_DOWN],
    ['an error of the store', () => INTERNAL_ERROR],
    ['an answer that breaks off', () => ({ kind: 'cut' })],
    ['an answer that comes too late', late],
    ['the page of another server', () => GARBAGE],
  ];

  describe('never takes what was not read for an answer', () => {
    const half = changed((whole) => whole.slice(0, whole.length / 2));
    const rows: [string, () => Fault][] = [
      ...faults,
      ['nothing', () => changed(() => '')],
      ['half an answer that passes for a whole one', () => half],
      [
        'an answer that ends between two entries',
        () => changed((whole) => whole.slice(0, whole.indexOf('</Contents>') + '</Contents>'.length)),
      ],
    ];
    for (const [given, fault] of rows) {
      it(given, async () => {
        await Promise.all(['i-1', 'i-2'].map((node) => registry.writeStatus(statusOf(node))));
        await registry.writeDecision(decisionOf('i-1', 'd-1'));
        await registry.writeMemory('policy', { lastDecisionAt: ago(1) });

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
        assert.match(reading.kind === 'unreadable' ? reading.reason : reading.kind, /^statuses\/i-1\.json: /);
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
    for (const [given, fault] of faults) {
      it(given, async () => {
        front.fault = fault;
        await Promise.all(
          [
            registry.writeStatus(statusOf('i-1')),
            registry.writeDecision(decisionOf('i-1', 'd-1')),
            registry.writeMemory('policy', {}),
          ].map((writing) => assert.rejects(writing)),
        );
        front.fault = () => undefined;
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
      const write = (writer: number, time: number) => {
        const rooms = writer * 100 + time;
        const text = String(rooms).repeat(writer * 50);
        return registry.writeStatus(
          statusOf('i-1', { work: { rooms, people: rooms }, software: { agent: text } }),
        );
      };
      const read = async () => {
        const reading = readingOf(await registry.readFleet(), 'i-1');
        assert.ok(reading.kind === 'fresh', JSON.stringify(reading));
        const { work, software } = reading.status;
        const rooms = work?.rooms ?? 0;
        assert.equal(work?.people, rooms);
        assert.equal(software.agent, String(rooms).repeat(Math.floor(rooms / 100) * 50));
        return rooms;
      };
      await write(1, 0);
      const writers = [1, 2, 3, 4, 5, 6].map(async (writer) => {
        for (let time = 1; time <= last; time += 1) await write(writer, time);
      });
      await meanwhile(Promise.all(writers), async () => void (await read()));
      assert.equal((await read()) % 100, last);
    });

    it('a decision is always one that was made, whole', async () => {
      await registry.writeDecision(decisionOf('i-1', 'd-0'));
      const writers = [1, 2, 3].map(async (writer) => {
        for (let time = 0; time < 6; time += 1)
          await registry.writeDecision(decisionOf('i-1', `d-${writer}-${time}`));
      });
      await meanwhile(Promise.all(writers), async () => {
        const reading = await registry.readDecision('i-1');
        assert.ok(reading.kind === 'decided', JSON.stringify(reading));
        assert.deepEqual(reading.decision, decisionOf('i-1', reading.decision.id));
      });
    });

    it('nodes that come and go are there or missing, and disturb no other', async () => {
      front.maxKeys = 5;
      const staying = Array.from({ length: 15 }, (_, index) => `i-${index}-stays`);
      const passing = Array.from({ length: 15 }, (_, index) => `i-${index}-passes`);
      await Promise.all(staying.map((node) => registry.writeStatus(statusOf(node))));
      const remove = (node: string) =>
        fetch(`${moto?.url}/pool-${buckets}/statuses/${node}.json`, {
          method: 'DELETE',
          // Who it is does not matter to moto, but somebody must be there.
          headers: { authorization: 'AWS AKIA1:signature' },
        });
      const comingAndGoing = passing.map(async (node) => {
        for (let time = 0; time < 3; time += 1) {
          await registry.writeStatus(statusOf(node));
          assert.equal((await remove(node)).status, 204);
        }
      });
      await meanwhile(Promise.all(comingAndGoing), async () => {
        const fleet = await registry.readFleet();
        assert.equal(fleet.complete, true, fleet.problem);
        for (const node of staying) assert.equal(readingOf(fleet, node).kind, 'fresh', node);
        for (const node of passing) assert.match(readingOf(fleet, node).kind, /^(fresh|missing)$/, node);
      });
    });
  });
});
