import assert from 'node:assert/strict';
import * as v from 'valibot';
import type { ScaleInSettings } from '../../../../fleet/azure-function-settings.ts';
import type { Decision } from '../../../../fleet/decision.ts';
import { NO_WORK, type NodeStatus } from '../../../../fleet/status.ts';
import type { Job } from '../../../../lab/azure/automation/job.ts';
import type { Instance } from '../../../../lab/azure/compute/instance.ts';
import type { Intervene } from '../../../../lab/azure/twin.ts';
import { until } from '../quiet-run.ts';
import { STORE } from './model.ts';
import { startPool, type TestPool } from './pool.ts';

export const HOUR_MS = 3_600_000;

const lineSchema = v.looseObject({ level: v.string(), event: v.string() });
export type LogLine = v.InferOutput<typeof lineSchema>;

export interface RunbookEnd {
  status: Job['status'];
  log: LogLine[];
}

/** A pool whose runbook is started by the test, and whose instances and objects are as the test says. */
export interface RunbookWorld extends TestPool {
  /** Blobs are as old, and leases as far on, as this says beside real time. */
  shiftMs: number;
  intervene: Intervene;
  /** Requests that changed something, in their order. */
  writes: string[];
  /** That the cloud refuses a right is no failure of the test. */
  mayBeRefused: boolean;
  instance(id: number): Instance;
  /** Instances that Azure lists and that do not go. */
  left(): string[];
  write(key: string, body: unknown, ageMs?: number): void;
  read(key: string): unknown;
  serve(id: number, changed?: Partial<NodeStatus>, ageMs?: number): void;
  decide(id: number, changed?: Partial<Decision>): Decision;
  /** Decided an hour ago, drained, and empty now. */
  drained(id: number, changed?: Partial<NodeStatus>, ageMs?: number): void;
  /** What earlier runs remember: no more than so many were needed since then. */
  lowFor(ms: number, changed?: { needed?: number; size?: number; unseenMs?: number }): void;
  run(changed?: Partial<ScaleInSettings> | string): Promise<RunbookEnd>;
  ended(job: Job): Promise<RunbookEnd>;
}

export function at(msAgo: number): string {
  return new Date(Date.now() - msAgo).toISOString();
}

export interface RunbookWorldOptions {
  /** How long its services take over each answer. */
  answerMs?: number;
  pageSize?: number;
}

export async function startRunbookWorld(
  size: number,
  { answerMs = 0, pageSize = 2 }: RunbookWorldOptions = {},
): Promise<RunbookWorld> {
  const clock = { shiftMs: 0 };
  let intervene: Intervene = () => undefined;
  const writes: string[] = [];
  const pool = await startPool({
    capacity: size,
    min: 1,
    max: size,
    pageSize,
    answerMs,
    settings: { lowForMs: 600_000, warmUpMs: 120_000 },
    wallClock: () => Date.now() + clock.shiftMs,
    intervene(request, when) {
      const isOfRunbook = !/\/jobs\/|job-identity/.test(request.target);
      if (when === 'after' && request.method !== 'GET' && isOfRunbook)
        writes.push(`${request.method} ${request.target}${request.headers['x-ms-lease-action'] ?? ''}`);
      return isOfRunbook ? intervene(request, when) : undefined;
    },
  });
  const { twin } = pool;
  for (const instance of twin.machines()) {
    instance.protection = { protectFromScaleIn: true };
    // Of a new one nobody expects yet that it speaks.
    Object.assign(instance, { createdAt: instance.createdAt - HOUR_MS / 2 });
  }

  function instance(id: number): Instance {
    const found = twin.machines().find((each) => each.id === String(id));
    assert.ok(found, `there is no instance ${id}`);
    return found;
  }

  function aged(ageMs: number, act: () => void): void {
    clock.shiftMs -= ageMs;
    act();
    clock.shiftMs += ageMs;
  }

  const world: RunbookWorld = {
    ...pool,
    get shiftMs() {
      return clock.shiftMs;
    },
    set shiftMs(ms) {
      clock.shiftMs = ms;
    },
    get intervene() {
      return intervene;
    },
    set intervene(next) {
      intervene = next;
    },
    writes,
    mayBeRefused: false,
    instance,
    left: () =>
      twin
        .machines()
        .flatMap(({ name, isGone, provisioning }) => (isGone || provisioning === 'Deleting' ? [] : [name])),
    write(key, body, ageMs = 1_000) {
      aged(ageMs, () => twin.putObject(STORE, key, typeof body === 'string' ? body : JSON.stringify(body)));
    },
    read: (key) => JSON.parse(twin.object(STORE, key) ?? 'null') as unknown,
    serve(id, changed = {}, ageMs = 1_000) {
      const work = { ...NO_WORK, rooms: 1, people: 2 };
      aged(ageMs, () => pool.tell(instance(id).name, { work, ...changed }));
    },
    decide(id, changed = {}) {
      const { name, vmId } = instance(id);
      const decision: Decision = {
        v: 1,
        id: `d-${name}`,
        node: name,
        machine: vmId,
        pool: 'media',
        at: at(HOUR_MS),
        by: 'runbook',
        cause: 'scale-in',
        intent: 'leave',
        reason: 'empty',
        ...changed,
      };
      world.write(`decisions/${name}.json`, decision);
      return decision;
    },
    drained(id, changed = {}, ageMs = 1_000) {
      const { by, cause, intent, id: decision, at } = world.decide(id);
      const said = { id: decision, by, cause, intent, at };
      world.serve(id, { phase: 'empty', work: NO_WORK, decision: said, ...changed }, ageMs);
    },
    lowFor(ms, { needed = 1, size = 100, unseenMs = 60_000 } = {}) {
      const low = { since: at(ms), seenAt: at(unseenMs), needed, size };
      world.write('memory/scale-in.json', { v: 1, low });
    },
    async run(changed) {
      return world.ended(await pool.startJob(changed));
    },
    async ended(job) {
      await until('it has ended', () => job.endedAt !== undefined, 30_000);
      if (!world.mayBeRefused) assert.deepEqual(twin.refused(), []);
      return { status: job.status, log: job.lines.map((line) => v.parse(lineSchema, JSON.parse(line))) };
    },
  };
  world.lowFor(HOUR_MS);
  return world;
}

/** The text of what it found. */
export function found({ log }: RunbookEnd, name: string): string {
  const line = log.find(({ event }) => event === `found-${name}`);
  assert.ok(line, `no finding ${name}: ${JSON.stringify(log)}`);
  return String(line.text);
}

export function failures({ status, log }: RunbookEnd): string {
  assert.equal(status, 'Failed');
  return JSON.stringify(log.at(-1)?.failures);
}

export function findings({ log }: RunbookEnd): string[] {
  return log.flatMap(({ event }) => (event.startsWith('found-') ? [event] : []));
}
