import type { HttpRequest, SendHttp } from '../../../fleet/http.ts';
import type { Job } from '../../azure/automation/job.ts';
import type { Jobs, NewJob } from '../../azure/automation/jobs.ts';
import { sameId } from '../../azure/ids.ts';
import { uuid } from '../../cloud/identifiers.ts';
import type { WorldKit } from '../cloud.ts';
import { jobEnvironment, MEMORY } from './model.ts';
import type { RunbookEnd, RunbookLife, Runbooks } from './runbook.ts';
import type { AtRequest } from './step.ts';

/** Azure Automation in virtual time: every job is a life of the real runbook. */
export interface VirtualJobs extends Jobs {
  /** Until then, ms since the epoch. */
  twiceUntil: number;
  killAt(where: AtRequest): void;
  suspendAt(where: AtRequest, forMs: number | undefined): void;
  /** Nothing that happens now rests on anything that was read before. */
  readSince(): number;
}

export interface VirtualJobsOptions {
  kit: Pick<WorldKit, 'clock' | 'random' | 'tell' | 'isOver'>;
  runbooks: Runbooks;
  send: SendHttp;
  began(job: Job): void;
  ended(job: Job, how: RunbookEnd): void;
}

/** A sandbox is not there at once. */
const FASTEST_START_MS = 500;
const SLOWEST_START_MS = 6_000;
/** What a job has sent arrives a little after it has ended. */
const ON_THE_WAY_MS = 10_000;
const LOCK_MS = 60_000;

interface Trap extends AtRequest {
  left: number;
  spring(job: Job, life: RunbookLife): void;
}

export function createVirtualJobs({ kit, runbooks, send, began, ended }: VirtualJobsOptions): VirtualJobs {
  const { clock, random, tell, isOver } = kit;
  const jobs: Job[] = [];
  const lives = new Map<Job, RunbookLife>();
  /** Since when, ms since the epoch. */
  const reading = new Map<Job, number>();
  let traps: Trap[] = [];
  runbooks.clear();

  function run(job: Job): void {
    if (job.status !== 'New' || isOver()) return;
    job.status = 'Running';
    job.startedAt = clock.now();
    reading.set(job, clock.now());
    began(job);
    const seed = Math.floor(random() * 2 ** 32);
    const life = runbooks.start({
      arguments: Object.values(job.parameters),
      environment: jobEnvironment(job.secret),
      seed,
      clock,
      send,
      write: (line) => job.lines.push(line),
      ended: (how) => end(job, how),
      at: (when, request) => springTraps(job, when, request),
    });
    if (job.endedAt === undefined) lives.set(job, life);
  }

  function end(job: Job, how: RunbookEnd): void {
    lives.delete(job);
    job.endedAt = clock.now();
    job.status = how.kind === 'exited' && how.code === 0 ? 'Completed' : 'Failed';
    clock.after(ON_THE_WAY_MS, () => reading.delete(job));
    if (!isOver()) ended(job, how);
  }

  function springTraps(job: Job, when: 'before' | 'after', request: HttpRequest): void {
    const life = lives.get(job);
    if (life === undefined) return;
    if (isOver()) {
      life.kill();
      return;
    }
    const met = traps.filter((trap) => trap.when === when && isMeant(trap.only, request));
    for (const trap of met) trap.left -= 1;
    const due = met.find(({ left }) => left <= 0);
    if (due === undefined) return;
    traps = traps.filter((trap) => trap !== due);
    due.spring(job, life);
  }

  function note(outcome: string): void {
    tell({ kind: 'function', name: 'runbook', outcome });
  }

  function suspend(job: Job, life = lives.get(job)): void {
    life?.suspend();
    if (life !== undefined) job.status = 'Suspended';
  }

  /** Whose lock has run out meanwhile must not act on what it read before. */
  function resume(job: Job, suspendedMs: number): void {
    if (job.status !== 'Suspended') return;
    job.status = 'Running';
    if (suspendedMs >= LOCK_MS) reading.set(job, (reading.get(job) ?? 0) + suspendedMs);
    lives.get(job)?.resume();
  }

  function create(spec: NewJob): Job {
    const id = jobs.length;
    const job: Job = {
      ...spec,
      status: 'New',
      createdAt: clock.now(),
      lines: [],
      secret: uuid(`secret ${id}`),
    };
    jobs.push(job);
    return job;
  }

  const virtual: VirtualJobs = {
    twiceUntil: 0,
    all: () => jobs,
    find: (account, id) => jobs.find((job) => sameId(job.account, account) && sameId(job.id, id)),
    bySecret: (secret) => jobs.find((job) => job.secret === secret && job.endedAt === undefined),
    create(spec) {
      const known = jobs.find((job) => sameId(job.id, spec.id));
      if (known !== undefined) return known;
      const job = create(spec);
      const others =
        clock.now() < virtual.twiceUntil ? [create({ ...spec, id: uuid(`${spec.id} again`) })] : [];
      const startMs = FASTEST_START_MS + random() * (SLOWEST_START_MS - FASTEST_START_MS);
      clock.after(Math.round(startMs), () => [job, ...others].forEach(run));
      return job;
    },
    suspend,
    resume: (job) => resume(job, 0),
    stop(job) {
      lives.get(job)?.kill();
    },
    async close() {
      runbooks.clear();
    },
    killAt(where) {
      traps.push({
        ...where,
        left: where.nth,
        spring(_job, life) {
          note(`killed ${where.when} a request`);
          life.kill();
        },
      });
    },
    suspendAt(where, forMs) {
      traps.push({
        ...where,
        left: where.nth,
        spring(job, life) {
          note(`suspended ${where.when} a request ${forMs === undefined ? 'for ever' : `for ${forMs} ms`}`);
          suspend(job, life);
          if (forMs !== undefined) clock.after(forMs, () => resume(job, forMs));
        },
      });
    },
    readSince: () => Math.min(clock.now(), ...reading.values()),
  };
  return virtual;
}

function isMeant(only: AtRequest['only'], request: HttpRequest): boolean {
  const { method } = request;
  const url = String(request.url);
  switch (only) {
    case 'all':
      return true;
    case 'changes':
      return method !== 'GET';
    case 'memory':
      return method === 'PUT' && url.includes(`/${MEMORY.name}`) && !url.includes('comp=lease');
    case 'decisions':
      return method === 'PUT' && url.includes('/decisions/');
    case 'deletions':
      return method === 'DELETE';
  }
}
