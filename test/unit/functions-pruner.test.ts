import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createBucketRegistry } from '../../fleet/bucket-registry.ts';
import type { Decision } from '../../fleet/decision.ts';
import { createGcpClient } from '../../fleet/gcp/client.ts';
import { createCompute } from '../../fleet/gcp/compute.ts';
import { createStorageStore } from '../../fleet/gcp/storage-store.ts';
import type { SendHttp } from '../../fleet/http.ts';
import { createSharedMemory } from '../../fleet/shared-memory.ts';
import { LONGEST_REQUEST_MS } from '../../functions/gcp/pruner/budgets.ts';
import { type PrunerTools, planOnly, prune } from '../../functions/gcp/pruner/prune.ts';
import { createLog } from '../../functions/log.ts';
import { PRUNER_TIMEOUT_SECONDS } from '../../stacks/gcp/pruner.ts';
import { GoogleStandIn, type StandInRequest } from '../support/google-stand-in.ts';
import { ago, NOW, statusOf } from './support/fleet.ts';
import {
  anyKill,
  type Line as LineTo,
  LONG_LOW,
  lineOfKilled,
  stillClock,
  straight,
  untilNothingMoves,
} from './support/line.ts';

type Line = LineTo<StandInRequest>;

function toolsOf(
  google: GoogleStandIn,
  line: Line = straight,
  lines: Record<string, unknown>[] = [],
): PrunerTools {
  const send: SendHttp = ({ method, url, body = '' }) => {
    const request = { method, url: new URL(url), body };
    return line(request, () => google.answer(request));
  };
  const clock = stillClock(() => NOW, 10_000);
  const client = createGcpClient({ token: async () => 'token', environment: {}, timeoutMs: 1_000, send });
  const store = createStorageStore({ client, bucket: 'b' });
  const { project, region, group } = google;
  const settings = {
    pool: 'media',
    project,
    region,
    group,
    autoscaler: 'ebbtide-media',
    bucket: 'b',
    minServing: 1,
    maxDrains: 2,
    // Cooling down would hide what two runs at once could do.
    coolDownMs: 0,
    warmUpMs: 120_000,
    lowForMs: 300_000,
    warnAfterMs: 3_600_000,
  };
  return {
    settings,
    compute: createCompute({ client, clock, ...settings }),
    registry: createBucketRegistry({ store }),
    memory: createSharedMemory(store, 'pruner'),
    log: createLog(
      (text) => lines.push(JSON.parse(text)),
      () => NOW,
    ),
    clock,
    random: Math.random,
    readBudgetMs: 20_000,
    stepBudgetMs: 40_000,
    deletionBudgetMs: 120_000,
  };
}

const nameOf = (index: number) => `ebbtide-media-${String(index).padStart(4, '0')}`;

/** A pool of so many, each with so many rooms, and an excess that has lasted. */
function poolOf(rooms: number[], recommended = 1): GoogleStandIn {
  const google = new GoogleStandIn();
  google.now = () => NOW;
  google.recommend(recommended);
  google.put('memory/pruner.json', LONG_LOW);
  rooms.forEach((count, index) => {
    const name = nameOf(index);
    google.addMachine(name, `10${index}`);
    google.put(`statuses/${name}.json`, statusOf(name, { machine: `10${index}`, work: { rooms: count } }));
  });
  return google;
}

function decisionOf(google: GoogleStandIn, node: string): Decision | undefined {
  return google.read(`decisions/${node}.json`) as Decision | undefined;
}

/** What agents do with their decisions: whoever is decided has drained, and says so. */
function drainAll(google: GoogleStandIn): void {
  for (const { name, id } of google.instances.values()) {
    const decision = decisionOf(google, name);
    if (decision?.machine !== id) continue;
    google.put(`statuses/${name}.json`, statusOf(name, { machine: id, phase: 'empty', decision }));
  }
}

async function run(google: GoogleStandIn, line?: Line) {
  const { answer, ended } = await prune(toolsOf(google, line));
  return { ...answer, failures: [...answer.failures, ...(await ended)] };
}

describe('a run of the pruner', () => {
  it('writes the memory, then the decision, then abandons and follows it to its end, then marks', async () => {
    const google = poolOf([2, 0, 3], 2);
    const answer = await run(google);
    const node = nameOf(1);
    assert.deepEqual(answer.failures, []);
    assert.deepEqual([answer.decided, answer.takenOut, answer.marked], [[node], [node], [node]]);
    // Else a claim that is decided meanwhile would be in neither.
    const reads = google.asked.filter((what) => what.startsWith('GET /storage'));
    assert.equal(reads[0], 'GET /storage/v1/b/b/o/memory/pruner.json');
    const effects = google.asked.filter((what) => !what.startsWith('GET') && !what.includes('listManaged'));
    assert.deepEqual(effects, [
      'POST /upload/storage/v1/b/b/o',
      'POST /upload/storage/v1/b/b/o',
      'POST instanceGroupManagers/ebbtide-media/abandonInstances',
      `POST zones/europe-west1-b/instances/${node}/setLabels`,
    ]);
    const { id, machine, cause, passedOver = [] } = decisionOf(google, node) ?? assert.fail('no decision');
    assert.deepEqual([machine, cause], ['101', 'scale-in']);
    assert.equal(passedOver.length, 2);
    assert.deepEqual(google.instances.get(node)?.labels, {
      'ebbtide-pool': 'media',
      'ebbtide-decision': id,
    });
    assert.ok(!google.members.has(node));
  });

  it("tells by Google's own clock who is too new to be missed", async () => {
    const google = poolOf([1], 1);
    for (const [index, madeAt] of [ago(599), ago(600), undefined].entries()) {
      const machine = google.addMachine(nameOf(7 + index), `20${index}`);
      if (madeAt !== undefined) machine.creationTimestamp = madeAt;
    }
    assert.deepEqual(
      (await run(google)).findings.map(({ name, node }) => [name, node]),
      [
        ['unknown', nameOf(8)],
        ['unknown', nameOf(9)],
      ],
    );
  });

  it('deletes what is empty, and follows that to its end', async () => {
    const google = poolOf([2, 0, 3], 2);
    await run(google);
    assert.deepEqual((await run(google)).removed, []);
    drainAll(google);
    const answer = await run(google);
    assert.deepEqual([answer.removed, answer.failures], [[nameOf(1)], []]);
    assert.deepEqual([...google.instances.keys()], [nameOf(0), nameOf(2)]);
  });

  it('tells what it would do, and does nothing', async () => {
    const google = poolOf([2, 0, 3], 2);
    const before = JSON.stringify([...google.objects]);
    const answer = await planOnly(toolsOf(google));
    assert.deepEqual([answer.decided, answer.takenOut], [[nameOf(1)], [nameOf(1)]]);
    assert.ok(google.asked.every((what) => what.startsWith('GET') || what.includes('listManaged')));
    assert.equal(JSON.stringify([...google.objects]), before);
  });

  it('reads every list to its end', async () => {
    const google = poolOf([2, 0, 3, 1, 4], 2);
    google.pageSize = 2;
    const answer = await run(google);
    assert.deepEqual(answer.decided, [nameOf(1), nameOf(3)]);
    assert.ok(google.asked.filter((what) => what === 'GET aggregated/instances').length === 3);
  });

  describe('finds nobody gone, nobody empty and nobody in excess for an answer that did not come', () => {
    const INSTANCES = 'GET aggregated/instances';
    const MANAGED = 'POST instanceGroupManagers/ebbtide-media/listManagedInstances';
    for (const what of [
      INSTANCES,
      MANAGED,
      'GET instanceGroupManagers/ebbtide-media',
      'GET autoscalers/ebbtide-media',
      'GET /storage/v1/b/b/o',
    ]) {
      for (const [status, reason] of [
        [404, 'notFound'],
        [403, 'forbidden'],
        [429, 'rateLimitExceeded'],
        [503, 'backendError'],
      ] as const) {
        it(`${what}: ${status}`, async () => {
          const google = poolOf([0, 0, 0]);
          google.failing.set(what, { status, reason });
          const answer = await run(google);
          assert.deepEqual([answer.decided, answer.takenOut, answer.removed], [[], [], []]);
          assert.ok(answer.failures.length > 0);
          assert.equal(google.members.size, 3);
        });
      }
    }

    const without: [string, (google: GoogleStandIn) => void][] = [
      ['a group that lists fewer than it has', (google) => (google.listed = 0)],
      ['no recommendation', (google) => delete google.autoscaler.recommendedSize],
      ['a recommendation of 0', (google) => google.recommend(0)],
      ['an autoscaler that is not active', (google) => (google.autoscaler.status = 'PENDING')],
      ['an autoscaler in error', (google) => (google.autoscaler.status = 'ERROR')],
      [
        'an autoscaler without data, in a zone without machines',
        (google) =>
          (google.autoscaler.statusDetails = [
            { type: 'ZONE_RESOURCE_STOCKOUT' },
            { type: 'MISSING_CUSTOM_METRIC_DATA_POINTS' },
          ]),
      ],
      [
        'an autoscaler that tells something new',
        (google) => (google.autoscaler.statusDetails = [{ type: 'A_NEW_ONE', message: 'x' }]),
      ],
      ['an autoscaler that is off', (google) => (google.autoscaler.autoscalingPolicy = { mode: 'OFF' })],
      [
        'an autoscaler that shrinks itself',
        (google) => (google.autoscaler.autoscalingPolicy = { mode: 'ON' }),
      ],
    ];
    for (const [given, change] of without) {
      it(given, async () => {
        const google = poolOf([0, 0, 0]);
        change(google);
        const answer = await run(google);
        assert.deepEqual([answer.decided, answer.takenOut, answer.removed], [[], [], []]);
        assert.equal(google.members.size, 3);
      });
    }
  });

  for (const type of ['ZONE_RESOURCE_STOCKOUT', 'REGION_RESOURCE_STOCKOUT', 'NOT_ENOUGH_QUOTA_AVAILABLE']) {
    it(`goes by the recommendation of a pool that cannot grow, and tells of it: ${type}`, async () => {
      const google = poolOf([2, 0, 3], 2);
      google.autoscaler.statusDetails = [{ type: 'MODE_ONLY_SCALE_OUT' }, { type, message: 'try later' }];
      const { decided, findings, failures } = await run(google);
      assert.deepEqual([decided, failures], [[nameOf(1)], []]);
      const text = `the autoscaler reports ${type}: try later`;
      assert.deepEqual(findings, [{ level: 'warn', name: 'cannot-grow', text }]);
    });
  }

  for (const mode of ['ON', 'A_NEW_ONE']) {
    it(`fails, so that somebody hears of it, where the autoscaler may delete machines: mode ${mode}`, async () => {
      const google = poolOf([2, 0, 3], 2);
      google.autoscaler.autoscalingPolicy = { mode };
      const lines: Record<string, unknown>[] = [];
      const { answer } = await prune(toolsOf(google, straight, lines));
      assert.match(answer.failures.join(), new RegExp(`mode is ${mode}, and it deletes machines`));
      const told = lines.filter(({ level }) => level === 'error').map(({ event }) => event);
      assert.deepEqual(told, ['found-scaling-cuts-calls', 'pruner']);
    });
  }

  it('is heard before the function is over, also where it waits for another run', () => {
    assert.ok(LONGEST_REQUEST_MS < PRUNER_TIMEOUT_SECONDS * 1_000);
  });

  for (const [label, decided] of [
    ['true', [nameOf(2)]],
    ['yes', [nameOf(2)]],
    ['', [nameOf(2)]],
    ['false', [nameOf(1)]],
  ] as const) {
    it(`takes any word for protection but false: "${label}"`, async () => {
      const google = poolOf([2, 0, 1], 2);
      (google.instances.get(nameOf(1)) ?? assert.fail()).labels['ebbtide-protected'] = label;
      assert.deepEqual((await run(google)).decided, decided);
    });
  }

  it('does not take a machine that is being made for one that was taken out', async () => {
    const google = poolOf([1, 1], 2);
    const made = google.addMachine(nameOf(7), '107');
    // It is in the group before it is among the instances, and is told in the second list only.
    google.members.set(made.name, 'CREATING');
    for (let round = 0; round < 3; round += 1) assert.deepEqual((await run(google)).decided, []);
  });

  it('adopts a machine that a person has taken out, once that has lasted', async () => {
    const google = poolOf([1, 1], 2);
    google.members.delete(nameOf(0));
    assert.deepEqual((await run(google)).decided, []);
    const memory = google.read('memory/pruner.json') as { outside: { since: string }[] };
    assert.equal(memory.outside[0]?.since, ago(0));
    google.put('memory/pruner.json', {
      ...memory,
      outside: memory.outside.map((each) => ({ ...each, since: ago(91) })),
    });
    const answer = await run(google);
    assert.deepEqual([answer.decided, answer.takenOut, answer.marked], [[nameOf(0)], [], [nameOf(0)]]);
    drainAll(google);
    assert.deepEqual((await run(google)).removed, [nameOf(0)]);
  });

  it('does not decide where another run has decided meanwhile', async () => {
    const google = poolOf([0, 0, 0]);
    const answer = await run(google, async ({ method, url }, deliver) => {
      // Just before it writes, the other one does.
      if (method === 'POST' && url.searchParams.get('name') === 'memory/pruner.json')
        google.put('memory/pruner.json', LONG_LOW);
      return deliver();
    });
    assert.equal(answer.overtaken, true);
    assert.deepEqual([answer.decided, google.members.size], [[], 3]);
  });

  it('takes the others out where the group has one of them no more', async () => {
    const google = poolOf([0, 0, 5]);
    let wasRefused = false;
    const answer = await run(google, async (request, deliver) => {
      if (!wasRefused && request.url.pathname.endsWith('/abandonInstances')) {
        wasRefused = true;
        google.members.delete(nameOf(0));
      }
      return deliver();
    });
    assert.deepEqual(answer.takenOut, [nameOf(1)]);
    assert.equal(answer.failures.length, 2);
  });

  it('tells what failed, and does the rest', async () => {
    const google = poolOf([0, 0, 5]);
    await run(google);
    drainAll(google);
    google.failing.set(`DELETE zones/europe-west1-b/instances/${nameOf(0)}`, {
      status: 403,
      reason: 'quotaExceeded',
    });
    const answer = await run(google);
    assert.deepEqual(answer.removed, [nameOf(1)]);
    assert.match(answer.failures.join(), /deleting ebbtide-media-0000: .*quotaExceeded/);
    google.failing.clear();
    assert.deepEqual((await run(google)).removed, [nameOf(0)]);
  });

  it('two at once, each killed at any step, and others after them: no more drains than allowed, nobody below the floor, and all ends well', async () => {
    const any = fc.record({
      rooms: fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }),
      recommended: fc.integer({ min: 1, max: 4 }),
      kills: fc.array(anyKill(40), { minLength: 2, maxLength: 2 }),
      scheduler: fc.scheduler(),
    });
    await fc.assert(
      fc.asyncProperty(any, async ({ rooms, recommended, kills, scheduler }) => {
        const google = poolOf(rooms, recommended);
        const ids = new Map<string, string>();
        const check = () => {
          let drains = 0;
          for (const { name, id } of google.instances.values()) {
            const decision = decisionOf(google, name);
            const isIn = google.members.get(name) === 'NONE';
            if (decision?.machine !== id) {
              assert.ok(isIn, `${name} was taken out without a decision`);
              continue;
            }
            drains += 1;
            assert.equal(ids.get(name) ?? decision.id, decision.id, `${name} was decided twice`);
            ids.set(name, decision.id);
          }
          assert.ok(drains <= 2, `${drains} drains`);
          if (drains > 0) assert.ok(rooms.length - drains >= recommended, `${rooms.length} − ${drains}`);
        };
        for (const kill of kills) void run(google, lineOfKilled(kill, scheduler, check));
        await untilNothingMoves(scheduler);
        google.endOperations();
        check();
        for (let round = 0; round < 3; round += 1) {
          await run(google);
          check();
        }
        drainAll(google);
        await run(google);
        await run(google);
        for (const name of ids.keys()) assert.ok(!google.instances.has(name), `${name} was left`);
        assert.equal(google.instances.size, rooms.length - ids.size);
        const expected = Math.min(2, Math.max(0, rooms.length - recommended));
        assert.equal(ids.size, expected);
      }),
      { numRuns: 150 },
    );
  });
});
