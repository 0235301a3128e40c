import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import { type Registry, readingOf } from '../../fleet/registry.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { AgentRig, NODE } from '../support/agent-rig.ts';
import { S3 } from '../support/moto.ts';
import { ON_A_SHARED_MACHINE } from '../support/shared-machine.ts';
import { type StoreFront, slowDown, startStoreFront } from '../support/store-front.ts';
import type { StoreRequest, StoreServer } from '../support/store-server.ts';

const PUBLISH_MS = 2_000;

describe(`the agent bundle with its registry on a real store (${S3.program})`, () => {
  let server: StoreServer | undefined;
  let front: StoreFront;
  let rig: AgentRig;
  /** As the functions have it: past the line that fails. */
  let registry: Registry;

  before(async function () {
    const program = S3.find();
    if (program === undefined) return this.skip();
    server = await S3.start(program);
    await server.createBucket('pool');
    registry = createBucketRegistry({ store: server.store('pool') });
  });
  beforeEach(async () => {
    front = await startStoreFront(server ?? assert.fail(), S3.dialect);
    rig = await AgentRig.create({
      storeUrl: front.url,
      configure: (config) => ({ ...config, every: { ...config.every, publish: `${PUBLISH_MS}ms` } }),
    });
    await rig.startMedia();
    await rig.startAgent();
  });
  afterEach(async () => {
    await rig.close();
    await front.close();
  });
  after(() => server?.stop());

  /** What a reader knows of the node now. */
  async function status(): Promise<NodeStatus | undefined> {
    const reading = readingOf(await registry.readFleet(), NODE);
    return reading.kind === 'fresh' ? reading.status : undefined;
  }
  /** Waits until the store tells of this node what is expected. */
  async function told(what: string, isTrue: (status: NodeStatus) => boolean): Promise<void> {
    await rig.until(what, async () => {
      const seen = await status();
      return seen !== undefined && isTrue(seen);
    });
  }
  const completed = () =>
    rig.calls.filter(({ action, hook }) => action === 'CompleteLifecycleAction' && hook === 'terminate');
  const heartbeats = () =>
    rig.calls.filter(({ action }) => action === 'RecordLifecycleActionHeartbeat').length;
  const isWrite = ({ kind }: StoreRequest) => kind === 'write';

  it('reads its decision, drains on while the store is out and throttles, and tells it all when it is back', async () => {
    const people = [await rig.join('ada'), await rig.join('bob')];
    await told('it serves both', ({ phase, work }) => phase === 'serving' && work?.people === 2);
    await registry.writeDecision({
      v: 1,
      id: 'd-88',
      node: NODE,
      pool: 'media',
      at: new Date().toISOString(),
      by: 'termination-policy',
      cause: 'scale-in',
      intent: 'leave',
      reason: 'fewest calls',
    });
    rig.target = 'Terminated';
    await told(
      'it drains, for that reason',
      ({ phase, decision }) => phase === 'draining' && decision?.id === 'd-88',
    );

    await front.goDown();
    await people[0]?.hangUp();
    await rig.until('it complains', () => rig.logged('status-not-published').length >= 2);
    assert.match(String(rig.logged('status-not-published')[0]?.problem), /the connection failed/);
    const before = heartbeats();
    await rig.until('heartbeats go on', () => heartbeats() > before);
    assert.equal((await status())?.work?.people, 2, 'the store still has what was true before');
    await front.comeBack();
    await told('one person is left', ({ phase, work }) => phase === 'draining' && work?.people === 1);

    // Nobody holds the machine any more: it is retained, and waits for the watcher to read that it is empty.
    rig.hookOpen = false;
    await people[1]?.hangUp();
    await told('it is empty', ({ phase, work }) => phase === 'empty' && work?.rooms === 0);
    assert.equal(completed().length, 0);

    front.fault = (request) => (isWrite(request) ? slowDown(S3.dialect) : undefined);
    rig.hookOpen = true;
    await rig.until('it leaves without the store', () => completed().length > 0);
    assert.equal((await status())?.phase, 'empty');
    front.fault = () => undefined;
    await told('it has left', ({ phase }) => phase === 'leaving');
    assert.equal(completed()[0]?.result, 'CONTINUE');
    assert.equal(rig.logged('media-signalled').length, 1);
    assert.deepEqual([...new Set(front.requests.map(({ kind, key }) => `${kind} ${key}`))].sort(), [
      `read decisions/${NODE}.json`,
      // Whether the stack publishes another agent: at each start, first of all.
      'read software/agent.json',
      `write statuses/AROAEXAMPLE:${NODE}.json`,
    ]);
  });

  it('a write that lands late, over a newer one, is soon written over', async () => {
    await told('it serves nobody', ({ phase, work }) => phase === 'serving' && work?.people === 0);
    const landing = new EventEmitter();
    let late: StoreRequest | undefined;
    front.fault = (request) => {
      if (late !== undefined || !isWrite(request)) return undefined;
      late = request;
      return { kind: 'hold', until: once(landing, 'land') };
    };
    await rig.until('a write is under way', () => late !== undefined);
    await rig.join('ada');
    await told('she is seen', ({ work }) => work?.people === 1);
    landing.emit('land');
    await told('what was written before she came is back', ({ work }) => work?.people === 0);
    const backAt = Date.now();
    await told('she is seen again', ({ work }) => work?.people === 1);
    assert.ok(Date.now() - backAt < PUBLISH_MS * ON_A_SHARED_MACHINE, `after ${Date.now() - backAt} ms`);
  });
});
