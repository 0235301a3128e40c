import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describeError } from '../../../fleet/error.ts';
import type { Happening } from '../../cloud/events.ts';
import type { Faults } from '../../cloud/faults.ts';
import { type Sandbox, startSandbox } from '../../cloud/sandbox.ts';
import { unpack } from '../../cloud/unpack.ts';
import type { OceanFaulty } from '../faults.ts';
import { type Action, type Namespace, nameOf } from '../functions-api/model.ts';
import { filesOf } from './code.ts';
import type { Throttle } from './throttle.ts';

/** How an activation ended. */
export type Activation =
  | { kind: 'answered'; answer: unknown }
  | { kind: 'failed'; problem: string }
  /** It never began. */
  | { kind: 'throttled'; problem: string };

export interface Activations {
  /** `said`: what comes with the call. Never rejects. */
  invoke(
    namespace: Namespace,
    action: Action,
    said: Record<string, unknown>,
    by: string,
  ): Promise<Activation>;
  /** Loads it, so that its first activation finds it warm. */
  warm(namespace: Namespace, action: Action): Promise<void>;
  close(): Promise<void>;
}

export interface ActivationsOptions {
  faults: Pick<Faults<OceanFaulty>, 'take'>;
  /** Where DigitalOcean is for what runs in this twin. */
  environment(): Record<string, string>;
  /** Parameters as a person has changed them for a while. */
  parametersOf(action: Action): Record<string, unknown>;
  emit(happening: Happening): void;
  throttle: Throttle;
}

/** One version of one action: its containers, each for one activation at a time. */
interface Kept {
  version: string;
  directory: Promise<string>;
  containers: Promise<Sandbox>[];
}

const RUNTIME = fileURLToPath(new URL('runtime.mjs', import.meta.url));

/** The real bundles, in containers of their own. */
export function createActivations({
  faults,
  environment,
  parametersOf,
  emit,
  throttle,
}: ActivationsOptions): Activations {
  const kept = new Map<string, Kept>();
  const dropping = new Set<Promise<void>>();
  const active = new Set<Promise<Activation>>();
  let open = true;

  function keptOf(namespace: Namespace, action: Action): Kept {
    const key = `${namespace.id}/${nameOf(action)}`;
    const known = kept.get(key);
    // Another version of the same code may have other limits: what runs answers to its end, and is gone then.
    if (known?.version === action.version) return known;
    if (known !== undefined) drop(known);
    const fresh: Kept = {
      version: action.version,
      directory: unpack(action.name, filesOf(action)),
      containers: [],
    };
    kept.set(key, fresh);
    return fresh;
  }

  function drop({ containers, directory }: Kept): void {
    const gone = (async () => {
      for (const starting of containers) {
        const container = await starting.catch(() => undefined);
        await container?.idle();
        container?.kill();
        await container?.gone;
      }
      await rm(await directory, { recursive: true, force: true });
    })();
    dropping.add(gone);
    void gone.finally(() => dropping.delete(gone));
  }

  async function containerFor(namespace: Namespace, action: Action): Promise<Sandbox> {
    const { containers, directory } = keptOf(namespace, action);
    for (const starting of containers) {
      const container = await starting;
      if (!container.busy) {
        container.busy = true;
        return container;
      }
    }
    const starting = start(namespace, action, directory);
    containers.push(starting);
    const forget = () => {
      const at = containers.indexOf(starting);
      if (at >= 0) containers.splice(at, 1);
    };
    starting.then(({ gone }) => gone.then(forget), forget);
    const container = await starting;
    container.busy = true;
    return container;
  }

  async function start(namespace: Namespace, action: Action, directory: Promise<string>): Promise<Sandbox> {
    const { exec, limits, version } = action;
    return startSandbox({
      runtime: RUNTIME,
      directory: await directory,
      handler: exec.main ?? 'main',
      memoryMb: limits.memory,
      environment: {
        PATH: process.env.PATH ?? '',
        TZ: 'UTC',
        __OW_ACTION_NAME: `/${namespace.id}/${nameOf(action)}`,
        __OW_ACTION_VERSION: version,
        __OW_NAMESPACE: namespace.id,
        ...environment(),
      },
      onLine: (line) => emit({ kind: 'function-log', function: nameOf(action), line }),
    });
  }

  async function carryOut(
    namespace: Namespace,
    action: Action,
    said: Record<string, unknown>,
    by: string,
  ): Promise<Activation> {
    const name = nameOf(action);
    const begun = performance.now();
    const tookMs = () => Math.round(performance.now() - begun);
    const failed = (problem: string): Activation => {
      if (open) emit({ kind: 'invocation-failed', function: name, event: by, problem, tookMs: tookMs() });
      return { kind: 'failed', problem };
    };
    const fault = faults.take({ service: 'function', action: name });
    if (fault !== undefined) return failed(`told to: ${fault}`);
    try {
      const container = await containerFor(namespace, action);
      const isFinal = action.annotations.some(({ key, value }) => key === 'final' && value === true);
      const own = parametersOf(action);
      const event = isFinal ? { ...said, ...own } : { ...own, ...said };
      const answer = await container.run(event, action.limits.timeout);
      const status: unknown = Reflect.get(Object(answer), 'statusCode');
      if (typeof status === 'number' && status >= 400) {
        failed(`it answered ${status}: ${JSON.stringify(Reflect.get(Object(answer), 'body')).slice(0, 500)}`);
      } else emit({ kind: 'invoked', function: name, event: by, answer, tookMs: tookMs() });
      return { kind: 'answered', answer };
    } catch (cause) {
      return failed(describeError(cause));
    }
  }

  return {
    async invoke(namespace, action, said, by) {
      const problem = throttle.begin(namespace.id);
      if (problem !== undefined) {
        emit({ kind: 'invocation-failed', function: nameOf(action), event: by, problem, tookMs: 0 });
        return { kind: 'throttled', problem };
      }
      const run = carryOut(namespace, action, said, by);
      active.add(run);
      void run.finally(() => {
        active.delete(run);
        throttle.end(namespace.id);
      });
      return run;
    },
    async warm(namespace, action) {
      const container = await containerFor(namespace, action);
      container.busy = false;
    },
    async close() {
      open = false;
      for (const { containers } of kept.values())
        for (const starting of containers) (await starting.catch(() => undefined))?.kill();
      await Promise.allSettled(active);
      for (const each of kept.values()) drop(each);
      kept.clear();
      await Promise.allSettled(dropping);
    },
  };
}
