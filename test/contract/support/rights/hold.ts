import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { fleet } from '../../../../cli/fleet.ts';
import { policyOf } from '../../../../cli/rights/policy.ts';
import { type Policy, TASKS, type Task } from '../../../../cli/rights/task.ts';
import type { Decision } from '../../../../fleet/decision.ts';
import type { PoolAddress } from '../../../../fleet/pool-address.ts';
import { NO_WORK, type NodeStatus } from '../../../../fleet/status.ts';
import type { CloudName } from '../../../../lab/cloud/names.ts';
import type { TwinCloud } from '../../../../lab/cloud/twin-cloud.ts';
import type { PersonOf } from '../../../support/fleet-person.ts';
import { servingIn, until } from '../quiet-run.ts';

/** A policy with one thing less, and what must be told to be missing. */
export interface Less {
  without: string;
  /** After "your credentials lack"; of several, any. */
  told: string | readonly string[];
  /** The command goes on without it, and only the twin knows that it was refused. */
  isQuiet?: boolean;
  policy: Policy;
}

export interface RightsWorld<Twin extends TwinCloud> {
  twin: Twin;
  /** The stack's output. */
  address: unknown;
}

export interface RightsRow<Twin extends TwinCloud> {
  cloud: CloudName;
  /** A pool of nodes on which nothing runs, and of which no function takes any. */
  start(): Promise<RightsWorld<Twin>>;
  person: PersonOf<Twin>;
  /** The policy, with each single thing that is in it left out. */
  lessOf(policy: Policy): Less[];
  /** Where an object of the registry lies. */
  bucketOf(address: PoolAddress, key: string): string;
  /** The cloud's own id of the one machine. */
  machineOf(twin: Twin, node: string): string;
}

const NODES = 3;

/** What is printed is enough, and none of it is too much. */
export function holdRights<Twin extends TwinCloud>(row: RightsRow<Twin>): void {
  describe(`the rights that fleet policy prints on ${row.cloud}`, () => {
    let world: RightsWorld<Twin>;
    let address: PoolAddress;
    let outputs: string;
    let nodes: string[];
    const folder = mkdtempSync(join(tmpdir(), 'ebbtide-rights-'));

    before(async () => {
      world = await row.start();
      address = world.address as PoolAddress;
      outputs = join(folder, 'outputs.json');
      writeFileSync(outputs, JSON.stringify({ address }));
      world.twin.setDesiredCapacity(NODES);
      await until(`${NODES} serve`, () => servingIn(world.twin).length === NODES, 60_000);
      nodes = servingIn(world.twin);
    });
    after(async () => {
      await world?.twin.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /**
     * As the nodes themselves would: one of them has old software. About each something was decided once, and somebody else has
     * rolled.
     */
    function tellAll(): void {
      const rolls = row.bucketOf(address, 'memory/rolls/');
      for (const key of world.twin.keys(rolls))
        if (key.startsWith('memory/rolls/')) world.twin.removeObject(rolls, key);
      put('memory/rolls/other/over.json', { v: 1, id: 'other', by: 'bob', since: DAY_BEFORE });
      for (const [index, node] of nodes.entries()) {
        const template = index === 2 ? 'an older one' : address.template;
        const told = statusOf(row, world.twin, node, template);
        put(`statuses/${node}.json`, told);
        put(`decisions/${node}.json`, decisionOfOld(node));
      }
    }

    function put(key: string, value: object): void {
      world.twin.putObject(row.bucketOf(address, key), key, JSON.stringify(value));
    }

    async function run(policy: Policy, argv: readonly string[]): Promise<{ code: number; said: string }> {
      let said = '';
      const into = {
        write(text: string) {
          said += text;
        },
      };
      const environment = { PATH: process.env.PATH, ...row.person(world.twin, policy) };
      const { signal } = new AbortController();
      const before = { ...process.env };
      // The AWS SDK looks nowhere else.
      Object.assign(process.env, environment);
      try {
        const sleep = (ms: number) => pause(ms);
        const console = { out: into, err: into, environment, sleep, signal };
        return { code: await fleet([...argv, '--outputs', outputs], console), said };
      } finally {
        process.env = before;
      }
    }

    function assertNobodyRolls(): void {
      const bucket = row.bucketOf(address, 'memory/rolls/');
      const keys = world.twin.keys(bucket).filter((key) => key.startsWith('memory/rolls/'));
      const ids = new Set(keys.map((key) => key.split('/')[2]));
      assert.equal(ids.size, 2);
      for (const id of ids) assert.ok(keys.includes(`memory/rolls/${id}/over.json`), `${id} rolls`);
    }

    function commandsFor(task: Task): string[][] {
      const [first = '', second = ''] = nodes;
      switch (task) {
        case 'status':
          return [
            ['status', '--once', '--json'],
            ['explain', first],
          ];
        case 'remove':
          return [['remove', second, '--replace']];
        case 'roll':
          return [['roll']];
      }
    }

    for (const task of TASKS) {
      it(`are none too many to ${task}: without any one of them it fails, and names it`, async () => {
        tellAll();
        const all = row.lessOf(policyOf(address, task));
        assert.ok(all.length >= 2);
        const wrong: string[] = [];
        for (const { without, told, isQuiet = false, policy } of all) {
          tellAll();
          const names = [told].flat();
          const before = world.twin.refused().length;
          const results = await Promise.all(commandsFor(task).map((argv) => run(policy, argv)));
          const failed = results.filter(({ code }) => code === 1);
          const named = failed.filter(
            ({ said }) =>
              names.some((name) => said.includes(`lack ${name}`)) && said.includes('npm run fleet -- policy'),
          );
          const refused = world.twin.refused().slice(before);
          const isKnown =
            isQuiet && refused.some(({ action }) => names.some((name) => name.endsWith(action)));
          if (named.length === 0 && !isKnown) wrong.push(`without ${without}: ${JSON.stringify(results)}`);
        }
        assert.deepEqual(wrong, []);
      });
    }

    // The last of these has nodes leave.
    for (const task of ['status', 'roll', 'remove'] as const) {
      it(`are enough to ${task}`, async () => {
        tellAll();
        // Cloud Storage takes one write of an object in a second.
        await pause(1_100);
        const before = world.twin.refused().length;
        for (const argv of commandsFor(task)) {
          const { code, said } = await run(policyOf(address, task), argv);
          assert.equal(code, 0, said);
          if (task !== 'status') assert.match(said, /was asked to leave/);
          if (task === 'roll') assertNobodyRolls();
        }
        assert.deepEqual(world.twin.refused().slice(before), []);
      });
    }
  });
}

function statusOf<Twin extends TwinCloud>(
  { cloud, machineOf }: RightsRow<Twin>,
  twin: Twin,
  node: string,
  template: string,
): NodeStatus {
  const at = (msAgo: number) => new Date(Date.now() - msAgo).toISOString();
  return {
    v: 1,
    node,
    machine: machineOf(twin, node),
    pool: 'media',
    cloud,
    zone: 'a',
    address: '10.0.0.1',
    software: { agent: '1.0.0', template },
    phase: 'serving',
    since: at(3_600_000),
    at: at(0),
    bootedAt: at(3_700_000),
    work: { ...NO_WORK, rooms: 1, people: 2 },
    capacity: null,
    load: null,
    cpu: 0.4,
    protected: false,
    media: [],
  };
}

const DAY_BEFORE = new Date(Date.now() - 86_400_000).toISOString();

/** Of a machine of that name that is long gone. */
function decisionOfOld(node: string): Decision {
  return {
    v: 1,
    id: '1-old',
    node,
    machine: 'another-one',
    pool: 'media',
    at: DAY_BEFORE,
    by: 'test',
    cause: 'scale-in',
    intent: 'leave',
    reason: 'of yesterday',
  };
}

/** Every list within, with each single one of its entries left out; one that is then empty takes what holds it away. */
export function withoutEach<Item, Shorter>(
  items: readonly Item[],
  without: (item: Item, rest: Item[]) => Shorter,
): Shorter[] {
  return items.map((item, index) => without(item, items.toSpliced(index, 1)));
}
