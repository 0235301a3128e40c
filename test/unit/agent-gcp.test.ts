import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { Decision } from '../../fleet/decision.ts';
import type { Metadata, MetadataQuery, MetadataReading } from '../../fleet/gcp/metadata.ts';
import type { HttpRequest } from '../../fleet/http.ts';
import type { DecisionReading } from '../../fleet/registry.ts';
import type { Cloud, InterruptionReading } from '../../node-agent/clouds/cloud.ts';
import { createGcpCloud } from '../../node-agent/clouds/gcp/gcp-cloud.ts';
import { readMailbox } from '../../node-agent/clouds/mailbox.ts';
import type { TargetReading } from '../../node-agent/core/state.ts';

const DECISION: Decision = {
  v: 1,
  id: 'd-1',
  node: 'ebbtide-media-x1z2',
  machine: '4711',
  pool: 'media',
  at: '2026-03-01T12:00:00.000Z',
  by: 'pruner',
  cause: 'scale-in',
  intent: 'leave',
  reason: 'fewest calls',
};
const HERE = { node: DECISION.node, machine: '4711', zone: 'europe-west1-b', address: '10.0.0.9' };

describe('the mailbox of a node', () => {
  const decided = (changed: Partial<Decision> = {}): DecisionReading => ({
    kind: 'decided',
    decision: { ...DECISION, ...changed },
  });
  const { machine: _, ...withoutMachine } = DECISION;
  const rows: { given: string; reading: DecisionReading; then: TargetReading['kind'] }[] = [
    { given: 'nothing in it', reading: { kind: 'none' }, then: 'stay' },
    {
      given: 'a read that failed',
      reading: { kind: 'unknown', reason: 'no answer' },
      then: 'unknown',
    },
    { given: 'a decision to leave, about this machine', reading: decided(), then: 'leave' },
    {
      given: 'a decision about an earlier machine of the name',
      reading: decided({ machine: '4710' }),
      then: 'stay',
    },
    {
      given: 'a decision that does not say which machine',
      reading: { kind: 'decided', decision: withoutMachine },
      then: 'unknown',
    },
    { given: 'a decision for maintenance', reading: decided({ intent: 'maintenance' }), then: 'stay' },
  ];
  for (const { given, reading, then } of rows) {
    it(`${given}: ${then}`, async () => {
      const target = await readMailbox({ readDecision: async () => reading }, HERE);
      assert.equal(target.kind, then);
      if (target.kind === 'leave') assert.deepEqual(target.decision, DECISION);
    });
  }

  it('of a cloud whose names never come again needs no machine', async () => {
    const { machine: __, ...here } = HERE;
    const reading: DecisionReading = { kind: 'decided', decision: withoutMachine };
    assert.equal((await readMailbox({ readDecision: async () => reading }, here)).kind, 'leave');
  });
});

describe('the cloud of a node on GCP', () => {
  const found = (text: string, etag = text): MetadataReading => ({ kind: 'found', text, etag });
  const UNKNOWN: MetadataReading = { kind: 'unknown', reason: 'HTTP 503' };

  /** A metadata server whose values change as a test wants it; who waits for a change is answered then. */
  class FakeMetadata implements Metadata {
    values = new Map<string, MetadataReading>([
      ['instance/name', found(HERE.node)],
      ['instance/id', found(HERE.machine)],
      ['instance/zone', found('projects/123/zones/europe-west1-b')],
      ['instance/network-interfaces/0/ip', found(HERE.address)],
      ['instance/preempted', found('FALSE')],
      ['instance/maintenance-event', found('NONE')],
      ['instance/service-accounts/default/identity', found('a-token')],
    ]);
    asked: { path: string; query: MetadataQuery }[] = [];
    private waiting: { path: string; answer: (reading: MetadataReading) => void }[] = [];

    read(path: string, query: MetadataQuery = {}): Promise<MetadataReading> {
      this.asked.push({ path, query });
      const reading = this.values.get(path) ?? { kind: 'absent' };
      const unchanged = reading.kind === 'found' && reading.etag === query.change?.lastEtag;
      if (!unchanged) return Promise.resolve(reading);
      return new Promise((answer) => this.waiting.push({ path, answer }));
    }

    change(path: string, reading: MetadataReading): void {
      this.values.set(path, reading);
      this.answer(path, reading);
    }

    /** The wait of the server is over, without news. */
    runOut(path: string): void {
      this.answer(path, this.values.get(path) ?? { kind: 'absent' });
    }

    private answer(path: string, reading: MetadataReading): void {
      for (const waiting of this.waiting.filter((one) => one.path === path)) waiting.answer(reading);
      this.waiting = this.waiting.filter((one) => one.path !== path);
    }
  }

  let at = 0;
  let posted: HttpRequest[] = [];
  afterEach(() => {
    at = 0;
    posted = [];
  });

  function connect(metadata = new FakeMetadata(), status = 200): { cloud: Cloud; metadata: FakeMetadata } {
    const cloud = createGcpCloud({
      metadata,
      registry: { readDecision: async () => ({ kind: 'decided', decision: DECISION }) },
      pruner: { url: 'https://pruner.example/' },
      now: () => at,
      send: async (request) => {
        posted.push(request);
        return { status, headers: {}, body: Buffer.from('said') };
      },
    });
    return { cloud, metadata };
  }

  it('knows this machine by its name, the id that no other machine has, its zone and its address', async () => {
    assert.deepEqual(await connect().cloud.identify(), HERE);
  });

  for (const path of ['instance/name', 'instance/id', 'instance/zone', 'instance/network-interfaces/0/ip']) {
    it(`does not know this machine while ${path} cannot be read`, async () => {
      const { cloud, metadata } = connect();
      metadata.values.set(path, UNKNOWN);
      assert.equal(await cloud.identify(), undefined);
      assert.equal((await cloud.readTarget()).kind, 'unknown', 'nor what is wanted of it');
      metadata.values.set(path, { kind: 'absent' });
      assert.equal(await cloud.identify(), undefined);
    });
  }

  it('looks into the mailbox of this machine', async () => {
    const { cloud } = connect();
    await cloud.identify();
    assert.deepEqual(await cloud.readTarget(), { kind: 'leave', decision: DECISION });
  });

  it('has no timer to keep alive and no hook to complete, and says so without a request', async () => {
    const { cloud, metadata } = connect();
    assert.deepEqual([await cloud.hold(), await cloud.ready()], [{ kind: 'done' }, { kind: 'done' }]);
    assert.deepEqual([metadata.asked, posted], [[], []]);
  });

  for (const [given, reading, then] of [
    ['no such attribute', { kind: 'absent' }, { kind: 'known', set: false }],
    ['true', found('true'), { kind: 'known', set: true }],
    ['false', found('false'), { kind: 'known', set: false }],
    ['a read that failed', UNKNOWN, UNKNOWN],
  ] as const) {
    it(`protected by metadata: ${given}`, async () => {
      const { cloud, metadata } = connect();
      metadata.values.set('instance/attributes/ebbtide-protected', reading);
      assert.deepEqual(await cloud.readProtected(), then);
    });
  }

  describe('interruptions', () => {
    /** Both have been read once, and are waited for. */
    async function watching(): Promise<{
      cloud: Cloud;
      metadata: FakeMetadata;
      next: Promise<InterruptionReading>;
    }> {
      const { cloud, metadata } = connect();
      const next = cloud.readInterruption();
      await new Promise(setImmediate);
      return { cloud, metadata, next };
    }

    it('are waited for from the start, and not asked for again and again', async () => {
      const { metadata, next } = await watching();
      assert.equal(metadata.asked.length, 4);
      assert.ok(metadata.asked.slice(2).every(({ query }) => query.change !== undefined));
      metadata.runOut('instance/preempted');
      assert.deepEqual(await next, { kind: 'none' });
    });

    it('a preemption is told at once while both are waited for, with the same end each time', async () => {
      const { cloud, metadata, next } = await watching();
      at = 5_000;
      metadata.change('instance/preempted', found('TRUE'));
      const interrupted = { kind: 'interrupted', by: 'spot-interruption', deadline: 35_000 };
      assert.deepEqual(await next, interrupted);
      at = 9_000;
      const again = cloud.readInterruption();
      metadata.runOut('instance/preempted');
      assert.deepEqual(await again, interrupted);
    });

    it('one that came before the agent is told at once', async () => {
      const { cloud, metadata } = connect();
      metadata.values.set('instance/preempted', found('TRUE'));
      assert.equal((await cloud.readInterruption()).kind, 'interrupted');
    });

    it('maintenance that ends the machine is an interruption, a minute ahead', async () => {
      const { cloud, metadata } = connect();
      metadata.values.set('instance/maintenance-event', found('TERMINATE_ON_HOST_MAINTENANCE'));
      assert.deepEqual(await cloud.readInterruption(), {
        kind: 'interrupted',
        by: 'host-maintenance',
        deadline: 60_000,
      });
      const advice = cloud.readAdvice();
      metadata.runOut('instance/maintenance-event');
      assert.deepEqual(await advice, { kind: 'none' });
    });

    it('maintenance that only moves the machine is told, and interrupts nothing', async () => {
      const { cloud, metadata, next } = await watching();
      const advice = cloud.readAdvice();
      metadata.change('instance/maintenance-event', found('MIGRATE_ON_HOST_MAINTENANCE'));
      assert.equal((await advice).kind, 'advised');
      assert.deepEqual(await next, { kind: 'none' });
    });

    for (const path of ['instance/preempted', 'instance/maintenance-event']) {
      it(`${path} that cannot be read is unknown, and the next read does not wait for a change`, async () => {
        const { cloud, metadata } = connect();
        metadata.values.set(path, UNKNOWN);
        assert.deepEqual(await cloud.readInterruption(), UNKNOWN);
        metadata.asked = [];
        void cloud.readInterruption();
        assert.deepEqual(metadata.asked.find((asked) => asked.path === path)?.query, {});
      });
    }

    it('a wait for them holds up no other reading', async () => {
      const { cloud, metadata } = await watching();
      await cloud.identify();
      void cloud.readAdvice();
      assert.equal((await cloud.readTarget()).kind, 'leave');
      assert.equal((await cloud.readProtected()).kind, 'known');
      assert.equal((await cloud.release()).kind, 'done');
      assert.equal(metadata.asked.filter(({ query }) => query.change !== undefined).length, 2);
    });
  });

  describe('the way out', () => {
    it('wakes the pruner with a token made for it', async () => {
      const { cloud, metadata } = connect();
      assert.deepEqual(await cloud.release(), { kind: 'done' });
      assert.deepEqual(metadata.asked[0]?.query.parameters, {
        audience: 'https://pruner.example/',
        format: 'full',
      });
      const { method, url, headers } = posted[0] ?? assert.fail();
      assert.deepEqual([method, url], ['POST', 'https://pruner.example/']);
      assert.equal(headers?.authorization, 'Bearer a-token');
    });

    for (const status of [301, 403, 404, 429, 500]) {
      it(`HTTP ${status} is a failure that names it`, async () => {
        const outcome = await connect(undefined, status).cloud.release();
        assert.match(outcome.kind === 'failed' ? outcome.problem : '', new RegExp(`HTTP ${status}: said`));
      });
    }

    for (const [given, reading, says] of [
      ['no service account', { kind: 'absent' }, /no service account/],
      ['no token', UNKNOWN, /HTTP 503/],
    ] as const) {
      it(`${given}: nobody is woken, and the failure says why`, async () => {
        const { cloud, metadata } = connect();
        metadata.values.set('instance/service-accounts/default/identity', reading);
        const outcome = await cloud.release();
        assert.match(outcome.kind === 'failed' ? outcome.problem : '', says);
        assert.deepEqual(posted, []);
      });
    }
  });
});
