import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import * as pulumi from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import type { PaperCloud } from './paper-cloud.ts';
import { createRecorder } from './recorder.ts';
import type { RecordedResource } from './resource.ts';

export interface Application {
  /** Path of the program's entry: stacks/index.ts, or a smaller one in tests. */
  program: string;
  /** Stack config as in Pulumi.<stack>.yaml, keys with their namespace; objects are written as JSON. */
  config: Record<string, string>;
  /** Keys of `config` that are secret. */
  secrets?: string[];
  stack?: string;
}

export interface Recorded {
  /** Every resource of the program. */
  resources: RecordedResource[];
  /** What the program exports. */
  outputs: Record<string, unknown>;
}

/**
 * Applies a Pulumi program to a cloud on paper, whole; rejects with everything that was refused or went wrong on the way.
 * Pulumi's runtime is the process's own: one application at a time.
 */
export async function applyOnPaper(application: Application, cloud: PaperCloud): Promise<Recorded> {
  const { program, config, secrets = [], stack = 'lab' } = application;
  const recorder = createRecorder(cloud, dirname(program));
  pulumi.runtime.setAllConfig(config, secrets);
  await pulumi.runtime.setMocks(recorder.mocks, 'ebbtide', stack, false);

  const { problems, outputs } = await runWatched(program, recorder.refusals);
  const all = [...new Set([...recorder.refusals, ...problems])];
  if (all.length > 0) throw new Error(`the program could not be applied:\n  ${all.join('\n  ')}`);
  return { resources: recorder.resources, outputs };
}

/**
 * `disconnect()` resolves even where a mock or an apply threw: what failed shows as unhandled rejections only. While
 * the program runs they are collected here and nobody else gets to see them.
 */
async function runWatched(program: string, refusals: readonly string[]): Promise<Run> {
  const run: Run = { problems: [], outputs: {} };
  const collect = (reason: unknown) => run.problems.push(describeError(reason));
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', collect);
  const done = new AbortController();
  try {
    await Promise.race([runProgram(program, run.outputs), afterRefusal(refusals, done.signal)]);
    // Rejections are reported a turn after they happen.
    await sleep(10);
  } catch (cause) {
    collect(cause);
  } finally {
    done.abort();
    process.off('unhandledRejection', collect);
    for (const listener of others) process.on('unhandledRejection', listener);
  }
  return run;
}

interface Run {
  problems: string[];
  outputs: Record<string, unknown>;
}

async function runProgram(program: string, outputs: Record<string, unknown>): Promise<void> {
  // A fresh query makes a fresh module: the program runs again, however often it is applied.
  const module: Record<string, unknown> = await import(
    `${pathToFileURL(program)}?application=${randomUUID()}`
  );
  // As Pulumi's own host does: the default export where there is one.
  const exported = module.default ?? module;
  for (const [name, value] of Object.entries(exported)) {
    const output: pulumi.Output<unknown> = pulumi.output<unknown>(value);
    output.apply((resolved) => {
      outputs[name] = resolved;
    });
  }
  await pulumi.runtime.disconnect();
}

/**
 * What waits for a refused resource waits for ever: once something was refused, the rest of the program gets a moment
 * (for more refusals to be told in one go) and no more.
 */
async function afterRefusal(refusals: readonly string[], done: AbortSignal): Promise<void> {
  while (refusals.length === 0 && !done.aborted) await sleep(20);
  if (!done.aborted) await sleep(200);
}
