import assert from 'node:assert/strict';
import { NO_WORK, type NodeStatus } from '../../fleet/status.ts';
import { hasPython } from '../../lab/azure/automation/python.ts';
import { STORE } from './support/azure/model.ts';
import {
  at,
  failures,
  findings,
  found,
  HOUR_MS,
  type RunbookWorld,
  startRunbookWorld,
} from './support/azure/runbook-world.ts';
import { until } from './support/quiet-run.ts';

const NODE = 'ebbtide-media_0';

describe('the runbook of Azure deletes', () => {
  let world: RunbookWorld;

  before(function () {
    if (!hasPython()) this.skip();
  });
  afterEach(() => world?.twin.close());

  async function start(size = 2): Promise<void> {
    world = await startRunbookWorld(size);
    for (let id = 1; id < size; id += 1) world.serve(id);
  }
  const isLeft = () => world.left().includes(NODE);

  it('what is marked and says freshly that it is empty', async () => {
    await start();
    world.drained(0);
    const { status, log } = await world.run();
    assert.equal(status, 'Completed');
    assert.deepEqual(world.left(), ['ebbtide-media_1']);
    assert.equal(log.filter(({ event }) => event === 'deleting').length, 1);
  });

  const kept: { it: string; says?: Partial<NodeStatus>; ageMs?: number; but?: () => void }[] = [
    { it: 'has work left', says: { work: { ...NO_WORK, egress: 1 } } },
    { it: 'does not know its work', says: { work: null } },
    { it: 'drains still', says: { phase: 'draining' } },
    {
      it: 'speaks of another decision',
      says: { decision: { id: 'x', by: 'y', cause: 'scale-in', intent: 'leave', at: at(0) } },
    },
    { it: 'is another machine', says: { machine: 'vm-of-before' } },
    { it: 'does not say which machine it is', says: { machine: undefined } },
    { it: 'an operator protects on the node', says: { protected: true } },
    { it: 'an operator protects by a tag', but: () => world.twin.setTag(NODE, 'ebbtide-protected', 'true') },
    { it: 'last said so 14 seconds ago: it may have booted again', ageMs: 14_000 },
    { it: 'is silent', ageMs: 61_000 },
    {
      it: 'is empty for a decision that nobody knows of',
      but: () => world.twin.removeObject(STORE, `decisions/${NODE}.json`),
    },
    {
      it: 'is empty, where the decision makes no sense',
      but: () => world.write(`decisions/${NODE}.json`, '{"v":1,"intent":"leave"}'),
    },
    {
      it: 'is empty, where the decision does not say which machine it is about',
      but: () => world.decide(0, { machine: undefined }),
    },
    { it: 'an operator emptied to keep it', but: () => world.decide(0, { intent: 'maintenance' }) },
  ];
  for (const { it: what, says, ageMs, but } of kept) {
    it(`nothing that ${what}`, async () => {
      await start();
      world.drained(0, says, ageMs);
      but?.();
      assert.equal((await world.run()).status, 'Completed');
      assert.ok(isLeft());
    });
  }

  it('nothing that has been stopped and was not decided, or is protected, and what was decided', async () => {
    await start(4);
    for (const id of [0, 2]) world.decide(id);
    world.twin.setTag('ebbtide-media_2', 'ebbtide-protected', 'true');
    for (const id of [0, 1, 2]) await world.twin.crash(`ebbtide-media_${id}`);
    await world.run();
    assert.deepEqual(world.left(), ['ebbtide-media_1', 'ebbtide-media_2', 'ebbtide-media_3']);
  });

  const changes: [string, () => void][] = [
    ['takes up work', () => world.drained(0, { work: { ...NO_WORK, rooms: 1 } })],
    ['falls silent', () => world.drained(0, {}, 20_000)],
    ['is protected', () => world.twin.setTag(NODE, 'ebbtide-protected', 'true')],
  ];
  for (const [what, change] of changes) {
    it(`nothing that ${what} after it was looked at, however long the job has been suspended`, async () => {
      await start();
      world.drained(0);
      let looks = 0;
      world.intervene = ({ method, target }, when) => {
        const looks_ = method === 'GET' && target.includes(`/statuses/${NODE}`) && when === 'before';
        looks += looks_ ? 1 : 0;
        if (looks_ && looks === 2) change();
        return undefined;
      };
      const ended = await world.run();
      assert.equal(looks, 2);
      assert.match(found(ended, 'changed-meanwhile'), /does not say any more that it is empty/);
      assert.ok(isLeft());
    });
  }

  it('nothing that says so no more than long enough ago once the last look is over', async () => {
    await start();
    world.drained(0);
    let looks = 0;
    world.intervene = ({ method, target }, when) => {
      if (when !== 'before' || method !== 'GET') return undefined;
      // Only now, so that the time in which it starts does not count.
      if (target.includes(`/statuses/${NODE}`) && looks++ === 0) world.drained(0, {}, 10_500);
      if (!target.includes('/virtualMachines/0?')) return undefined;
      world.intervene = () => undefined;
      return 'silence';
    };
    const ended = await world.run({ requestMs: 2_500 });
    assert.match(found(ended, 'changed-meanwhile'), /does not say any more/);
    assert.ok(isLeft());
  });

  it('many, one after the other: Azure takes no deletions of a set that overlap', async () => {
    await start(6);
    for (const id of [0, 1, 2, 3]) world.drained(id);
    const touched: string[] = [];
    world.intervene = ({ target }, when) => {
      const [, id] = /virtualMachines\/(\d+)\?/.exec(target) ?? [];
      if (when === 'before' && id !== undefined && id !== touched.at(-1)) touched.push(id);
      return undefined;
    };
    const { status, log } = await world.run();
    assert.equal(status, 'Completed');
    assert.equal(log.filter(({ event }) => event === 'deleting').length, 4);
    assert.deepEqual(touched, ['0', '1', '2', '3']);
    assert.deepEqual(world.left(), ['ebbtide-media_4', 'ebbtide-media_5']);
  });

  it('nothing that a person has locked, which is a failure at once', async () => {
    await start();
    world.drained(0);
    let refused = 0;
    world.intervene = ({ method }, when) => {
      if (method !== 'DELETE' || when === 'after') return undefined;
      refused += 1;
      return { status: 409, headers: {}, body: '{"error":{"code":"ScopeLocked","message":"a lock"}}' };
    };
    assert.match(failures(await world.run()), /delete ebbtide-media_0: .*ScopeLocked/);
    assert.equal(refused, 1);
    assert.ok(isLeft());
  });

  it('nothing for four hours, past any limit of a command, nor decides in its place, and then what has become empty', async () => {
    await start(3);
    const { id, by, cause, intent, at: when } = world.decide(0, { at: at(4 * HOUR_MS) });
    const decision = { id, by, cause, intent, at: when };
    world.serve(0, { phase: 'draining', since: when, decision });
    assert.match(found(await world.run({ maxDrains: 1 }), 'overdue'), /draining for 144\d\d s/);
    assert.deepEqual([world.left().length, world.decided()], [3, [NODE]]);
    world.serve(0, { phase: 'empty', work: NO_WORK, since: at(5_000), decision });
    await world.run({ maxDrains: 1 });
    assert.ok(!isLeft());
    await world.run({ maxDrains: 1 });
    assert.equal(world.decided().length, 2);
  });

  it('tells who has been empty for long and is not deleted', async () => {
    await start();
    const said = { id: 'x', by: 'y', cause: 'scale-in', intent: 'leave', at: at(HOUR_MS) } as const;
    world.serve(0, { phase: 'empty', work: NO_WORK, decision: said, since: at(500_000) });
    assert.deepEqual(findings(await world.run()), []);
    world.serve(0, { phase: 'empty', work: NO_WORK, decision: said, since: at(700_000) });
    assert.match(found(await world.run(), 'not-deleted'), /empty for 7\d\d s/);
  });

  it('what a person deletes in between is no trouble', async () => {
    await start();
    world.drained(0);
    world.intervene = ({ method, target }, when) => {
      if (when === 'before' && method === 'DELETE' && target.includes('/virtualMachines/0?'))
        world.instance(0).isGone = true;
      return undefined;
    };
    assert.equal((await world.run()).status, 'Completed');
    assert.ok(world.instance(0).isGone);
  });

  it('again what Azure failed to delete', async () => {
    await start();
    world.drained(0);
    world.twin.faults.add({
      service: 'operations',
      action: 'VirtualMachineScaleSetVMs_Delete',
      times: 1,
      kind: 'error',
    });
    await world.run();
    assert.ok(isLeft());
    world.drained(0);
    await world.run();
    await until('it is gone', () => !isLeft());
  });

  it('protects what is not, and keeps what others set on it', async () => {
    await start(3);
    world.serve(0);
    const { tags } = world.instance(0);
    world.instance(0).protection = { protectFromScaleSetActions: true };
    world.instance(1).protection = undefined;
    world.instance(1).provisioning = 'Creating';
    assert.equal((await world.run()).status, 'Completed');
    assert.deepEqual(world.instance(0).protection, {
      protectFromScaleSetActions: true,
      protectFromScaleIn: true,
    });
    assert.deepEqual(world.instance(0).tags, tags);
    assert.equal(world.instance(1).protection, undefined);
  });

  it('protects over nothing that others change meanwhile: a tag that a person sets is not lost', async () => {
    await start();
    world.serve(0);
    world.instance(0).protection = undefined;
    world.intervene = ({ method, target }, when) => {
      if (when === 'before' && method === 'PUT' && target.includes('/virtualMachines/0?'))
        world.twin.setTag(NODE, 'ebbtide-protected', 'true');
      return undefined;
    };
    const ended = await world.run();
    assert.equal(ended.status, 'Completed');
    assert.match(found(ended, 'changed-meanwhile'), /PreconditionFailed/);
    assert.equal(world.instance(0).tags['ebbtide-protected'], 'true');
  });
});
