import { join } from 'node:path';
import * as v from 'valibot';
import type { Clock } from '../../../fleet/clock.ts';
import { HttpError, type HttpRequest, type HttpResponse, type SendHttp } from '../../../fleet/http.ts';
import { azureRunbook } from '../../../stacks/bundle.ts';
import { type Python, startPython } from './python.ts';

const SANDBOX = join(import.meta.dirname, 'sandbox.py');

const requestSchema = v.object({
  method: v.picklist(['GET', 'PUT', 'POST', 'DELETE']),
  url: v.string(),
  headers: v.record(v.string(), v.string()),
  body: v.nullable(v.string()),
  timeoutMs: v.number(),
});
/** What a job waits for, and what it has written until then. */
const waitingSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    lines: v.array(v.string()),
    request: v.optional(requestSchema),
    sleepMs: v.optional(v.number()),
    ended: v.optional(v.object({ code: v.nullable(v.number()), problem: v.nullable(v.string()) })),
  }),
);

type Told =
  | { start: { arguments: string[]; environment: Record<string, string>; seed: number } }
  | { reply: Pick<HttpResponse, 'status' | 'headers'> & { body: string } }
  | { failure: string; isTimeout: boolean }
  | { kill: true }
  | Record<string, never>;

/** `fell`: by something that it does not expect, as no program should. */
export type RunbookEnd =
  | { kind: 'exited'; code: number }
  | { kind: 'killed' }
  | { kind: 'fell'; problem: string };

/** One run of the real runbook, in Python, whose time and network are the world's. */
export interface RunbookLife {
  kill(): void;
  /** It moves no more until it may; what it hears meanwhile it hears then. */
  suspend(): void;
  resume(): void;
}

export interface RunbookLifeOptions {
  arguments: string[];
  environment: Record<string, string>;
  seed: number;
  clock: Clock;
  send: SendHttp;
  write(line: string): void;
  ended(how: RunbookEnd): void;
  /** Called before and after every request that it makes: then it may be killed, or suspended. */
  at(when: 'before' | 'after', request: HttpRequest): void;
}

/** Where runbooks run: one program in Python for all, which begins with the first of them. */
export interface Runbooks {
  /** Those of an earlier world are gone then. */
  clear(): void;
  start(options: RunbookLifeOptions): RunbookLife;
}

export function createRunbooks(): Runbooks {
  let python: Python | undefined;
  let count = 0;
  const alive = new Set<RunbookLife>();

  function ask(job: number, now: number, told: Told): v.InferOutput<typeof waitingSchema> {
    // The first word that it hears is what it is to run.
    const first = python === undefined ? { runbook: azureRunbook().code } : {};
    python ??= startPython(SANDBOX);
    return v.parse(waitingSchema, python.ask(JSON.stringify({ job, now, ...first, ...told })));
  }

  return {
    clear() {
      for (const life of alive) life.kill();
    },
    start({ clock, send, write, ended, at, ...options }) {
      count += 1;
      const job = count;
      const held = new Set<() => void>();
      let isAlive = true;
      let isSuspended = false;

      /** Resolves once it may move; never, if it does not live to see that. */
      async function allowed(): Promise<void> {
        if (isSuspended || !isAlive) await new Promise<void>((resolve) => held.add(resolve));
      }

      function goOn(told: Told): void {
        const { lines, request, sleepMs, ended: end } = ask(job, clock.now(), told);
        for (const line of lines) write(line);
        if (request !== undefined) void carryOut(request);
        else if (sleepMs !== undefined) clock.after(sleepMs, () => void allowed().then(() => goOn({})));
        else if (end !== undefined) finish(end);
      }

      function finish({ code, problem }: { code: number | null; problem: string | null }): void {
        isAlive = false;
        alive.delete(life);
        ended(code === null ? { kind: 'fell', problem: String(problem) } : { kind: 'exited', code });
      }

      async function carryOut({ body, ...rest }: v.InferOutput<typeof requestSchema>): Promise<void> {
        const request: HttpRequest = { ...rest, ...(body !== null && { body }) };
        at('before', request);
        await allowed();
        const told = await answerTo(request);
        await allowed();
        at('after', request);
        await allowed();
        goOn(told);
      }

      async function answerTo(request: HttpRequest): Promise<Told> {
        try {
          const { status, headers, body } = await send(request);
          return { reply: { status, headers, body: body.toString() } };
        } catch (cause) {
          if (!(cause instanceof HttpError)) throw cause;
          return { failure: cause.message, isTimeout: cause.timedOut };
        }
      }

      const life: RunbookLife = {
        kill() {
          if (!isAlive) return;
          isAlive = false;
          alive.delete(life);
          ask(job, clock.now(), { kill: true });
          ended({ kind: 'killed' });
        },
        suspend() {
          isSuspended = true;
        },
        resume() {
          if (!isSuspended || !isAlive) return;
          isSuspended = false;
          for (const go of held) go();
          held.clear();
        },
      };
      alive.add(life);
      goOn({ start: options });
      return life;
    },
  };
}
