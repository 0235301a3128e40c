import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../../fleet/error.ts';
import { HttpError, sendHttp } from '../../../fleet/http.ts';
import type { Changes } from '../../cloud/changes.ts';
import type { Happening, Refusal } from '../../cloud/events.ts';
import { type HttpReply, serve } from '../../cloud/http-front.ts';
import type { Listener } from '../../cloud/listener.ts';
import { unpack } from '../../cloud/unpack.ts';
import type { RawRequest } from '../../raw-request.ts';
import type { Faults } from '../faults.ts';
import { createMetadataServer, type MetadataServer } from '../metadata/server.ts';
import { functionSource, type SourceOptions } from '../metadata/sources.ts';
import type { FunctionModel } from '../model.ts';
import { whyNot } from './admission.ts';
import { type FunctionInstance, startFunctionInstance } from './instance.ts';

export interface Functions {
  /** Answers as the function's address does; undefined where there is no function of that URL. */
  receive(url: string, request: RawRequest): Promise<HttpReply> | undefined;
  /** Opens their addresses and loads every function, so that the first request finds it warm. */
  open(): Promise<void>;
  /** Another code or configuration: what runs answers to its end, and the next request finds the new one. */
  provision(changes: Changes<FunctionModel>): Promise<void>;
  close(): Promise<void>;
}

export interface FunctionsOptions extends SourceOptions {
  faults: Faults;
  /** Where Google's services are for who runs in this twin. */
  environment(): Record<string, string>;
  emit(happening: Happening): void;
  refuse(refusal: Refusal): void;
}

/** A request that finds the one instance full waits so long, then Cloud Run turns it away. */
const WAITS_MS = 10_000;
const METHODS = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'] as const;

interface Running {
  fn: FunctionModel;
  listener: Listener;
  metadata: MetadataServer;
  directory: Promise<string>;
  instance: Promise<FunctionInstance> | undefined;
  /** Those that it answers now. */
  active: Set<Promise<unknown>>;
}

/** Cloud Run with functions: the real bundles under Google's own Functions Framework, one process for each. */
export function createFunctions(options: FunctionsOptions): Functions {
  const { model, emit, faults, principals } = options;
  const running = new Map<string, Running>();
  let isOpen = false;

  async function add(fn: FunctionModel): Promise<void> {
    if (fn.maxInstances !== 1) {
      throw new Error(`the twin runs functions of one instance; ${fn.name} may have ${fn.maxInstances}`);
    }
    const metadata = await createMetadataServer(functionSource(fn, options), faults);
    const trouble = (problem: string) => emit({ kind: 'trouble', problem });
    const port = Number(new URL(fn.url).port);
    const listener = await serve((request) => answer(entry, request), trouble, port);
    const directory = unpack(fn.name, fn.files);
    const entry: Running = {
      fn,
      listener,
      metadata,
      directory,
      instance: undefined,
      active: new Set(),
    };
    running.set(fn.name, entry);
    await instanceOf(entry);
  }

  async function remove(name: string): Promise<void> {
    const entry = running.get(name);
    if (entry === undefined) return;
    running.delete(name);
    await entry.listener.close();
    await Promise.allSettled(entry.active);
    const instance = await entry.instance?.catch(() => undefined);
    instance?.kill();
    await instance?.gone;
    await entry.metadata.close();
    await rm(await entry.directory, { recursive: true, force: true });
  }

  function instanceOf(entry: Running): Promise<FunctionInstance> {
    entry.instance ??= start(entry).then((instance) => {
      void instance.gone.then(() => {
        entry.instance = undefined;
      });
      return instance;
    });
    return entry.instance;
  }

  async function start({ fn, directory, metadata }: Running): Promise<FunctionInstance> {
    return startFunctionInstance({
      directory: await directory,
      environment: {
        PATH: process.env.PATH ?? '',
        TZ: 'UTC',
        NODE_ENV: 'production',
        K_SERVICE: fn.name,
        K_REVISION: `${fn.name}-00001-abc`,
        K_CONFIGURATION: fn.name,
        FUNCTION_TARGET: fn.entryPoint,
        FUNCTION_SIGNATURE_TYPE: 'http',
        GCE_METADATA_HOST: metadata.host,
        ...options.environment(),
        ...fn.environment,
      },
      onLine: (line) => emit({ kind: 'function-log', function: fn.name, line }),
    });
  }

  async function answer(entry: Running, request: RawRequest): Promise<HttpReply> {
    const { fn } = entry;
    const refused = whyNot(fn, request, { model: model(), principals });
    if (refused !== undefined) {
      const { status, ...refusal } = refused;
      options.refuse(refusal);
      return plain(status, status === 401 ? 'Unauthorized' : 'Forbidden');
    }
    const fault = faults.take({ service: 'run', action: fn.name });
    if (fault === 'throttle') return plain(429, 'Rate exceeded.');
    const until = performance.now() + WAITS_MS;
    while (entry.active.size >= fn.concurrency) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) return plain(429, 'Rate exceeded.');
      await Promise.race([...entry.active, sleep(leftMs)]);
    }
    const run =
      fault === undefined ? carryOut(entry, request) : Promise.resolve(failed(fn, `told to: ${fault}`));
    entry.active.add(run);
    return run.finally(() => entry.active.delete(run));
  }

  async function carryOut(entry: Running, request: RawRequest): Promise<HttpReply> {
    const { fn } = entry;
    const begun = performance.now();
    const method = METHODS.find((each) => each === request.method);
    if (method === undefined) return plain(405, 'Method Not Allowed');
    try {
      const instance = await instanceOf(entry);
      const {
        status,
        headers: told,
        body,
      } = await sendHttp({
        method,
        url: `${instance.url}${request.target}`,
        headers: onwards(request.headers),
        ...(request.body.length === 0 ? {} : { body: request.body.toString('utf8') }),
        timeoutMs: fn.timeoutMs,
      });
      const tookMs = Math.round(performance.now() - begun);
      const text = body.toString('utf8');
      if (status >= 400) return failed(fn, `HTTP ${status}: ${text.slice(0, 500)}`, request, tookMs, status);
      emit({ kind: 'invoked', function: fn.name, event: request.target, answer: jsonOr(text), tookMs });
      return { status, headers: { 'content-type': String(told['content-type'] ?? 'text/plain') }, body };
    } catch (cause) {
      const tookMs = Math.round(performance.now() - begun);
      if (cause instanceof HttpError && cause.timedOut) {
        // Cloud Run ends an instance that does not answer in time.
        (await entry.instance)?.kill();
        return failed(fn, `no answer within ${fn.timeoutMs} ms`, request, tookMs, 504);
      }
      return failed(fn, describeError(cause), request, tookMs);
    }
  }

  function failed(
    fn: FunctionModel,
    problem: string,
    request?: RawRequest,
    tookMs = 0,
    status = 500,
  ): HttpReply {
    if (isOpen)
      emit({ kind: 'invocation-failed', function: fn.name, event: request?.target ?? '/', problem, tookMs });
    return plain(status, 'Internal Server Error');
  }

  return {
    receive(url, request) {
      const entry = [...running.values()].find(
        ({ fn }) => url === fn.url || url.startsWith(`${fn.url}/`) || url.startsWith(`${fn.url}?`),
      );
      return entry && answer(entry, request);
    },
    async open() {
      isOpen = true;
      await Promise.all(model().functions.map(add));
    },
    async provision({ added, changed, removed }) {
      if (!isOpen) return;
      for (const { name } of [...removed, ...changed.map(({ before }) => before)]) await remove(name);
      for (const fn of [...added, ...changed.map(({ after }) => after)]) await add(fn);
    },
    async close() {
      isOpen = false;
      await Promise.all([...running.keys()].map(remove));
    },
  };
}

/** What of a request's headers is not for the way here only. */
function onwards(headers: RawRequest['headers']): Record<string, string> {
  const { authorization: _token, 'content-length': _length, ...others } = headers;
  return Object.fromEntries(
    Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function plain(status: number, body: string): HttpReply {
  return { status, headers: { 'content-type': 'text/plain' }, body };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
