import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { encodeScaleInSettings, type ScaleInSettings } from '../../../../fleet/azure-function-settings.ts';
import { NO_WORK, type NodeStatus } from '../../../../fleet/status.ts';
import type { Job } from '../../../../lab/azure/automation/job.ts';
import type { AzureModel } from '../../../../lab/azure/model.ts';
import { until } from '../quiet-run.ts';
import { ACCOUNT, type ModelOptions, poolModel, poolSettings, STORE } from './model.ts';
import { startTwin, type TestTwin, type TestTwinOptions } from './twin.ts';

const HOUR_MS = 3_600_000;

export interface PoolOptions extends ModelOptions, TestTwinOptions {
  alert?: boolean;
  schedule?: boolean;
}

/** A twin pool whose nodes the test plays. Only what is asked for wakes its runbook, beside who knows its address. */
export interface TestPool extends TestTwin {
  /** As it was provisioned at first. */
  model: AzureModel;
  serving(): string[];
  /** What a node says of itself. */
  tell(name: string, changed?: Partial<NodeStatus>): void;
  tellAll(): void;
  /** That it is empty, for the decision that it was given. */
  empty(name: string): void;
  decided(): string[];
  /** As a node does it, which knows the address from a blob of a container of its own. */
  wake(): Promise<number>;
  jobsEnded(count: number): Promise<readonly Job[]>;
  /** Wakes it, and waits for the end of that job. */
  woken(): Promise<Job>;
  /** A person starts a job, with settings that differ from the pool's, or a parameter that is none. */
  startJob(parameter?: Partial<ScaleInSettings> | string): Promise<Job>;
}

export async function startPool({
  alert = false,
  schedule = false,
  ...options
}: PoolOptions = {}): Promise<TestPool> {
  const whole = await poolModel(options);
  const model = { ...whole, ...(alert ? {} : { alerts: [] }), ...(schedule ? {} : { jobSchedules: [] }) };
  const {
    capacity: _capacity,
    min: _min,
    max: _max,
    settings: _settings,
    terminateNoticeMs: _notice,
    ...run
  } = options;
  const world = await startTwin(model, { factor: 60, ...run });
  const { twin } = world;
  const serving = () => twin.instances().flatMap(({ id, standing }) => (standing === 'serving' ? [id] : []));
  await until('all serve', () => serving().length === model.scaleSets[0]?.capacity);

  const at = (msAgo: number) => new Date(Date.now() - msAgo).toISOString();

  function tell(name: string, changed: Partial<NodeStatus> = {}): void {
    const instance = twin.machines().find((each) => each.name === name);
    const status: NodeStatus = {
      v: 1,
      node: name,
      machine: instance?.vmId ?? '',
      pool: 'media',
      cloud: 'azure',
      zone: instance?.zone ?? '',
      address: '10.0.0.1',
      software: { agent: '1.0.0' },
      phase: 'serving',
      since: at(HOUR_MS),
      at: at(0),
      bootedAt: at(2 * HOUR_MS),
      work: { ...NO_WORK, rooms: Number(instance?.id), people: 2 },
      capacity: null,
      load: null,
      cpu: 0.05,
      protected: false,
      media: [],
      ...changed,
    };
    twin.putObject(STORE, `statuses/${name}.json`, JSON.stringify(status));
  }

  async function wake(): Promise<number> {
    const { text } = await world.blob('node', 'GET', 'secrets/wake-url');
    const headers = { 'content-type': 'application/json' };
    return (await fetch(text, { method: 'POST', body: '{}', headers })).status;
  }

  function jobsEnded(count: number): Promise<readonly Job[]> {
    const all = () => {
      const jobs = twin.jobs();
      return jobs.length >= count && jobs.every(({ endedAt }) => endedAt !== undefined) && jobs;
    };
    return until(`${count} jobs have ended`, all, 20_000);
  }

  return {
    ...world,
    model,
    serving,
    tell,
    tellAll() {
      for (const name of serving()) tell(name);
    },
    empty(name) {
      const body = twin.object(STORE, `decisions/${name}.json`);
      assert.ok(body, `nothing was decided about ${name}`);
      const { id, by, cause, intent, at: when } = JSON.parse(body);
      tell(name, { phase: 'empty', work: NO_WORK, decision: { id, by, cause, intent, at: when } });
    },
    decided: () =>
      twin
        .keys(STORE)
        .flatMap((key) =>
          key.startsWith('decisions/') ? [key.slice('decisions/'.length, -'.json'.length)] : [],
        ),
    wake,
    async startJob(parameter = {}) {
      const settings =
        typeof parameter === 'string'
          ? parameter
          : encodeScaleInSettings({ ...poolSettings(options), ...parameter });
      const id = randomUUID();
      const body = { properties: { runbook: { name: 'scale-in' }, parameters: { settings } } };
      assert.equal((await world.arm('operator', 'PUT', `${ACCOUNT}/jobs/${id}`, { body })).status, 201);
      const job = twin.jobs().find((each) => each.id === id);
      assert.ok(job);
      return job;
    },
    jobsEnded,
    async woken() {
      const before = twin.jobs().length;
      assert.equal(await wake(), 202);
      const job = (await jobsEnded(before + 1)).at(-1);
      assert.ok(job);
      return job;
    },
  };
}
