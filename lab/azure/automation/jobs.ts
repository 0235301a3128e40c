import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../../fleet/error.ts';
import type { Happening } from '../../cloud/events.ts';
import { unpack } from '../../cloud/unpack.ts';
import type { Faults } from '../faults.ts';
import { sameId } from '../ids.ts';
import type { AzureModel, Runbook } from '../model.ts';
import { type Job, runInSandbox } from './job.ts';
import { redirect } from './redirect.ts';

export interface JobsOptions {
  model: () => AzureModel;
  faults: Faults;
  /** Where everything of the twin answers. */
  endpoint(): string;
  /** Real time, ms since the epoch. */
  now(): number;
  emit(happening: Happening): void;
}

export type NewJob = Pick<Job, 'id' | 'runbook' | 'account' | 'parameters'>;

/** Azure Automation: every job is a process of its own that runs the real runbook. */
export interface Jobs {
  all(): readonly Job[];
  find(account: string, id: string): Job | undefined;
  /** By the secret that its process shows. */
  bySecret(secret: string): Job | undefined;
  /** Undefined where there is no such runbook. The same id twice is the same job. */
  create(job: NewJob, by: string): Job | undefined;
  /** Stops at once, wherever it is; `resume` lets it go on. */
  suspend(job: Job): void;
  resume(job: Job): void;
  stop(job: Job): void;
  close(): Promise<void>;
}

/** How many run side by side; others wait for their turn, as in the cloud. */
const SIDE_BY_SIDE = 4;
/** What hangs so long (in real time) is ended: nobody would wait for it. */
const PATIENCE_MS = 600_000;

export function createJobs({ model, faults, endpoint, now, emit }: JobsOptions): Jobs {
  const jobs: Job[] = [];
  const waiting: (() => void)[] = [];
  const ended = new Set<Promise<void>>();
  let running = 0;
  let open = true;

  async function run(job: Job, { name, content }: Runbook, by: string): Promise<void> {
    while (running >= SIDE_BY_SIDE && open) await new Promise<void>((resolve) => waiting.push(resolve));
    if (!open || job.status !== 'New') return;
    running += 1;
    const begun = performance.now();
    const tookMs = () => Math.round(performance.now() - begun);
    const fail = (problem: string) => {
      job.exception ??= problem;
      if (open) emit({ kind: 'invocation-failed', function: name, event: by, problem, tookMs: tookMs() });
    };
    job.startedAt = now();
    const directory = await unpack(name, { 'runbook.py': Buffer.from(content) });
    const patience = setTimeout(() => job.process?.kill('SIGKILL'), PATIENCE_MS);
    try {
      if (faults.take({ service: 'job', action: name }) !== undefined)
        throw new Error('the sandbox was lost');
      const { code, signal } = await runInSandbox(job, {
        file: join(directory, 'runbook.py'),
        arguments: Object.values(job.parameters).map((value) => redirect(value, model())),
        environment: { IDENTITY_ENDPOINT: `${endpoint()}/job-identity`, IDENTITY_HEADER: job.secret },
        onLine(line) {
          job.lines.push(line);
          if (open) emit({ kind: 'function-log', function: name, line });
        },
      });
      if (code === 0) {
        setStatus(job, 'Completed');
        if (open) emit({ kind: 'invoked', function: name, event: by, answer: lastOf(job), tookMs: tookMs() });
      } else {
        setStatus(job, 'Failed');
        fail(`it ended with ${signal ?? code}: ${job.lines.slice(-3).join(' | ')}`);
      }
    } catch (cause) {
      setStatus(job, 'Failed');
      fail(describeError(cause));
    } finally {
      clearTimeout(patience);
      job.endedAt = now();
      running -= 1;
      waiting.shift()?.();
      await rm(directory, { recursive: true, force: true });
    }
  }

  return {
    all: () => jobs,
    find: (account, id) => jobs.find((job) => sameId(job.account, account) && sameId(job.id, id)),
    bySecret: (secret) => jobs.find((job) => job.secret === secret && job.endedAt === undefined),
    create(spec, by) {
      const known = jobs.find((job) => sameId(job.id, spec.id));
      if (known !== undefined) return known;
      const runbook = model().runbooks.find(
        ({ account, name }) => sameId(account, spec.account) && sameId(name, spec.runbook),
      );
      if (runbook === undefined) return undefined;
      const secret = randomBytes(16).toString('hex');
      const job: Job = { ...spec, status: 'New', createdAt: now(), lines: [], secret };
      jobs.push(job);
      const run_ = run(job, runbook, by).finally(() => ended.delete(run_));
      ended.add(run_);
      return job;
    },
    suspend(job) {
      if (job.status === 'Running' && job.process?.kill('SIGSTOP')) job.status = 'Suspended';
    },
    resume(job) {
      if (job.status === 'Suspended' && job.process?.kill('SIGCONT')) job.status = 'Running';
    },
    stop(job) {
      if (job.endedAt !== undefined) return;
      job.status = 'Stopped';
      job.process?.kill('SIGKILL');
    },
    async close() {
      open = false;
      for (const job of jobs) if (job.endedAt === undefined) job.process?.kill('SIGKILL');
      for (const go of waiting.splice(0)) go();
      await Promise.allSettled(ended);
    },
  };
}

/** Who stopped it has the last word. */
function setStatus(job: Job, status: 'Completed' | 'Failed'): void {
  if (job.status !== 'Stopped') job.status = status;
}

/** What the runbook says at its end, where that is JSON. */
function lastOf({ lines }: Job): unknown {
  const last = lines.at(-1) ?? '';
  try {
    return JSON.parse(last);
  } catch {
    return last;
  }
}
