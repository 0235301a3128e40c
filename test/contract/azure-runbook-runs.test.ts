import assert from 'node:assert/strict';
import { NO_WORK, type NodeStatus } from '../../fleet/status.ts';
import { hasPython } from '../../lab/azure/automation/python.ts';
import type { RawRequest } from '../../lab/raw-request.ts';
import {
  failures,
  type RunbookEnd,
  type RunbookWorld,
  startRunbookWorld,
} from './support/azure/runbook-world.ts';
import { until } from './support/quiet-run.ts';

/** Longer than a lease. */
const LATER_MS = 61_000;

describe("runs of Azure's runbook", () => {
  let world: RunbookWorld;

  before(function () {
    if (!hasPython()) this.skip();
  });
  afterEach(() => world?.twin.close());

  async function start(size: number, rooms = (id: number) => id): Promise<void> {
    world = await startRunbookWorld(size);
    for (let id = 0; id < size; id += 1) world.serve(id, { work: { ...NO_WORK, rooms: rooms(id) } });
  }
  const remembers = ({ method, target }: RawRequest) =>
    method === 'PUT' && /memory\/scale-in\.json\?$/.test(target);

  it('at once do what one does', async () => {
    await start(6);
    world.drained(0);
    const ends = await Promise.all([1, 2, 3].map(() => world.run({ maxDrains: 3 })));
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['Completed', 'Completed', 'Completed'],
    );
    assert.ok(!world.left().includes('ebbtide-media_0'));
    assert.equal(world.writes.filter((write) => write.startsWith('DELETE')).length, 1);
    // Three drains in all: the one that was marked before is over for whoever comes after its end.
    assert.ok([3, 4].includes(world.decided().length), String(world.decided()));
  });

  it('leave the work to the one that has the lock, and take it from a dead one', async () => {
    await start(2);
    world.drained(0);
    const lease = {
      'x-ms-lease-action': 'acquire',
      'x-ms-lease-duration': '60',
      'x-ms-proposed-lease-id': crypto.randomUUID(),
    };
    assert.equal(
      (await world.blob('runbook', 'PUT', 'memory/scale-in.json?comp=lease', { headers: lease })).status,
      201,
    );
    const { status, log } = await world.run();
    assert.equal(status, 'Completed');
    assert.deepEqual(
      log.map(({ event }) => event),
      ['busy'],
    );
    assert.equal(world.left().length, 2);
    world.shiftMs += LATER_MS;
    world.drained(0);
    await world.run();
    assert.equal(world.left().length, 1);
  });

  it('never take for another run at work what is none: a lease without an end is told by no look at the pool', async () => {
    await start(2);
    const lease = {
      'x-ms-lease-action': 'acquire',
      'x-ms-lease-duration': '-1',
      'x-ms-proposed-lease-id': crypto.randomUUID(),
    };
    await world.blob('runbook', 'PUT', 'memory/scale-in.json?comp=lease', { headers: lease });
    const { log } = await world.run();
    assert.deepEqual(
      log.map(({ event }) => event),
      ['busy'],
      'which the alert of a silent runbook does not take for a look',
    );
  });

  /** Suspends a run after such a request, lets its lease end and another run do its work, and lets it go on. */
  async function suspendAfter(isIt: (request: RawRequest) => boolean): Promise<RunbookEnd> {
    await start(4);
    const first = await world.startJob({ renewMs: 0, requestMs: 20_000 });
    world.intervene = (request, when) => {
      if (when === 'after' && isIt(request)) {
        world.intervene = () => undefined;
        world.twin.suspendJob(first);
      }
      return undefined;
    };
    await until('it is suspended', () => first.status === 'Suspended');
    world.shiftMs += LATER_MS;
    // By now others are the emptiest: both runs together would drain four.
    for (let id = 0; id < 4; id += 1) world.serve(id, { work: { ...NO_WORK, rooms: 9 - id } });
    assert.equal((await world.run()).status, 'Completed');
    world.twin.resumeJob(first);
    return world.ended(first);
  }

  it('that were suspended before they remembered, and lost the lock, do nothing more', async () => {
    const isRead = ({ method, target }: RawRequest) =>
      method === 'GET' && target.includes('/statuses/ebbtide-media_3');
    assert.match(failures(await suspendAfter(isRead)), /the lock was lost to another run/);
    assert.deepEqual(world.decided(), ['ebbtide-media_2', 'ebbtide-media_3']);
  });

  it('that were suspended before they decided, and lost the lock, do nothing more', async () => {
    assert.match(failures(await suspendAfter(remembers)), /the lock was lost to another run/);
    assert.deepEqual(world.decided(), ['ebbtide-media_2', 'ebbtide-media_3']);
  });

  for (const when of ['before', 'after'] as const) {
    it(`killed ${when} any of their writes: the next one ends it well`, async () => {
      for (let number = 1; ; number += 1) {
        await start(5);
        world.drained(0);
        world.instance(4).protection = undefined;
        const first = await world.startJob();
        let writes = 0;
        world.intervene = ({ method }, now) => {
          if (method === 'GET' || now !== when) return undefined;
          writes += 1;
          if (writes < number) return undefined;
          first.process?.kill('SIGKILL');
          return 'silence';
        };
        await until('it has ended', () => first.endedAt !== undefined, 60_000);
        world.intervene = () => undefined;
        if (first.status === 'Completed') {
          assert.ok(number > 6, `only ${number} writes`);
          break;
        }
        // A minute later: the dead one's lease is over, and the nodes have spoken again.
        world.shiftMs += LATER_MS;
        for (const name of world.left()) {
          const status = world.read(`statuses/${name}.json`) as NodeStatus;
          world.write(`statuses/${name}.json`, status);
        }
        const again = `killed ${when} write ${number}`;
        assert.equal((await world.run()).status, 'Completed', again);
        await world.run();
        assert.equal(world.left().length, 4, again);
        assert.ok(!world.left().includes('ebbtide-media_0'), again);
        assert.equal(world.instance(4).protection?.protectFromScaleIn, true, again);
        const chosen = world.decided().filter((node) => node !== 'ebbtide-media_0');
        assert.deepEqual(chosen, ['ebbtide-media_1', 'ebbtide-media_2'], again);
        await world.twin.close();
      }
    });
  }
});
