import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { AgentConfigFile } from '../../fleet/agent-config.ts';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { Decision } from '../../fleet/decision.ts';
import type { ObjectStore } from '../../fleet/object-store.ts';
import { type Registry, readingOf } from '../../fleet/registry.ts';
import type { NodeStatus } from '../../fleet/status.ts';
import { AgentRig } from '../support/agent-rig.ts';
import { type GcpMachine, startGcpMachine } from '../support/gcp-machine.ts';
import { GCS } from '../support/gcs.ts';
import { type StoreFront, slowDown, startStoreFront } from '../support/store-front.ts';
import type { StoreServer } from '../support/store-server.ts';

const NODE = 'ebbtide-media-x1z2';
const MACHINE = '4711';
/** A poll of the mailbox each 3 s, and what follows it. */
const SIGNAL_WITHIN_MS = 4_000;

describe(`the agent bundle on GCP, with its registry on a real store (${GCS.program})`, function () {
  this.timeout(90_000);
  let server: StoreServer | undefined;
  let store: ObjectStore;
  let front: StoreFront;
  let machine: GcpMachine;
  let rig: AgentRig;
  /** As the pruner has it: past the line that fails. */
  let registry: Registry;
  let bucket: string;
  let buckets = 0;

  before(async function () {
    const program = GCS.find();
    if (program === undefined) return this.skip();
    server = await GCS.start(program);
  });
  beforeEach(async () => {
    assert.ok(server);
    buckets += 1;
    bucket = `pool-${buckets}`;
    await server.createBucket(bucket);
    store = server.store(bucket);
    registry = createBucketRegistry({ store });
    front = await startStoreFront(server, GCS.dialect);
    machine = await startGcpMachine({ name: NODE, id: MACHINE });
  });
  afterEach(async () => {
    await rig.close();
    await front.close();
    await machine.close();
  });
  after(() => server?.stop());

  async function serving(
    every: AgentConfigFile['every'] = { notice: '200ms', tags: '200ms' },
  ): Promise<void> {
    rig = await AgentRig.create({
      environment: { ...machine.environment, CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: front.url },
      configure: (config) => ({
        ...config,
        cloud: { kind: 'gcp', pruner: { url: machine.prunerUrl } },
        registry: { kind: 'bucket', bucket, statusName: NODE },
        every: { ...config.every, ...every },
      }),
    });
    await rig.startMedia();
    await rig.startAgent();
    await told('it serves', ({ phase, work }) => phase === 'serving' && work !== null);
  }
  async function status(): Promise<NodeStatus | undefined> {
    const reading = readingOf(await registry.readFleet(), NODE);
    return reading.kind === 'fresh' ? reading.status : undefined;
  }
  async function told(what: string, isTrue: (status: NodeStatus) => boolean): Promise<void> {
    await rig.until(what, async () => {
      const seen = await status();
      return seen !== undefined && isTrue(seen);
    });
  }
  const decisionOf = (id: string, changed: Partial<Decision> = {}): Decision => ({
    v: 1,
    id,
    node: NODE,
    machine: MACHINE,
    pool: 'media',
    at: new Date().toISOString(),
    by: 'pruner',
    cause: 'scale-in',
    intent: 'leave',
    reason: 'fewest calls',
    ...changed,
  });
  const signalled = () => rig.logged('media-signalled').length;
  const polls = () => front.requests.filter(({ key }) => key.startsWith('decisions/')).length;
  async function morePolls(count: number): Promise<void> {
    const wanted = polls() + count;
    await rig.until('it looks into its mailbox', () => polls() >= wanted);
  }

  it('hears of its decision within 4 s, survives SIGKILL, and wakes the pruner when the registry says empty', async () => {
    await serving({});
    const person = await rig.join('ada');
    await told('she is seen', ({ work }) => work?.people === 1);
    assert.equal((await status())?.machine, MACHINE);
    await registry.writeDecision(decisionOf('d-1'));
    const signalMs = await rig.until('it signals', () => signalled() === 1);
    assert.ok(signalMs <= SIGNAL_WITHIN_MS, `signalled after ${signalMs} ms`);
    await told(
      'it drains for that reason',
      ({ phase, decision }) => phase === 'draining' && decision?.id === 'd-1',
    );

    await rig.killAgent();
    await rig.startAgent();
    await morePolls(2);
    assert.equal(person.reconnects(), 0);
    assert.equal(machine.wakes.length, 0);

    let saidAtWake: NodeStatus['phase'] | undefined;
    await person.hangUp();
    await rig.until('it wakes the pruner', async () => {
      saidAtWake = (await status())?.phase;
      return machine.wakes.length > 0;
    });
    assert.match(saidAtWake ?? '', /^(empty|leaving)$/);
    assert.equal(machine.wakes[0]?.authorization, 'Bearer an-identity-token');
    assert.equal(signalled(), 1, 'one signal, by two agents together');
    assert.deepEqual(await person.ended, { kind: 'hung-up' });
    await told('it is leaving', ({ phase }) => phase === 'leaving');
  });

  it('serves on, whatever its mailbox answers that is no decision about this machine', async () => {
    await serving();
    const person = await rig.join('ada');
    const key = `decisions/${NODE}.json`;
    const bodies = [
      JSON.stringify(decisionOf('d-2', { machine: '4710' })),
      JSON.stringify({ ...decisionOf('d-3'), machine: undefined }),
      JSON.stringify(decisionOf('d-4', { intent: 'maintenance' })),
      JSON.stringify(decisionOf('d-5', { node: 'ebbtide-media-other' })),
      JSON.stringify({ ...decisionOf('d-6'), v: 2 }),
      JSON.stringify({ ...decisionOf('d-7'), machine: 4711 }),
      'null',
      '{"v":1',
    ];
    for (const body of bodies) {
      await store.put(key, body);
      await morePolls(2);
    }
    for (const fault of [
      slowDown(GCS.dialect),
      { kind: 'answer', status: 403, body: 'no access' },
      { kind: 'answer', status: 200, body: '' },
      { kind: 'cut' },
    ] as const) {
      front.fault = (request) => (request.key === key ? fault : undefined);
      await morePolls(2);
    }
    assert.equal(signalled(), 0);
    assert.equal((await status())?.phase, 'serving');
    assert.equal(person.reconnects(), 0);
    assert.equal(machine.wakes.length, 0);
  });

  it('a metadata server that fails is no notice: 503, 403, 404', async () => {
    await serving();
    for (const failure of [503, 403, 404]) {
      machine.failWith(failure);
      await morePolls(2);
      machine.failWith(undefined);
    }
    assert.equal(signalled(), 0);
    assert.equal((await status())?.phase, 'serving');
  });

  it('a preemption drains at once, with its deadline in the status', async () => {
    await serving();
    await morePolls(2);
    const noticedAt = Date.now();
    machine.set('instance/preempted', 'TRUE');
    const signalMs = await rig.until('it signals', () => signalled() === 1);
    assert.ok(signalMs <= 1_500, `signalled after ${signalMs} ms`);
    await told('it says why', ({ decision }) => decision?.by === 'spot-interruption');
    const deadline = Date.parse((await status())?.decision?.deadline ?? '');
    assert.ok(Math.abs(deadline - noticedAt - 30_000) < 2_000, `${deadline - noticedAt} ms ahead`);
    assert.equal(machine.wakes.length, 0, 'nobody has decided to take it away');
  });

  it('tells that an operator protects it', async () => {
    await serving();
    machine.set('instance/attributes/ebbtide-protected', 'true');
    await told('it is protected', (seen) => seen.protected);
  });
});
