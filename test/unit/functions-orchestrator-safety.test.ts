import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { announce, announcedKey } from '../../fleet/digitalocean/announcement.ts';
import type { OrchestratorSettings } from '../../fleet/digitalocean-function-settings.ts';
import { deriveStatusKey } from '../../fleet/status-signature.ts';
import { createAction } from '../../functions/digitalocean/orchestrator/answer-call.ts';
import type { OceanStandIn } from '../support/ocean-stand-in.ts';
import { POOL_SECRET } from '../support/ocean-stand-in.ts';
import { orchestratorParameters } from '../support/orchestrator-parameters.ts';
import { NOW, statusOf } from './support/fleet.ts';
import { straight } from './support/line.ts';
import {
  decisionOf,
  drain,
  type Line,
  nameOf,
  poolOf,
  run,
  surroundings,
} from './support/orchestrator-rig.ts';

const BOOT_MS = 900_000;

/** Everybody who is there and has spoken speaks again, now. */
function speakAgain(ocean: OceanStandIn): void {
  for (const [place, object] of ocean.objects) if (place.startsWith('statuses/')) object.at = ocean.now();
}

const apiAsked = (ocean: OceanStandIn) => ocean.asked.filter((what) => what.includes(' /v2/'));

describe('what others say in the name of nodes', () => {
  for (const [how, secret] of [
    ['is not signed', null],
    ['is signed by another', `${POOL_SECRET}!`],
  ] as const) {
    for (const [load, cpu] of [
      ['full', 1],
      ['idle', 0],
    ] as const) {
      it(`${how}: nobody is made and nobody decided for it, be it ${load}`, async () => {
        const ocean = poolOf([cpu, cpu, cpu]);
        for (const { id, name } of [...ocean.droplets.values()])
          ocean.say(statusOf(name, { machine: String(id), cpu }), secret);
        for (const min of [1, 3]) {
          const { made, decided, passedOver } = await run(ocean, { min });
          assert.deepEqual([made, decided], [[], []]);
          assert.ok(passedOver.every(({ reason }) => /signed.*unknown is never empty/.test(reason)));
        }
      });
    }
  }

  it('makes nobody leave among those who are believed', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1, 0.1]);
    const { id } = ocean.named(nameOf(3)) ?? assert.fail();
    ocean.say(statusOf(nameOf(3), { machine: String(id), cpu: 0 }), null);
    // It may be full: three are needed for that, of the three who are known.
    assert.deepEqual((await run(ocean)).decided, []);
  });
});

describe('words that are lost', () => {
  const rows: [string, (ocean: OceanStandIn) => void][] = [
    [
      'cannot be read',
      (ocean) => {
        for (const key of ocean.keys('statuses/')) ocean.failing.set(`GET ${key}`, { status: 500 });
      },
    ],
    [
      'are old',
      (ocean) => {
        ocean.now = () => NOW + 61_000;
      },
    ],
    [
      'were taken away',
      (ocean) => {
        for (const key of ocean.keys('statuses/')) ocean.objects.delete(`statuses/${key}`);
      },
    ],
  ];
  for (const [given, lose] of rows) {
    it(`${given}: of ten busy nodes no more than the minimum is made for it, and nobody leaves`, async () => {
      const ocean = poolOf(Array.from({ length: 10 }, () => 0.5));
      lose(ocean);
      const { made, decided, removed } = await run(ocean, { max: 40, min: 2 });
      assert.ok(made.length <= 2, `${made.length} made`);
      assert.deepEqual([decided, removed], [[], []]);
    });
  }
});

describe('a node that announces itself', () => {
  const call = (ocean: OceanStandIn, event: object) =>
    createAction(surroundings(ocean, straight))({ ...orchestratorParameters(), ...event });
  const word = (node: string, by = node) => ({
    announced: { node, signature: announce(by, deriveStatusKey(POOL_SECRET, by)).announced.signature },
  });

  it('is written down before it is answered, and nothing else is done', async () => {
    const ocean = poolOf([0.9]);
    const { statusCode, body } = await call(ocean, word(nameOf(7)));
    assert.deepEqual([statusCode, body], [200, { announced: nameOf(7) }]);
    assert.deepEqual(ocean.asked, [`PUT ${announcedKey(nameOf(7))}`, `GET decisions/${nameOf(7)}.json`]);
  });

  it('is not taken for another', async () => {
    const ocean = poolOf([]);
    for (const event of [
      word(nameOf(7), nameOf(8)),
      { announced: { node: nameOf(7), signature: '' } },
      { announced: { node: '', signature: 'x' } },
    ])
      assert.equal((await call(ocean, event)).statusCode, 403);
    assert.deepEqual(ocean.asked, []);
  });

  it('takes no calls where it is to leave already, or where that is not known, or where it is not written down', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1]);
    await run(ocean, { min: 2 });
    assert.equal((await call(ocean, word(nameOf(0)))).statusCode, 410);
    assert.equal((await call(ocean, word(nameOf(1)))).statusCode, 200);
    for (const what of [`GET decisions/${nameOf(1)}.json`, `PUT ${announcedKey(nameOf(1))}`]) {
      ocean.failing.clear();
      ocean.failing.set(what, { status: 500 });
      assert.equal((await call(ocean, word(nameOf(1)))).statusCode, 500);
    }
  });

  /** One serves, and one that was made is due: it may have calls, and nobody has ever seen a word of it. */
  async function due(): Promise<{ ocean: OceanStandIn; node: string }> {
    const ocean = poolOf([0.2]);
    const [node = assert.fail()] = (await run(ocean, { min: 2 })).made;
    ocean.now = () => NOW + BOOT_MS;
    speakAgain(ocean);
    return { ocean, node };
  }

  it('is never replaced, though another node takes all its words away', async () => {
    const { ocean, node } = await due();
    await call(ocean, word(node));
    for (let round = 0; round < 3; round += 1) {
      const { decided, removed } = await run(ocean, { min: 2 });
      assert.deepEqual([decided, removed], [[], []]);
    }
    assert.ok(ocean.named(node));
  });

  it('never: leaves at once where a person has decided that it leaves', async () => {
    const { ocean, node } = await due();
    const machine = String(ocean.named(node)?.id);
    const told = { pool: 'media', at: new Date(NOW).toISOString(), reason: 'not wanted' } as const;
    const decision = { v: 1, id: 'd-1', node, machine, by: 'operator', cause: 'operator', intent: 'leave' };
    ocean.put(`decisions/${node}.json`, { ...decision, ...told });
    assert.deepEqual((await run(ocean, { min: 2 })).removed, [node]);
  });

  it('is not needed of one whose image may serve without: it is left to people', async () => {
    const { ocean, node } = await due();
    const { decided, findings } = await run(ocean, { min: 2, mayServeUnheard: true });
    assert.deepEqual(decided, []);
    assert.ok(findings.some(({ node: of, text }) => of === node && text.endsWith('left to you')));
  });

  it('is not decided while it is not known who has announced itself', async () => {
    const { ocean } = await due();
    ocean.failing.set('LIST memory/announced/', { status: 500 });
    const { decided, findings } = await run(ocean, { min: 2 });
    assert.deepEqual(decided, []);
    assert.ok(findings.some(({ name }) => name === 'announced-unknown'));
  });

  it('just before it would be deleted: leaves as any other does', async () => {
    const { ocean, node } = await due();
    assert.deepEqual((await run(ocean, { min: 2 })).decided, [node]);
    const late: Line = async (request, deliver) => {
      // Behind the back of the run, after it has looked who has announced itself.
      const isLook = request.method === 'GET' && request.url.pathname.endsWith(`/statuses/${node}.json`);
      if (isLook) ocean.put(announcedKey(node), { v: 1, node });
      return deliver();
    };
    assert.deepEqual((await run(ocean, { min: 2 }, late)).removed, []);
    assert.deepEqual((await run(ocean, { min: 2 })).removed, []);
    drain(ocean, node);
    assert.deepEqual((await run(ocean, { min: 2 })).removed, [node]);
  });
});

describe('a node that speaks and never serves', () => {
  function booting(count: number): OceanStandIn {
    const ocean = poolOf([0.2, ...Array.from({ length: count }, () => 0)]);
    for (const { id, name } of [...ocean.droplets.values()].slice(1))
      ocean.say(statusOf(name, { machine: String(id), phase: 'booting', work: null }));
    return ocean;
  }

  it('drains and is replaced after twice the time, no more at once than are allowed', async () => {
    const ocean = booting(3);
    const { decided, made, findings } = await run(ocean, { min: 4 });
    assert.deepEqual(decided, [nameOf(1), nameOf(2)]);
    assert.equal(decisionOf(ocean, nameOf(1))?.cause, 'replacement');
    assert.equal(findings.filter(({ name }) => name === 'never-came-up').length, 2);
    assert.equal(made.length, 3);
    // It may have calls: nobody knows.
    assert.deepEqual((await run(ocean, { min: 4 })).removed, []);
    drain(ocean, nameOf(1));
    assert.deepEqual((await run(ocean, { min: 4 })).removed, [nameOf(1)]);
  });

  it('stays before that, and where it is protected', async () => {
    const ocean = booting(2);
    const [, early, kept] = [...ocean.droplets.values()];
    if (early) early.created_at = new Date(NOW - 2 * BOOT_MS + 1_000).toISOString();
    kept?.tags.push('ebbtide-protected');
    assert.deepEqual((await run(ocean)).decided, []);
  });
});

describe('what is not known of droplets', () => {
  it('since when one is off, as that is remembered nowhere: nobody deletes it', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1]);
    await run(ocean, { min: 2 });
    (ocean.named(nameOf(0)) ?? assert.fail()).status = 'off';
    await run(ocean, { min: 2 });
    ocean.now = () => NOW + 3_600_000;
    ocean.failing.set('GET memory/droplets.json', { status: 500 });
    assert.deepEqual((await run(ocean, { min: 2 })).removed, []);
    ocean.failing.clear();
    assert.deepEqual((await run(ocean, { min: 2 })).removed, [nameOf(0)]);
  });

  it('which of two of one name it is: none is decided, and none deleted', async () => {
    const ocean = poolOf([0.1, 0.1, 0.1]);
    await run(ocean, { min: 2 });
    drain(ocean, nameOf(0));
    ocean.addDroplet(nameOf(0));
    ocean.addDroplet(nameOf(1));
    const { decided, removed, findings } = await run(ocean, { min: 1, maxDrains: 5 });
    assert.deepEqual([decided, removed], [[], []]);
    assert.ok(findings.some(({ name }) => name === 'name-shared'));
  });
});

describe('what is made', () => {
  it('is the size to begin with only where no droplet was ever made, and none is there', async () => {
    const settings = { min: 1, initial: 4 };
    const lost = poolOf([0.1]);
    lost.objects.delete('memory/memory/droplets.json');
    assert.deepEqual((await run(lost, settings)).made, []);
    assert.equal((await run(poolOf([]), settings)).made.length, 1);
  });

  it('is so many at most in one run, and the rest in the next', async () => {
    const ocean = poolOf([]);
    ocean.objects.delete('memory/memory/droplets.json');
    ocean.dropletLimit = 200;
    const settings = { max: 100, initial: 60 };
    assert.equal((await run(ocean, settings)).made.length, 40);
    assert.equal((await run(ocean, { ...settings, min: 60 })).made.length, 20);
  });

  it('is not asked for again and again once it was refused, and is then forgotten', async () => {
    const ocean = poolOf([]);
    ocean.failing.set('POST /v2/droplets', { status: 422 });
    await run(ocean, { max: 100, min: 50 });
    assert.ok(ocean.asked.filter((what) => what === 'POST /v2/droplets').length <= 8);
    assert.deepEqual(ocean.read('memory/droplets.json'), { v: 1, births: [], off: [] });
  });

  it('is looked for by one list, where many are not to be seen', async () => {
    const ocean = poolOf([]);
    const lost: Line = async (request, deliver) => {
      const response = deliver();
      if (request.method === 'POST') for (const droplet of ocean.droplets.values()) droplet.tags = [];
      return response;
    };
    await run(ocean, { max: 100, min: 30 }, lost);
    ocean.asked.length = 0;
    const { made } = await run(ocean, { max: 100, min: 30 });
    assert.deepEqual(made, []);
    assert.ok(apiAsked(ocean).length < 10, apiAsked(ocean).join());
    for (const { tags } of ocean.droplets.values()) assert.deepEqual(tags, ['ebbtide-media']);
  });

  it('is never more than the maximum and the drains that are allowed, though nobody of them ever comes up', async () => {
    const settings: Partial<OrchestratorSettings> = { min: 4, max: 6, maxDrains: 2 };
    const ocean = poolOf([]);
    let most = 0;
    for (let minute = 0; minute < 60; minute += 1) {
      ocean.now = () => NOW + minute * 60_000;
      await run(ocean, settings);
      most = Math.max(most, ocean.droplets.size);
    }
    assert.ok(most <= 8, `${most} droplets`);
    assert.ok(ocean.asked.some((what) => what.startsWith('DELETE /v2/droplets/')));
  });
});

describe("a pool whose tag was lost: the droplets' own words tell that they are there", () => {
  it('makes nobody in their place, and gives them the tag again', async () => {
    const ocean = poolOf([0.4, 0.4, 0.4]);
    for (const droplet of ocean.droplets.values()) droplet.tags = [];
    const { made, findings } = await run(ocean, { min: 3 });
    assert.deepEqual(made, []);
    assert.equal(findings.filter(({ name }) => name === 'tag-lost').length, 3);
    for (const { tags } of ocean.droplets.values()) assert.deepEqual(tags, ['ebbtide-media']);
  });

  it('looks for nobody by a word that is not believed', async () => {
    const ocean = poolOf([0.4]);
    ocean.say(statusOf('somebody', { machine: '1' }), null);
    await run(ocean);
    assert.equal(apiAsked(ocean).filter((what) => what === 'GET /v2/droplets').length, 2);
  });
});

describe('many that wake the orchestrator at once', () => {
  it('whoever stands back is not there for others any more', async () => {
    const ocean = poolOf([0.9, 0.9]);
    ocean.put('memory/runs/other.json', '{}');
    let seen: string[] | undefined;
    const line: Line = async (request, deliver) => {
      if (request.url.pathname === '/v2/droplets') seen ??= ocean.keys('memory/runs/');
      return deliver();
    };
    await run(ocean, {}, line);
    assert.deepEqual(seen, ['memory/runs/other.json']);
    assert.deepEqual(ocean.keys('memory/aside/'), []);
  });

  it('a hundred nodes that are empty at once ask no more of the API than it takes, and all go', async () => {
    const ocean = poolOf(Array.from({ length: 101 }, () => 0.01));
    const settings = { max: 101, min: 1, maxDrains: 100 };
    await run(ocean, settings);
    for (const key of ocean.keys('decisions/')) drain(ocean, key.slice('decisions/'.length, -'.json'.length));
    ocean.asked.length = 0;
    const patient: Line = async (_request, deliver) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return deliver();
    };
    const answers = await Promise.all(Array.from({ length: 100 }, () => run(ocean, settings, patient)));
    assert.ok(answers.some(({ held }) => /enough others look on/.test(held ?? '')));
    const reads = apiAsked(ocean).filter((what) => what.startsWith('GET'));
    assert.ok(reads.length < 250, `${reads.length} reads`);
    await run(ocean, settings);
    assert.ok(ocean.droplets.size <= 3, `${ocean.droplets.size} droplets are left`);
  });
});
