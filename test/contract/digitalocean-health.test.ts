import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { OrchestratorSettings } from '../../fleet/digitalocean-function-settings.ts';
import { createStatusSigner, deriveStatusKey, SIGNATURE_METADATA } from '../../fleet/status-signature.ts';
import type { OceanModel } from '../../lab/digitalocean/model.ts';
import { statusOf } from '../unit/support/fleet.ts';
import { applyPool, problemsIn, startTwin, type TestTwin } from './support/digitalocean/twin.ts';
import { until } from './support/quiet-run.ts';
import { readOpenApi } from './support/specs/openapi.ts';

const ORCHESTRATOR = 'ebbtide/orchestrator';
const HEALTH = 'ebbtide/health';
/** The twin's stores and functions live by the real clock, and a busy machine runs the orchestrator late. */
const NEVER_SILENT_MS = 600_000;
const SOON_SILENT_MS = 5_000;
const HOUR_MS = 3_600_000;

/** The program as it is, and a function that was told otherwise. */
function withParameters(model: OceanModel, action: string, changed: Record<string, string>): void {
  for (const { actions } of model.namespaces) {
    const found = actions.get(action) ?? assert.fail(action);
    found.parameters = found.parameters.map(({ key, value }) => ({ key, value: changed[key] ?? value }));
  }
}

function poolSecretOf({ namespaces }: OceanModel): string {
  const { parameters = [] } = namespaces[0]?.actions.get(ORCHESTRATOR) ?? {};
  return String(parameters.find(({ key }) => key === 'poolSecret')?.value);
}

function withSettings(model: OceanModel, changed: Partial<OrchestratorSettings>): void {
  const { parameters = [] } = model.namespaces[0]?.actions.get(ORCHESTRATOR) ?? {};
  const written = JSON.parse(String(parameters.find(({ key }) => key === 'settings')?.value));
  withParameters(model, ORCHESTRATOR, { settings: JSON.stringify({ ...written, ...changed }) });
}

describe('whom the real functions of a pool on a twin DigitalOcean call, by its check', () => {
  let world: TestTwin | undefined;

  afterEach(async () => {
    await world?.twin.close();
    const { twin, exchanges = [] } = world ?? {};
    world = undefined;
    assert.deepEqual(twin?.refused() ?? [], []);
    assert.deepEqual(problemsIn(exchanges, readOpenApi()), []);
  });

  async function start(
    changed: Partial<OrchestratorSettings> = {},
    silentAfterMs = NEVER_SILENT_MS,
  ): Promise<TestTwin> {
    const { model } = await applyPool();
    withParameters(model, HEALTH, { silentAfterMs: String(silentAfterMs) });
    withSettings(model, changed);
    world = await startTwin(model, { factor: 240 });
    return world;
  }

  const alarms = ({ events }: TestTwin) =>
    events.flatMap((event) => (event.kind === 'alarm' ? [`${event.name} is ${event.to}`] : []));
  /** What was answered last by whom. */
  const told = ({ events }: TestTwin) =>
    events.findLast(
      (event) =>
        (event.kind === 'invoked' || event.kind === 'invocation-failed') && event.function === HEALTH,
    );
  const saysOf = (of: TestTwin) => JSON.stringify(told(of));
  const minutes = ({ twin }: TestTwin) => twin.now() / 60_000;

  it('is asked by somebody else than the pool, who is to tell people', async () => {
    const { twin } = await start();
    const [check, ...others] = twin.model().uptimeChecks;
    assert.deepEqual(others, []);
    assert.match(check?.target ?? '', /\/api\/v1\/web\/fn-[0-9a-f-]+\/ebbtide\/health$/);
    assert.deepEqual(
      check?.alerts.map(({ type, periodMs, emails }) => [type, periodMs, emails]),
      [['down_global', 120_000, ['on-call@example.org']]],
    );
  });

  it('nobody, while all is well', async () => {
    const pool = await start();
    await until('ten minutes have passed', () => minutes(pool) > 10 && told(pool) !== undefined);
    assert.match(saysOf(pool), /"kind":"invoked".*"statusCode":200.*"well":true/);
    assert.deepEqual(alarms(pool), []);
  });

  it('nobody, when the page was down for a moment', async () => {
    const pool = await start();
    await until('it was asked', () => told(pool) !== undefined);
    pool.twin.faults.add({ service: 'function', action: HEALTH, times: 1, kind: 'error' });
    await until('it was down', () => saysOf(pool).includes('invocation-failed'));
    const since = minutes(pool);
    await until('it has been asked again', () => minutes(pool) > since + 5);
    assert.match(saysOf(pool), /"well":true/);
    assert.deepEqual(alarms(pool), []);
  });

  it('people, when the orchestrator runs no more; and again when it does', async () => {
    const pool = await start({}, SOON_SILENT_MS);
    await until('all is well', () => saysOf(pool)?.includes('"well":true'));
    const isDead = { service: 'function', action: ORCHESTRATOR, kind: 'error' } as const;
    pool.twin.faults.add({ ...isDead, times: Number.MAX_SAFE_INTEGER });
    await until('people are called', () => alarms(pool).length > 0);
    assert.match(saysOf(pool), /503.*orchestrator-silent/);
    pool.twin.faults.clear();
    await until('it is over', () => alarms(pool).length > 1);
    assert.deepEqual(alarms(pool), ['ebbtide-media is down', 'ebbtide-media is up']);
  });

  it('people, when a droplet never comes up, though another is in its place by then', async () => {
    const pool = await start({ bootTimeoutMs: 2_000 });
    const first = await until('one is made', () => pool.twin.droplets()[0]);
    await until('it is gone', () => first.isGone);
    await until('people are called', () => alarms(pool).length > 0);
    assert.match(saysOf(pool), /503.*never-came-up/);
  });

  it('people, when a drain is overdue', async () => {
    const pool = await start();
    const [node] = await until('one runs', () => {
      const running = pool.twin.instances().filter(({ standing }) => standing === 'serving');
      return running.length > 0 && running.map(({ id }) => id);
    });
    const { id } = pool.twin.droplets().find(({ name }) => name === node) ?? assert.fail();
    const bucket = pool.twin.model().buckets.find(({ name }) => name.endsWith('statuses'))?.name ?? '';
    const at = new Date().toISOString();
    const since = new Date(Date.now() - 5 * HOUR_MS).toISOString();
    const status = statusOf(node ?? '', { machine: String(id), phase: 'draining', since, at, cpu: 0.4 });
    const key = `statuses/${node}.json`;
    const body = JSON.stringify(status);
    const sign = createStatusSigner(deriveStatusKey(poolSecretOf(pool.twin.model()), node ?? ''));
    pool.twin.putObject(bucket, key, body, { [SIGNATURE_METADATA]: sign(key, body) });
    await until('people are called', () => alarms(pool).length > 0);
    assert.match(saysOf(pool), /503.*overdue/);
    assert.doesNotMatch(saysOf(pool), new RegExp(node ?? 'no node'));
  });
});
