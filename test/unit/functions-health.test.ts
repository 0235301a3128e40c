import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { BORN_KEY, HEALTH_KEY, SILENT_AFTER_MS } from '../../fleet/digitalocean/pool-health.ts';
import type { OrchestratorSettings } from '../../fleet/digitalocean-function-settings.ts';
import { ORCHESTRATOR_LIMIT_MS } from '../../fleet/digitalocean-function-settings.ts';
import type { HttpResponse, SendHttp } from '../../fleet/http.ts';
import { createHealthAction } from '../../functions/digitalocean/health/answer-check.ts';
import { LONGEST_RUN_MS } from '../../functions/digitalocean/orchestrator/budgets.ts';
import { composeOrchestrator } from '../../functions/digitalocean/orchestrator/compose.ts';
import { orchestrate, planOnly } from '../../functions/digitalocean/orchestrator/orchestrate.ts';
import { OceanStandIn } from '../support/ocean-stand-in.ts';
import { orchestratorParameters, USER_DATA, USER_DATA_KEY } from '../support/orchestrator-parameters.ts';
import { NOW, statusOf } from './support/fleet.ts';

const MINUTE = 60_000;
const PARAMETERS = {
  region: 'fra1',
  bucket: 'memory',
  silentAfterMs: String(SILENT_AFTER_MS),
  spacesKeyId: 'key-of-health',
  spacesSecretKey: 'secret-of-health',
};

/** A pool in memory, whose clock a test moves. */
class Pool {
  readonly ocean = new OceanStandIn();
  readonly lines: string[] = [];
  now = NOW;
  readonly #surroundings;

  constructor() {
    this.ocean.now = () => this.now;
    this.ocean.put(USER_DATA_KEY, USER_DATA);
    this.ocean.put(BORN_KEY, {});
    const send: SendHttp = async ({ method, url, body = '', headers = {} }): Promise<HttpResponse> =>
      this.ocean.answer({ method, url: new URL(url), body, headers });
    const clock = {
      now: () => this.now,
      after(ms: number, action: () => void) {
        const due = ms < 3_000 ? setImmediate(action) : undefined;
        return () => clearImmediate(due);
      },
    };
    const write = (line: string) => this.lines.push(line);
    this.#surroundings = { environment: {}, clock, random: Math.random, write, send };
  }

  tools(changed: Partial<OrchestratorSettings> = {}) {
    return composeOrchestrator(orchestratorParameters(changed), this.#surroundings);
  }

  async run(changed?: Partial<OrchestratorSettings>) {
    return orchestrate(this.tools(changed));
  }

  /** A minute passes, and the orchestrator looks. */
  async minute(changed?: Partial<OrchestratorSettings>) {
    this.now += MINUTE;
    return this.run(changed);
  }

  async asked(parameters: object = PARAMETERS) {
    const { statusCode, body } = await createHealthAction(this.#surroundings)(parameters);
    return [statusCode, ...body.alarms];
  }

  /** One that serves, and says so. */
  serve(name: string, changed: Parameters<typeof statusOf>[1] = {}): void {
    const { id } = this.ocean.named(name) ?? this.ocean.addDroplet(name);
    const at = new Date(this.now).toISOString();
    this.ocean.say({ ...statusOf(name, { machine: String(id), cpu: 0.4, ...changed }), at });
  }
}

const NODE = 'ebbtide-media-aaaaaaaa';

describe('what DigitalOcean’s check is answered', () => {
  it('is that all is well, while it is, and tells of no node', async () => {
    const pool = new Pool();
    for (let minute = 0; minute < 6; minute += 1) {
      pool.now += MINUTE;
      pool.serve(NODE);
      assert.deepEqual((await pool.run()).failures, []);
      assert.deepEqual(await pool.asked(), [200]);
    }
    assert.ok(pool.ocean.asked.includes(`GET ${HEALTH_KEY}`));
    // A run that is left out, as where two stand back for each other, is nothing yet.
    pool.now += 2 * MINUTE;
    assert.deepEqual(await pool.asked(), [200]);
  });

  it('is that all is well, for a while, of a pool that was just made', async () => {
    const pool = new Pool();
    assert.deepEqual(await pool.asked(), [200]);
    pool.now += SILENT_AFTER_MS + 1_000;
    assert.deepEqual(await pool.asked(), [503, 'orchestrator-silent']);
  });

  it('is that the orchestrator is silent, when it comes to no end any more', async () => {
    const pool = new Pool();
    pool.serve(NODE);
    await pool.run();
    pool.now += SILENT_AFTER_MS;
    assert.deepEqual(await pool.asked(), [200]);
    pool.now += 1_000;
    assert.deepEqual(await pool.asked(), [503, 'orchestrator-silent']);
    pool.serve(NODE);
    await pool.run();
    assert.deepEqual(await pool.asked(), [200]);
  });

  for (const [what, spoil, alarm] of [
    [
      'cannot be read',
      (pool: Pool) => pool.ocean.failing.set(`GET ${HEALTH_KEY}`, { status: 403 }),
      'health-unknown',
    ],
    ['makes no sense', (pool: Pool) => pool.ocean.put(HEALTH_KEY, '{"v":1'), 'health-unknown'],
    [
      'says what no run says',
      (pool: Pool) => pool.ocean.put(HEALTH_KEY, { v: 1, alarms: ['ebbtide-media-0a1b2c3d'] }),
      'health-unknown',
    ],
    [
      'is gone, and nobody knows how old the pool is',
      (pool: Pool) => pool.ocean.objects.clear(),
      'orchestrator-silent',
    ],
  ] as const) {
    it(`is never that all is well, where what a run has told ${what}`, async () => {
      const pool = new Pool();
      pool.serve(NODE);
      await pool.run();
      spoil(pool);
      assert.deepEqual(await pool.asked(), [503, alarm]);
    });
  }

  it('is never that all is well, where its own parameters make no sense, and tells no secret', async () => {
    const pool = new Pool();
    assert.deepEqual(await pool.asked({ ...PARAMETERS, bucket: '' }), [503, 'health-unknown']);
    assert.match(pool.lines.join(''), /bucket|is empty/);
    assert.doesNotMatch(pool.lines.join(''), /secret-of-health/);
  });

  it('is of a drain that is overdue, until it is over', async () => {
    const pool = new Pool();
    pool.serve(NODE);
    const since = new Date(pool.now - 2 * 3_600_000).toISOString();
    pool.serve('ebbtide-media-bbbbbbbb', { phase: 'draining', since });
    await pool.run();
    assert.deepEqual(await pool.asked(), [503, 'overdue']);
    pool.ocean.droplets.delete(pool.ocean.named('ebbtide-media-bbbbbbbb')?.id ?? 0);
    pool.serve(NODE);
    await pool.minute();
    assert.deepEqual(await pool.asked(), [200]);
  });

  it('is for half an hour of a droplet that never came up, though it is replaced at once', async () => {
    const pool = new Pool();
    await pool.run();
    const [first] = pool.ocean.droplets.values();
    assert.ok(first);
    first.status = 'active';
    for (let minute = 1; minute <= 14; minute += 1) await pool.minute();
    // It is silent for long; but so long it may take.
    assert.deepEqual(await pool.asked(), [200]);
    for (let minute = 0; minute < 4; minute += 1) {
      await pool.minute();
      for (const droplet of pool.ocean.droplets.values()) {
        droplet.status = 'active';
        if (droplet !== first) pool.serve(droplet.name);
      }
    }
    assert.equal(pool.ocean.named(first.name), undefined, 'it is replaced');
    for (let minute = 0; minute < 26; minute += 1) {
      assert.deepEqual(await pool.asked(), [503, 'never-came-up'], String(minute));
      for (const { name } of pool.ocean.droplets.values()) pool.serve(name);
      await pool.minute();
    }
    for (let minute = 0; minute < 4; minute += 1) {
      for (const { name } of pool.ocean.droplets.values()) pool.serve(name);
      await pool.minute();
    }
    assert.deepEqual(await pool.asked(), [200]);
  });

  it('is of a node that is silent, once it has been for long', async () => {
    const pool = new Pool();
    pool.serve(NODE);
    const alarms: unknown[] = [];
    for (let minute = 0; minute < 6; minute += 1) {
      await pool.minute({ max: 1 });
      alarms.push((await pool.asked()).slice(1));
    }
    assert.deepEqual(alarms, [[], [], ...Array(4).fill(['stale'])]);
  });

  it('is of an orchestrator that fails again and again, not of one that failed once', async () => {
    const pool = new Pool();
    pool.ocean.failing.set('POST /v2/droplets', { status: 422 });
    const answer = await pool.run();
    assert.match(answer.failures.join(), /making/);
    assert.deepEqual(await pool.asked(), [200]);
    await pool.minute();
    assert.deepEqual(await pool.asked(), [503, 'orchestrator-fails']);
  });

  it('is told by a run that could not read the world, too', async () => {
    const pool = new Pool();
    pool.ocean.failing.set('GET /v2/droplets', { status: 403 });
    await pool.run();
    await pool.minute();
    const [, ...alarms] = await pool.asked();
    assert.ok(alarms.includes('machines-unknown'), alarms.join());
  });
});

describe('what a run tells of the pool', () => {
  const told = (pool: Pool) => pool.ocean.read(HEALTH_KEY);

  it('is not told by a dry run, nor by one that has not its turn', async () => {
    const pool = new Pool();
    await planOnly(pool.tools());
    assert.equal(told(pool), undefined);
    pool.ocean.put('memory/runs/another.json', {});
    await pool.run();
    assert.equal(told(pool), undefined);
  });

  it('is told while it is this run’s turn: nobody else writes it then', async () => {
    const pool = new Pool();
    await pool.run();
    const writes = pool.ocean.asked.filter((what) => what.includes('memory/') && !/^(GET|LIST)/.test(what));
    assert.match(writes.at(-2) ?? '', /^PUT memory\/health\.json$/);
    assert.match(writes.at(-1) ?? '', /^DELETE memory\/runs\//);
  });

  it('is not written over what cannot be read: it may remember what is over by now', async () => {
    const pool = new Pool();
    pool.serve(NODE);
    await pool.run();
    const before = told(pool);
    pool.ocean.failing.set(`GET ${HEALTH_KEY}`, { status: 403 });
    pool.now += MINUTE;
    const { failures } = await pool.run();
    assert.match(failures.join(), /telling how the pool is: .*memory\/health\.json/);
    pool.ocean.failing.clear();
    assert.deepEqual(told(pool), before);
  });

  it('is begun anew where it makes no sense', async () => {
    const pool = new Pool();
    pool.serve(NODE);
    pool.ocean.put(HEALTH_KEY, '{"v":2}');
    assert.deepEqual((await pool.run()).failures, []);
    assert.deepEqual(await pool.asked(), [200]);
  });

  it('is told before the function’s limit is over', () => {
    assert.ok(LONGEST_RUN_MS < ORCHESTRATOR_LIMIT_MS);
  });
});
