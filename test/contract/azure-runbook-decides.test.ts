import assert from 'node:assert/strict';
import { parse } from 'valibot';
import { type Decision, decisionSchema } from '../../fleet/decision.ts';
import { NO_WORK, type NodeStatus } from '../../fleet/status.ts';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { STORE } from './support/azure/model.ts';
import {
  at,
  findings,
  found,
  HOUR_MS,
  type RunbookWorld,
  startRunbookWorld,
} from './support/azure/runbook-world.ts';

describe('the runbook of Azure decides', () => {
  let world: RunbookWorld;

  before(function () {
    if (!hasPython()) this.skip();
  });
  afterEach(() => world?.twin.close());

  /** All of them serve. */
  async function start(size: number, changed: Partial<NodeStatus> = {}): Promise<void> {
    world = await startRunbookWorld(size);
    for (let id = 0; id < size; id += 1) world.serve(id, changed);
  }
  const decisionOn = (id: number) => world.read(`decisions/ebbtide-media_${id}.json`) as Decision;

  it('the emptiest, over every page, and remembers it first', async () => {
    await start(5);
    for (let id = 0; id < 5; id += 1) world.serve(id, { work: { ...NO_WORK, rooms: 9 - id } });
    const { status, log } = await world.run();
    assert.equal(status, 'Completed');
    assert.deepEqual(world.decided(), ['ebbtide-media_3', 'ebbtide-media_4']);
    const decision = parse(decisionSchema, decisionOn(4));
    assert.equal(decision.machine, world.instance(4).vmId);
    assert.match(decision.reason, /fewest calls: .*; 5 serve, 1 are enough/);
    assert.match(JSON.stringify(decision.passedOver), /drains at once: 2 allowed/);
    assert.equal(log.filter(({ event }) => event === 'decided').length, 2);
    const puts = world.writes.filter((write) => /memory\/scale-in.json\?$|decisions/.test(write));
    assert.match(puts[0] ?? '', /memory/);
  });

  it('nobody else at once: a second run finds the drains', async () => {
    await start(5);
    await world.run();
    const before = world.decided();
    await world.run();
    assert.deepEqual(world.decided(), before);
  });

  it('nobody while it cools down, also where the memory was lost', async () => {
    await start(3);
    await world.run({ maxDrains: 1, coolDownMs: HOUR_MS });
    world.lowFor(HOUR_MS);
    const { log } = await world.run({ maxDrains: 2, coolDownMs: HOUR_MS });
    assert.equal(world.decided().length, 1);
    assert.match(JSON.stringify(log.at(-1)?.passedOver), /cooling down/);
  });

  it('nobody before the load has been low for long enough', async () => {
    await start(3);
    world.twin.removeObject(STORE, 'memory/scale-in.json');
    await world.run();
    assert.deepEqual(world.decided(), []);
    assert.match(JSON.stringify(world.read('memory/scale-in.json')), /"needed": ?1/);
    world.lowFor(590_000);
    await world.run();
    assert.deepEqual(world.decided(), []);
  });

  it('no more than the most that was needed meanwhile', async () => {
    await start(4);
    world.lowFor(HOUR_MS, { needed: 3 });
    await world.run();
    assert.equal(world.decided().length, 1);
  });

  it('fewer, once what was needed before is long ago', async () => {
    await start(3);
    world.lowFor(HOUR_MS, { needed: 3 });
    await world.run();
    assert.deepEqual(world.decided(), []);
    assert.match(JSON.stringify(world.read('memory/scale-in.json')), /"needed": ?1/);
  });

  it('nobody where the set has grown, or nobody has looked, since it was seen to be low', async () => {
    await start(4);
    world.lowFor(HOUR_MS, { size: 3 });
    await world.run();
    world.lowFor(5 * HOUR_MS, { unseenMs: 21 * 60_000 });
    await world.run();
    assert.deepEqual(world.decided(), []);
  });

  it('nobody for what is remembered of a time that is still to come', async () => {
    await start(3);
    world.lowFor(-HOUR_MS);
    await world.run();
    const { low } = world.read('memory/scale-in.json') as { low: { since: string } };
    assert.ok(low.since <= at(0), 'it is begun anew');
    world.write('memory/scale-in.json', { v: 1, lastDecisionAt: at(-HOUR_MS) });
    await world.run();
    assert.deepEqual(world.decided(), []);
    await world.run({ lowForMs: 0, coolDownMs: 600_000 });
    assert.equal(world.decided().length, 2, 'it cools down from nothing that has not been');
  });

  it('nobody when the load is high', async () => {
    await start(3, { cpu: 0.6 });
    await world.run();
    assert.deepEqual(world.decided(), []);
  });

  const unknown: { it: string; size: number; make: () => void; tells?: [string, RegExp] }[] = [
    { it: 'one measures no load', size: 3, make: () => world.serve(0, { cpu: null }) },
    {
      it: 'one has no status',
      size: 4,
      make: () => world.twin.removeObject(STORE, 'statuses/ebbtide-media_0.json'),
      tells: ['unknown', /no status in the registry/],
    },
    {
      it: 'one is stale',
      size: 4,
      make: () => world.serve(0, {}, 90_000),
      tells: ['stale', /last heard of (9|1\d)\d s ago/],
    },
  ];
  for (const { it: what, size, make, tells } of unknown) {
    it(`nobody when the load is not known, since ${what}: an average of nothing is not 0`, async () => {
      await start(size);
      make();
      const ended = await world.run();
      assert.deepEqual(world.decided(), []);
      if (tells !== undefined) assert.match(found(ended, tells[0]), tells[1]);
    });
  }

  it('others, however long one has been silent', async () => {
    await start(5);
    world.serve(4, {}, 2 * HOUR_MS);
    await world.run();
    assert.equal(world.decided().length, 2);
  });

  it('nobody more while one that was decided is silent, and others after an hour of that', async () => {
    await start(4);
    world.decide(0);
    world.serve(0, { phase: 'draining' }, HOUR_MS - 60_000);
    await world.run({ maxDrains: 1 });
    assert.equal(world.decided().length, 1);
    world.serve(0, { phase: 'draining' }, HOUR_MS + 60_000);
    await world.run({ maxDrains: 1 });
    assert.equal(world.decided().length, 2);
  });

  it('others, though a machine that was decided has been stopped: that is over', async () => {
    await start(4);
    world.decide(0);
    await world.twin.crash('ebbtide-media_0');
    await world.run({ maxDrains: 1 });
    assert.equal(world.decided().length, 2);
  });

  it('others besides a node that an operator empties to keep it: that is no drain', async () => {
    await start(4);
    const said = { id: 'm', by: 'operator', cause: 'operator', intent: 'maintenance', at: at(0) } as const;
    world.serve(0, { phase: 'empty', work: NO_WORK, decision: said });
    const ended = await world.run({ maxDrains: 1 });
    assert.equal(world.decided().length, 1);
    assert.deepEqual(findings(ended), []);
  });

  it('nobody of whom the work is unknown, whom a tag protects, or who warms up', async () => {
    await start(5);
    world.serve(0, { work: null, unknown: 'metrics: timeout' });
    world.twin.setTag('ebbtide-media_1', 'Ebbtide-Protected', 'yes');
    world.serve(2, { bootedAt: at(60_000) });
    world.serve(3, { protected: true });
    await world.run({ maxDrains: 9 });
    assert.deepEqual(world.decided(), ['ebbtide-media_4']);
  });

  it('nothing at the minimum, without a write but that a low load has come to an end', async () => {
    await start(1, { work: NO_WORK, cpu: 0 });
    await world.run();
    assert.equal((world.read('memory/scale-in.json') as { low: unknown }).low, null);
    world.writes.length = 0;
    const { status, log } = await world.run();
    assert.equal(status, 'Completed');
    assert.equal(log.length, 1);
    assert.deepEqual(
      world.writes.filter((write) => !/acquire|release/.test(write)),
      [],
    );
  });

  it('nobody of whom Azure does not say which machine it is, and others all the same', async () => {
    await start(4);
    const { vmId } = world.instance(0);
    world.drained(0);
    Object.assign(world.instance(0), { vmId: '' });
    world.serve(0, { machine: vmId, phase: 'empty', work: NO_WORK });
    const ended = await world.run({ targetCpu: 1 });
    assert.equal(ended.status, 'Completed');
    assert.match(found(ended, 'unknown'), /does not say which machine/);
    assert.equal(world.left().length, 4);
    assert.deepEqual(world.decided().slice(1), ['ebbtide-media_1']);
  });

  it('and tells who serves on two minutes later, and says nothing of that', async () => {
    await start(2);
    world.decide(0, { at: at(90_000) });
    assert.deepEqual(findings(await world.run()), []);
    world.decide(0, { at: at(125_000) });
    assert.match(found(await world.run(), 'unheard'), /serving: decided 1[2-9]\d s ago that it leaves/);
  });

  it('once, also where the answer to it is lost', async () => {
    await start(2);
    let lost = 0;
    world.intervene = ({ method, target }, when) => {
      const isLost = method === 'PUT' && target.includes('/decisions/') && when === 'after' && lost === 0;
      lost += isLost ? 1 : 0;
      return isLost ? 'silence' : undefined;
    };
    const ended = await world.run({ requestMs: 300 });
    assert.equal(lost, 1);
    assert.equal(ended.log.filter(({ event }) => event === 'decided').length, 1);
    assert.deepEqual(findings(ended), []);
  });

  it('about the machine that is there now, not its predecessor of that name', async () => {
    await start(2);
    world.serve(0, { work: NO_WORK, cpu: 0 });
    world.decide(0, { machine: 'vm-of-before', id: 'old' });
    await world.run();
    assert.equal(decisionOn(0).machine, world.instance(0).vmId);
    assert.notEqual(decisionOn(0).id, 'old');
  });

  it('nobody by the words of an earlier machine of that name', async () => {
    await start(2);
    world.serve(0, { machine: 'vm-of-before', work: NO_WORK });
    const ended = await world.run();
    assert.deepEqual(world.decided(), []);
    assert.match(found(ended, 'unknown'), /no status/);
  });

  for (const before of [undefined, { machine: 'vm-of-before' }]) {
    const where = before === undefined ? 'where nothing was decided' : 'where one of before lay';
    it(`nobody whom another has decided meanwhile, ${where}`, async () => {
      await start(2);
      world.serve(0, { work: NO_WORK });
      if (before !== undefined) world.decide(0, before);
      world.intervene = ({ method, target }, when) => {
        const remembers = method === 'PUT' && /memory\/scale-in\.json\?$/.test(target);
        if (when === 'before' && remembers) world.decide(0, { by: 'operator', id: 'theirs' });
        return undefined;
      };
      const ended = await world.run();
      assert.equal(ended.status, 'Completed');
      assert.match(found(ended, 'changed-meanwhile'), /BlobAlreadyExists|ConditionNotMet/);
      assert.equal(decisionOn(0).id, 'theirs');
    });
  }
});
