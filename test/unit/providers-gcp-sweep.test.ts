import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { Decision } from '../../fleet/decision.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { createCompute } from '../../fleet/gcp/compute.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { sweep } from '../../providers/gcp/sweep.ts';
import type { OnDestroy } from '../../providers/sweep-plan.ts';
import { GoogleStandIn } from '../support/google-stand-in.ts';
import { ago, NOW, statusOf } from './support/fleet.ts';
import { assertSparesCalls, BUSY, type Say } from './support/swept-nodes.ts';

const nameOf = (index: number) => `ebbtide-media-${String(index).padStart(4, '0')}`;
const idOf = (name: string) => `id-${name}`;

/** Time passes only in `sleep`, and agents do what they are told in it. */
function setUp(
  given: { says: Say; inGroup?: boolean }[],
  onDestroy: OnDestroy = 'refuse',
  operatorIsBehindMs = 0,
) {
  const google = new GoogleStandIn();
  let now = NOW;
  google.now = () => now;
  const say = (name: string, changed: Parameters<typeof statusOf>[1]) =>
    google.put(`statuses/${name}.json`, statusOf(name, { machine: idOf(name), ...changed }));
  given.forEach(({ says, inGroup = true }, index) => {
    google.addMachine(nameOf(index), idOf(nameOf(index)), inGroup);
    if (says !== 'silent') say(nameOf(index), says);
  });
  function agents(): void {
    for (const { name } of google.instances.values()) {
      const decision = google.read(`decisions/${name}.json`) as Decision | undefined;
      const status = google.read(`statuses/${name}.json`) as NodeStatus | undefined;
      if (status === undefined) continue;
      const isIdle = status.work?.rooms === 0 && status.work.egress === 0;
      if (decision?.machine === idOf(name) && isIdle) say(name, { phase: 'empty', decision });
      else google.put(`statuses/${name}.json`, status);
    }
    // What Google deletes is gone after a while.
    for (const { name, status } of google.instances.values())
      if (status === 'STOPPING') google.instances.delete(name);
  }
  const client = createGcpClient({
    token: async () => 't',
    environment: {},
    timeoutMs: 1_000,
    send: async ({ method, url, body = '' }) => google.answer({ method, url: new URL(url), body }),
  });
  const clock = {
    now: () => now,
    after(_ms: number, action: () => void) {
      const due = setImmediate(action);
      return () => clearImmediate(due);
    },
  };
  const { project, region, group } = google;
  const pool = { pool: 'media', project, region, group };
  const run = () =>
    sweep({
      pool,
      onDestroy,
      compute: createCompute({ client, clock, ...pool, autoscaler: 'ebbtide-media' }),
      registry: createBucketRegistry({ store: createStorageStore({ client, bucket: 'b' }) }),
      now: () => now - operatorIsBehindMs,
      sleep: async (ms) => {
        now += ms;
        agents();
      },
      say: () => undefined,
      deadlineMs: 60_000,
    });
  const effects = () =>
    google.asked.filter((what) => !what.startsWith('GET') && !what.includes('listManaged'));
  return { google, run, effects, say };
}

describe('sweeping a pool on GCP', () => {
  it('has nodes without calls drained, in the group and out of it, and leaves nothing', async () => {
    const { google, run, effects } = setUp([{ says: {} }, { says: {}, inGroup: false }]);
    await run();
    assert.equal(google.instances.size, 0);
    assert.equal(effects()[0], 'PATCH autoscalers');
    assert.equal((google.autoscaler.autoscalingPolicy as { mode: string }).mode, 'OFF');
  });

  it('takes many out of the group by one request, since each takes Google as long as all', async () => {
    const { google, run, effects } = setUp(Array.from({ length: 12 }, () => ({ says: {} })));
    await run();
    assert.equal(google.instances.size, 0);
    assert.equal(effects().filter((what) => what.includes('abandon')).length, 1);
  });

  it('takes the others out of the group one by one where it has one of them no more', async () => {
    const { google, run, effects } = setUp(Array.from({ length: 3 }, () => ({ says: {} })));
    // Listed as a member still, and none by the time of the request.
    google.leavesMeanwhile = nameOf(1);
    await run();
    assert.equal(google.instances.size, 0);
    assert.equal(effects().filter((what) => what.includes('abandon')).length, 1 + 3);
  });

  it('leaves nothing of a pool whose group is gone', async () => {
    const { google, run } = setUp([{ says: { phase: 'empty' }, inGroup: false }]);
    google.groupExists = false;
    await run();
    assert.equal(google.instances.size, 0);
  });

  it('refuses while a machine that left its group carries calls, and tells how to insist', async () => {
    const { google, run, effects } = setUp([{ says: {} }, { says: BUSY, inGroup: false }]);
    await assert.rejects(run(), (error: Error) => {
      assert.match(error.message, /calls are on 1 of its 2 nodes/);
      assert.match(
        error.message,
        /ebbtide-media-0001 \(europe-west1-b, RUNNING\): serving, 2 rooms, 5 people/,
      );
      assert.match(error.message, /Nothing has been destroyed\.\nTo drain first: .*\n {2}gcloud compute/);
      assert.match(error.message, /pulumi config set ebbtide:onDestroy cut/);
      return true;
    });
    assert.deepEqual([effects(), google.instances.size], [[], 2]);
  });

  it('refuses where a machine does not speak, or what it says is of another of its name', async () => {
    const silent = setUp([{ says: 'silent' }]);
    await assert.rejects(silent.run(), /of 1 it is not known/);
    const another = setUp([{ says: {} }]);
    another.say(nameOf(0), { machine: 'older' });
    await assert.rejects(another.run(), /of 1 it is not known/);
    assert.deepEqual([...silent.effects(), ...another.effects()], []);
  });

  for (const what of ['GET aggregated/instances', 'GET instanceGroupManagers/ebbtide-media']) {
    it(`does nothing where it cannot read: ${what}`, async () => {
      const { google, run, effects } = setUp([{ says: {} }]);
      google.failing.set(what, { status: 403, reason: 'forbidden' });
      await assert.rejects(run(), /cannot be read\. Nothing has been destroyed/);
      assert.deepEqual(effects(), []);
    });
  }

  it('takes an absent pool for done only where its registry shows that this is the right place', async () => {
    const absent = setUp([]);
    absent.google.groupExists = false;
    await absent.run();
    const blind = setUp([]);
    blind.google.groupExists = false;
    blind.google.failing.set('GET /storage/v1/b/b/o', { status: 403, reason: 'forbidden' });
    await assert.rejects(blind.run(), /Are these the credentials/);
  });

  it('ends a group whose only member is one that Google cannot make', async () => {
    const { google, run, effects } = setUp([{ says: {} }]);
    google.members.set(nameOf(7), 'CREATING');
    await run();
    assert.deepEqual([google.instances.size, google.members.size], [0, 0]);
    assert.equal(effects().at(-1), 'POST instanceGroupManagers/ebbtide-media/resize');
  });

  it('does not empty a group with a machine that the list of the pool does not show', async () => {
    const { google, run, effects } = setUp([]);
    const unlisted = google.addMachine(nameOf(3), '103');
    unlisted.labels = {};
    await assert.rejects(run(), /not destroyed to its end/);
    assert.deepEqual(effects(), ['PATCH autoscalers']);
    assert.ok(google.instances.has(unlisted.name));
  });

  describe('a machine that was stopped outside of its group', () => {
    const rows: [string, OnDestroy, { stoppedAgoS?: number; behindMs?: number }, boolean][] = [
      ['is deleted', 'refuse', { stoppedAgoS: 301 }, true],
      [
        "is deleted though the operator's clock is behind",
        'refuse',
        { stoppedAgoS: 301, behindMs: 3e6 },
        true,
      ],
      [
        "is left while it may be a restart, though the operator's clock is ahead",
        'refuse',
        { stoppedAgoS: 20, behindMs: -3e6 },
        false,
      ],
      ['is told, and left, where it is not known for how long', 'refuse', {}, false],
      ['is deleted all the same where everything is cut', 'cut', {}, true],
    ];
    for (const [then, onDestroy, { stoppedAgoS, behindMs }, isGone] of rows) {
      it(then, async () => {
        const { google, run } = setUp([{ says: 'silent', inGroup: false }], onDestroy, behindMs);
        const instance = google.instances.get(nameOf(0)) ?? assert.fail();
        instance.status = 'TERMINATED';
        if (stoppedAgoS !== undefined) instance.lastStopTimestamp = ago(stoppedAgoS);
        const ended = run();
        if (isGone) await ended;
        else await assert.rejects(ended, /ebbtide-media-0000 \(europe-west1-b, TERMINATED\)/);
        assert.equal(google.instances.has(nameOf(0)), !isGone);
      });
    }
  });

  it('cuts where it is told to', async () => {
    const { google, run } = setUp([{ says: BUSY }, { says: 'silent', inGroup: false }], 'cut');
    await run();
    assert.equal(google.instances.size, 0);
  });

  it('never, unless it cuts, deletes a machine on which a call may be', async () => {
    await assertSparesCalls<{ says: Say; inGroup: boolean }>({
      any: fc.record({ inGroup: fc.boolean() }),
      async sweep(given) {
        const { google, run } = setUp(given);
        await run().catch(() => undefined);
        return (index) => google.instances.has(nameOf(index));
      },
    });
  });
});
