import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { ORCHESTRATOR_LIMIT_MS } from '../../fleet/digitalocean-function-settings.ts';
import { HttpError } from '../../fleet/http.ts';
import { deriveStatusKey } from '../../fleet/status-signature.ts';
import { createAction } from '../../functions/digitalocean/orchestrator/answer-call.ts';
import { LONGEST_RUN_MS } from '../../functions/digitalocean/orchestrator/budgets.ts';
import { planOnly } from '../../functions/digitalocean/orchestrator/orchestrate.ts';
import { OceanStandIn, POOL_SECRET } from '../support/ocean-stand-in.ts';
import { orchestratorParameters, USER_DATA, USER_DATA_KEY } from '../support/orchestrator-parameters.ts';
import { NOW, statusOf } from './support/fleet.ts';
import { anyKill, lineOfKilled, straight, untilNothingMoves } from './support/line.ts';
import {
  decisionOf,
  drain,
  effects,
  type Line,
  nameOf,
  poolOf,
  run,
  surroundings,
  toolsOf,
} from './support/orchestrator-rig.ts';

describe('a run of the orchestrator', () => {
  it('writes memory, then the decision, then tags the droplet as draining, then with the decision', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1]);
    const answer = await run(ocean, { min: 2 });
    const node = nameOf(0);
    assert.deepEqual(answer.failures, []);
    assert.deepEqual([answer.decided, answer.takenOut, answer.marked], [[node], [node], [node]]);
    const { id, by, cause, machine } = decisionOf(ocean, node) ?? assert.fail();
    assert.deepEqual(effects(ocean), [
      'PUT memory/orchestrator.json',
      `PUT decisions/${node}.json`,
      'POST /v2/tags/ebbtide-media-draining/resources',
      `POST /v2/tags/ebbtide-decision:${id}/resources`,
      'POST /v2/tags',
      `POST /v2/tags/ebbtide-decision:${id}/resources`,
    ]);
    assert.deepEqual([by, cause, machine], ['orchestrator', 'scale-in', String(ocean.named(node)?.id)]);
    // Firewall and load balancer are bound to the pool's own.
    assert.deepEqual(ocean.named(node)?.tags, [
      'ebbtide-media',
      'ebbtide-media-draining',
      `ebbtide-decision:${id}`,
    ]);
    assert.deepEqual(ocean.keys('memory/runs/'), []);
  });

  it('keeps the last one where none is needed, and makes nobody in place of one that a person has leave', async () => {
    const ocean = poolOf([0, 0]);
    assert.deepEqual((await run(ocean, { min: 0 })).decided, [nameOf(0)]);
    drain(ocean, nameOf(0));
    await run(ocean, { min: 0 });
    const idle = await run(ocean, { min: 0 });
    assert.deepEqual([idle.decided, idle.made, idle.failures], [[], [], []]);
    const last = nameOf(1);
    const id = ocean.named(last)?.id ?? assert.fail();
    const asked = decisionOf(ocean, nameOf(0)) ?? assert.fail();
    ocean.put(`decisions/${last}.json`, {
      ...asked,
      id: 'by-a-person',
      node: last,
      machine: String(id),
      by: 'ana',
    });
    await run(ocean, { min: 0 });
    drain(ocean, last);
    await run(ocean, { min: 0 });
    const end = await run(ocean, { min: 0 });
    assert.deepEqual([ocean.named(last), end.made, end.failures], [undefined, [], []]);
  });

  it('deletes what is decided, tagged, and says by its own signature that it is empty; then drops its tag', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1]);
    await run(ocean, { min: 2 });
    assert.deepEqual((await run(ocean, { min: 2 })).removed, []);
    drain(ocean, nameOf(0));
    const { removed, failures } = await run(ocean, { min: 2 });
    assert.deepEqual([removed, failures], [[nameOf(0)], []]);
    assert.equal(ocean.named(nameOf(0)), undefined);
    assert.ok(![...ocean.tags].some((tag) => tag.startsWith('ebbtide-decision:')));
  });

  for (const [given, secret, finding] of [
    ['forged with the secret of another pool', `${POOL_SECRET}!`, 'forged-status'],
    ['without a signature', null, 'unsigned-status'],
  ] as const) {
    it(`believes no "empty" that is ${given}, and tells of it`, async () => {
      const ocean = poolOf([0.1, 0.1, 0.1]);
      await run(ocean, { min: 2 });
      drain(ocean, nameOf(0), secret);
      const { removed, findings } = await run(ocean, { min: 2 });
      assert.deepEqual(removed, []);
      assert.deepEqual(
        findings.map(({ name, node }) => [name, node]),
        [
          ['unknown', nameOf(0)],
          [finding, nameOf(0)],
        ],
      );
    });
  }

  it('believes no word of before that somebody has written again', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1]);
    await run(ocean, { min: 2 });
    const node = nameOf(0);
    drain(ocean, node);
    const later = NOW + 20_000;
    ocean.now = () => later;
    const said = [...ocean.objects].find(([place]) => place.includes(`statuses/${node}`)) ?? assert.fail();
    said[1].at = later;
    const { removed, findings } = await run(ocean, { min: 2 });
    assert.deepEqual(removed, []);
    assert.ok(findings.some(({ name, node: of }) => name === 'outdated-status' && of === node));
  });

  it("believes no neighbour's signature, nor its own in another place", async () => {
    const ocean = poolOf([0.1, 0.1, 0.1]);
    await run(ocean, { min: 2 });
    drain(ocean, nameOf(0));
    const own = ocean.objects.get(`statuses/statuses/${nameOf(0)}.json`) ?? assert.fail();
    const neighbour = ocean.objects.get(`statuses/statuses/${nameOf(1)}.json`) ?? assert.fail();
    own.metadata = neighbour.metadata;
    assert.deepEqual((await run(ocean, { min: 2 })).removed, []);
  });

  it('grows at once to what the load needs: remembered by name first, each with its own key', async () => {
    const ocean = poolOf([0.9, 0.9]);
    const { made, failures } = await run(ocean);
    assert.deepEqual([made.length, failures], [2, []]);
    const order = effects(ocean).filter((what) => what !== 'PUT memory/orchestrator.json');
    assert.equal(order[0], 'PUT memory/droplets.json');
    assert.deepEqual(order.slice(1), ['POST /v2/droplets', 'POST /v2/droplets']);
    const nursery = ocean.read('memory/droplets.json') as { births: { node: string }[] };
    assert.deepEqual(nursery.births.map(({ node }) => node).sort(), [...made].sort());
    for (const node of made) {
      assert.match(node, /^ebbtide-media-[0-9a-z]{8}$/);
      const { tags, user_data } = ocean.named(node) ?? assert.fail();
      assert.deepEqual(tags, ['ebbtide-media']);
      assert.equal(user_data, `#cloud-config\n# ${node} ${deriveStatusKey(POOL_SECRET, node)}\n`);
    }
    // They come up: nothing more is needed.
    assert.deepEqual((await run(ocean)).made, []);
  });

  it('makes a new pool as big as it is to begin, and no bigger', async () => {
    const ocean = new OceanStandIn();
    ocean.now = () => NOW;
    ocean.put(USER_DATA_KEY, USER_DATA);
    assert.equal((await run(ocean, { initial: 4 })).made.length, 4);
    assert.equal((await run(ocean, { initial: 4 })).made.length, 0);
  });

  it('tells what it would do, and does nothing', async () => {
    const ocean = poolOf([0.9, 0.9]);
    const before = JSON.stringify([...ocean.objects]);
    const answer = await planOnly(toolsOf(ocean));
    assert.equal(answer.made.length, 2);
    assert.ok(ocean.asked.every((what) => /^(GET|LIST) /.test(what)));
    assert.equal(JSON.stringify([...ocean.objects]), before);
    assert.equal(ocean.droplets.size, 2);
  });

  it('reads every list to its end', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1, 0.1, 0.1]);
    ocean.pageSize = 2;
    const { decided } = await run(ocean, { min: 3 });
    assert.equal(decided.length, 2);
    assert.equal(ocean.asked.filter((what) => what === 'GET /v2/droplets').length, 4);
  });

  describe('makes nobody, decides nobody and deletes nobody for an answer that did not come', () => {
    for (const what of ['GET /v2/droplets', 'LIST statuses/', 'LIST decisions/', 'LIST memory/runs/']) {
      for (const status of [401, 403, 404, 429, 500, 503]) {
        for (const [load, cpus] of [
          ['busy', [0.9, 0.9]],
          ['idle', [0, 0]],
          ['empty pool', []],
        ] as const) {
          it(`${what}: ${status}, ${load}`, async () => {
            const ocean = poolOf([...cpus]);
            ocean.failing.set(what, { status });
            const answer = await run(ocean);
            assert.deepEqual([answer.made, answer.decided, answer.removed], [[], [], []]);
            assert.ok(answer.failures.length > 0);
            assert.equal(ocean.droplets.size, cpus.length);
          });
        }
      }
    }

    it('nobody is made whose name could not be remembered', async () => {
      const ocean = poolOf([0.9, 0.9]);
      ocean.failing.set('PUT memory/droplets.json', { status: 503 });
      const { made, failures } = await run(ocean);
      assert.deepEqual([made, ocean.droplets.size], [[], 2]);
      assert.match(failures.join(), /remembering which droplets are made/);
    });

    it('nobody is made while it cannot be read who was', async () => {
      for (const [status, body] of [
        [503, undefined],
        [200, '{"v":2}'],
      ] as const) {
        const ocean = poolOf([0.9, 0.9]);
        if (body !== undefined) ocean.put('memory/droplets.json', body);
        else ocean.failing.set('GET memory/droplets.json', { status });
        assert.deepEqual((await run(ocean)).made, []);
      }
    });

    it('nobody is made of a template that is not what was deployed', async () => {
      const ocean = poolOf([0.9, 0.9]);
      ocean.put(USER_DATA_KEY, `${USER_DATA}# changed`);
      const { made, failures } = await run(ocean);
      assert.deepEqual(made, []);
      assert.match(failures.join(), /not what was deployed/);
    });

    it('nobody goes whose decision could not be written', async () => {
      for (const what of ['PUT memory/orchestrator.json', `PUT decisions/${nameOf(0)}.json`]) {
        const ocean = poolOf([0.1, 0.1, 0.1]);
        ocean.failing.set(what, { status: 503 });
        const { decided, takenOut } = await run(ocean, { min: 2 });
        assert.deepEqual([decided, takenOut], [[], []]);
        assert.deepEqual(ocean.named(nameOf(0))?.tags, ['ebbtide-media']);
      }
    });
  });

  it('waits for a droplet of which it is not known whether it was made, and gives it the tag that it lacks', async () => {
    const ocean = poolOf([0.9, 0.9]);
    // It is made, without its tags, and the answer is lost.
    const lost: Line = async (request, deliver) => {
      const response = deliver();
      if (request.method !== 'POST' || request.url.pathname !== '/v2/droplets') return response;
      for (const droplet of ocean.droplets.values())
        if (droplet.name === JSON.parse(request.body).name) droplet.tags = [];
      throw new HttpError('no answer', true);
    };
    const first = await run(ocean, {}, lost);
    assert.deepEqual([first.made.length, first.failures.length, ocean.droplets.size], [0, 2, 4]);
    const second = await run(ocean);
    assert.deepEqual([second.made, second.failures], [[], []]);
    assert.equal(ocean.droplets.size, 4);
    for (const { tags } of ocean.droplets.values()) assert.ok(tags.includes('ebbtide-media'));
  });

  it('asks again at once for what was refused, and not for what may come yet', async () => {
    const ocean = poolOf([0.9, 0.9]);
    ocean.failing.set('POST /v2/droplets', { status: 422 });
    assert.equal((await run(ocean)).failures.length, 2);
    assert.deepEqual((ocean.read('memory/droplets.json') as { births: unknown[] }).births, []);
    ocean.failing.set('POST /v2/droplets', { status: 500 });
    assert.equal((await run(ocean)).failures.length, 2);
    ocean.failing.clear();
    assert.deepEqual((await run(ocean)).made, []);
    ocean.now = () => NOW + 120_000;
    for (const index of [0, 1]) {
      const { id } = ocean.named(nameOf(index)) ?? assert.fail();
      ocean.say(statusOf(nameOf(index), { machine: String(id), cpu: 0.9 }));
    }
    assert.equal((await run(ocean)).made.length, 2);
  });

  it("does not go beyond the account's limit, and tells how many are missing", async () => {
    const ocean = poolOf([0.9, 0.9]);
    ocean.dropletLimit = 3;
    const { made, findings, failures } = await run(ocean);
    assert.deepEqual([made.length, failures], [1, []]);
    assert.match(
      findings.find(({ name }) => name === 'cannot-grow')?.text ?? '',
      /no room for 1 droplets more/,
    );
  });

  it('replaces a droplet that it made and that never came up: decides first, looks again, then deletes', async () => {
    const ocean = poolOf([0.2]);
    const { made } = await run(ocean, { min: 2 });
    const node = made[0] ?? assert.fail();
    ocean.now = () => NOW + 900_000;
    const { id } = ocean.named(nameOf(0)) ?? assert.fail();
    const speak = () => ocean.say(statusOf(nameOf(0), { machine: String(id), cpu: 0.2 }));
    speak();
    const second = await run(ocean, { min: 2 });
    assert.deepEqual([second.decided, second.removed, second.made.length], [[node], [], 1]);
    assert.ok(second.findings.some(({ name, node: of }) => name === 'never-came-up' && of === node));
    assert.equal(decisionOf(ocean, node)?.cause, 'replacement');
    const third = await run(ocean, { min: 2 });
    assert.deepEqual([third.removed, third.made.length], [[node], 0]);
    assert.equal(ocean.named(node), undefined);
  });

  it('does not delete one that speaks at last, just before it would be', async () => {
    const ocean = poolOf([0.2]);
    const node = (await run(ocean, { min: 2 })).made[0] ?? assert.fail();
    ocean.now = () => NOW + 900_000;
    await run(ocean, { min: 2 });
    const { id } = ocean.named(node) ?? assert.fail();
    const late: Line = async (request, deliver) => {
      const isLook = request.method === 'GET' && request.url.pathname.endsWith(`/statuses/${node}.json`);
      if (isLook) ocean.say(statusOf(node, { machine: String(id), phase: 'booting', work: { rooms: 1 } }));
      return deliver();
    };
    assert.deepEqual((await run(ocean, { min: 2 }, late)).removed, []);
    assert.deepEqual((await run(ocean, { min: 2 })).removed, []);
  });

  it('never replaces one that has spoken once, though its words are lost with the bucket', async () => {
    const ocean = poolOf([0.2, 0.2]);
    for (const key of ocean.keys('statuses/')) ocean.objects.delete(`statuses/${key}`);
    for (let round = 0; round < 3; round += 1) {
      const { decided, removed } = await run(ocean, { min: 2 });
      assert.deepEqual([decided, removed], [[], []]);
    }
  });

  it('a droplet that is off: deleted after minutes where it was decided, left to people where not', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1]);
    await run(ocean, { min: 2 });
    for (const index of [0, 1]) (ocean.named(nameOf(index)) ?? assert.fail()).status = 'off';
    assert.deepEqual((await run(ocean)).removed, []);
    assert.deepEqual((await run(ocean)).removed, []);
    ocean.now = () => NOW + 300_000;
    assert.deepEqual((await run(ocean)).removed, [nameOf(0)]);
    assert.ok(ocean.named(nameOf(1)));
  });

  it('does not touch a droplet that a person has tagged as protected', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1]);
    (ocean.named(nameOf(0)) ?? assert.fail()).tags.push('ebbtide-protected');
    assert.deepEqual((await run(ocean, { min: 2 })).decided, [nameOf(1)]);
  });

  it('tags the others where one is gone', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1, 0.1]);
    let isGone = false;
    const line: Line = async (request, deliver) => {
      if (!isGone && request.url.pathname.endsWith('/ebbtide-media-draining/resources')) {
        isGone = true;
        ocean.droplets.delete(ocean.named(nameOf(0))?.id ?? 0);
      }
      return deliver();
    };
    assert.deepEqual((await run(ocean, { min: 2 }, line)).takenOut, [nameOf(1)]);
  });

  it('begins nothing any more once another run may take it for ended', async () => {
    const ocean = poolOf([0.9, 0.9, 0.9]);
    const line: Line = async (request, deliver) => {
      const response = deliver();
      if (request.url.searchParams.get('prefix') === 'decisions/') ocean.now = () => NOW + 60_000;
      return response;
    };
    const { made, failures } = await run(ocean, {}, line);
    assert.deepEqual([made, ocean.droplets.size], [[], 3]);
    assert.match(failures.join(), /the time of this run is over/);
  });

  it('is over before the function is ended', () => assert.ok(LONGEST_RUN_MS < ORCHESTRATOR_LIMIT_MS));

  describe('two at once', () => {
    const other = 'memory/runs/other.json';
    const rows: [string, number, boolean][] = [
      ['another that is under way: this one stands back', 0, false],
      ['one that may just be over', 75_000, false],
      ['one that was killed long ago: it is over', 75_001, true],
    ];
    for (const [given, ageMs, acts] of rows) {
      it(given, async () => {
        const busy = poolOf([0.9, 0.9]);
        busy.put(other, '{}');
        (busy.objects.get(`memory/${other}`) ?? assert.fail()).at = Math.floor(NOW - ageMs);
        const { made, held } = await run(busy);
        assert.equal(made.length, acts ? 2 : 0);
        if (!acts) assert.match(held ?? '', /another run \(other\) is at it/);
        assert.deepEqual(busy.keys('memory/runs/'), acts ? [] : [other]);
      });
    }

    it('who stands back deletes all the same what is proven empty', async () => {
      const ocean = poolOf([0.1, 0.1, 0.1]);
      await run(ocean, { min: 2 });
      drain(ocean, nameOf(0));
      ocean.put(other, '{}');
      assert.deepEqual((await run(ocean, { min: 2 })).removed, [nameOf(0)]);
    });

    it('a store that does not list what was just written is trusted with nothing', async () => {
      const ocean = poolOf([0.9, 0.9]);
      const line: Line = async (request, deliver) => {
        const isMark = request.method === 'PUT' && request.url.pathname.includes('/memory/runs/');
        const response = deliver();
        if (isMark) for (const key of ocean.keys('memory/runs/')) ocean.objects.delete(`memory/${key}`);
        return response;
      };
      assert.deepEqual((await run(ocean, {}, line)).made, []);
    });

    it('each killed at any step, and others after them: no more drains than allowed, no more droplets than wanted, and all ends well', async () => {
      const any = fc.record({
        cpus: fc.array(fc.constantFrom(0.05, 0.3, 0.9), { minLength: 1, maxLength: 5 }),
        kills: fc.array(anyKill(45), { minLength: 2, maxLength: 2 }),
        scheduler: fc.scheduler(),
      });
      await fc.assert(
        fc.asyncProperty(any, async ({ cpus, kills, scheduler }) => {
          const ocean = poolOf(cpus);
          const ids = new Map<string, string>();
          const load = cpus.reduce((sum, cpu) => sum + cpu, 0);
          const wanted = Math.max(1, Math.ceil(load / 0.5 - 1e-9));
          const enough = Math.max(1, Math.ceil(load / 0.4 - 1e-9));
          const check = () => {
            assert.ok(
              ocean.droplets.size <= Math.max(cpus.length, wanted),
              `${ocean.droplets.size} droplets`,
            );
            let drains = 0;
            for (const { name, tags } of ocean.droplets.values()) {
              assert.ok(tags.includes('ebbtide-media'));
              const decision = decisionOf(ocean, name);
              if (decision === undefined) {
                assert.ok(!tags.includes('ebbtide-media-draining'), `${name} was tagged without a decision`);
                continue;
              }
              drains += 1;
              assert.equal(ids.get(name) ?? decision.id, decision.id, `${name} was decided twice`);
              ids.set(name, decision.id);
            }
            assert.ok(drains <= 2, `${drains} drains`);
            if (drains > 0) assert.ok(cpus.length - drains >= enough);
          };
          for (const kill of kills) void run(ocean, {}, lineOfKilled(kill, scheduler, check));
          await untilNothingMoves(scheduler);
          check();
          // By then the store takes whoever was killed for ended, and what was asked for has come, or will not.
          ocean.now = () => NOW + 130_000;
          const speak = () => {
            for (const { id, name } of ocean.droplets.values()) {
              const index = cpus.findIndex((_, each) => nameOf(each) === name);
              if (decisionOf(ocean, name) === undefined)
                ocean.say(statusOf(name, { machine: String(id), cpu: cpus[index] ?? 0 }));
              else drain(ocean, name);
            }
          };
          for (let round = 0; round < 3; round += 1) {
            for (const [place, object] of ocean.objects)
              if (place.includes('/statuses/')) object.at = ocean.now();
            await run(ocean);
            check();
          }
          speak();
          await run(ocean);
          for (const name of ids.keys()) assert.equal(ocean.named(name), undefined, `${name} was left`);
          const expected =
            wanted > cpus.length ? wanted : cpus.length - Math.min(2, Math.max(0, cpus.length - enough));
          assert.equal(ocean.droplets.size, expected);
        }),
        { numRuns: 150 },
      );
    });
  });

  describe('as it is called', () => {
    const call = (ocean: OceanStandIn, event: object, lines: string[] = []) =>
      createAction(surroundings(ocean, straight, lines))(event);

    it('answers 200, and 500 where something failed', async () => {
      const ocean = poolOf([0.2]);
      const event = { ...orchestratorParameters(), http: { method: 'POST' } };
      assert.equal((await call(ocean, event)).statusCode, 200);
      ocean.failing.set('GET /v2/droplets', { status: 403, id: 'Forbidden' });
      const { statusCode, body } = await call(ocean, event);
      assert.equal(statusCode, 500);
      assert.match(JSON.stringify(body), /the API token needs droplet:read, tag:read/);
    });

    it('does nothing on a dry run', async () => {
      const ocean = poolOf([0.9]);
      const { body } = await call(ocean, { ...orchestratorParameters(), dryRun: '1' });
      assert.equal((body as { made: string[] }).made.length, 1);
      assert.equal(ocean.droplets.size, 1);
    });

    it('tells which parameter is wrong, and no secret', async () => {
      for (const [wrong, expected] of [
        [{ apiToken: undefined }, /apiToken/],
        [{ poolSecret: '' }, /poolSecret/],
        [{ settings: '{"pool":"media"}' }, /region/],
        [{ spacesSecretKey: 7 }, /spacesSecretKey/],
      ] as const) {
        const lines: string[] = [];
        const { statusCode, body } = await call(poolOf([]), { ...orchestratorParameters(), ...wrong }, lines);
        assert.equal(statusCode, 500);
        const told = JSON.stringify([body, lines]);
        assert.match(told, expected);
        for (const secret of ['dop_v1_token', 'spaces-secret', POOL_SECRET])
          assert.ok(!told.includes(secret));
      }
    });
  });
});
