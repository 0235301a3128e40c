import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../fleet/error.ts';
import type { WantedContainer } from '../../fleet/wanted-container.ts';
import { FinalError, type RetrySettings, retry } from '../boot/retry.ts';
import type { Log } from '../ports.ts';
import { type DockerEngine, EngineError } from '../runtime/docker-engine.ts';
import { readAccount } from './account.ts';
import { type ContainerDefinition, containerDefinition, nextStep } from './definition.ts';

export interface CreateMediaOptions {
  wanted: WantedContainer;
  engine: DockerEngine;
  log: Log;
  retry: RetrySettings;
}

/** An image has some 100 MB, over a new machine's network. */
const PULL_TIMEOUT_MS = 600_000;

/**
 * Sees to it that the media server's container is there and runs, unless it was drained. Safe to repeat. Rejects where
 * that cannot be done: the engine may still come up, and a registry may be slow, so both are given time.
 */
export async function createMedia({
  wanted,
  engine,
  log,
  retry: patience,
}: CreateMediaOptions): Promise<void> {
  const definition = containerDefinition(wanted, await readAccount(wanted.accounts, wanted.user));
  await retry(
    patience,
    () => step(wanted, definition, engine, log),
    (cause, waitMs) =>
      log('warn', 'container-retries', { container: wanted.name, problem: describeError(cause), waitMs }),
  );
}

async function step(
  { name, image }: WantedContainer,
  definition: ContainerDefinition,
  engine: DockerEngine,
  log: Log,
): Promise<void> {
  const { kind, why } = nextStep(await engine.inspect(name), definition);
  switch (kind) {
    case 'leave':
      return log('info', 'container-left', { container: name, why });
    case 'refuse':
      throw new FinalError(`the container ${name} cannot be made: ${why}`);
    case 'create':
      if (!(await engine.hasImage(image))) await pull(image, engine, log);
      await engine.create(name, definition);
      log('info', 'container-created', { container: name, image });
      break;
    case 'start':
      break;
  }
  await engine.start(name);
  log('info', 'container-started', { container: name, why });
}

async function pull(image: string, engine: DockerEngine, log: Log): Promise<void> {
  log('info', 'image-is-fetched', { image });
  try {
    await engine.pull(image, PULL_TIMEOUT_MS);
  } catch (cause) {
    if (cause instanceof EngineError && cause.status === 404) {
      throw new FinalError(`there is no image ${image}, or its registry asks for a login`, { cause });
    }
    throw cause;
  }
}

/** Resolves when the container has ended, or is gone. While the engine does not tell, it may have calls. */
export async function awaitMedia(
  { name }: WantedContainer,
  engine: DockerEngine,
  log: Log,
  everyMs: number,
): Promise<void> {
  let last: string | undefined;
  while (true) {
    const news = await engine.inspect(name).then(
      (found) => (found?.State.Running ? 'it runs' : undefined),
      (cause: unknown) => describeError(cause),
    );
    if (news === undefined) return log('info', 'container-ended', { container: name });
    if (news !== last) log('info', 'container-is-awaited', { container: name, why: news });
    last = news;
    await sleep(everyMs);
  }
}
