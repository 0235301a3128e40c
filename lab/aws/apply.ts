import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import * as pulumi from '@pulumi/pulumi';
import { describeError } from '../../fleet/error.ts';
import type { ExistingNetwork } from './data-sources.ts';
import { ACCOUNT, type Place } from './identifiers.ts';
import { createRecorder, type RecordedResource } from './mocks.ts';
import type { AwsModel } from './model.ts';
import { readModel } from './read-model.ts';

export interface Application {
  /** Path of the program's entry: stacks/index.ts, or a smaller one in tests. */
  program: string;
  /** Stack config as in Pulumi.<stack>.yaml, keys with their namespace; objects are written as JSON. */
  config: Record<string, string>;
  /** Keys of `config` that are secret. */
  secrets?: string[];
  stack?: string;
  /** Networks that are there before the program. */
  existing?: ExistingNetwork[];
}

export interface Applied {
  model: AwsModel;
  /** Every resource of the program, as recorded. */
  resources: RecordedResource[];
  /** What the program exports. */
  outputs: Record<string, unknown>;
}

/**
 * Applies a Pulumi program to a twin AWS, whole; rejects with everything that was refused or went wrong on the way.
 * Pulumi's runtime is the process's own: one application at a time.
 */
export async function applyProgram(application: Application): Promise<Applied> {
  const { program, config, secrets = [], stack = 'lab', existing = [] } = application;
  const region = config['aws:region'];
  if (region === undefined) throw new Error('aws:region is not set: the twin must know where it is');
  const place: Place = { account: ACCOUNT, region, partition: 'aws' };
  const recorder = createRecorder({ place, directory: dirname(program), existing });
  pulumi.runtime.setAllConfig(config, secrets);
  await pulumi.runtime.setMocks(recorder.mocks, 'ebbtide', stack, false);

  const { problems, outputs } = await runWatched(program, recorder.refusals);
  const all = [...new Set([...recorder.refusals, ...problems])];
  if (all.length > 0) throw new Error(`the program could not be applied:\n  ${all.join('\n  ')}`);
  return { model: readModel(recorder.resources, place, existing), resources: recorder.resources, outputs };
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
  const exported: Record<string, unknown> = await import(
    `${pathToFileURL(program)}?application=${randomUUID()}`
  );
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
