import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { type WantedContainer, wantedContainerSchema } from '../../fleet/wanted-container.ts';
import type { RetrySettings } from '../boot/retry.ts';
import { createLog } from '../log.ts';
import { createDockerEngine } from '../runtime/docker-engine.ts';
import { awaitMedia, createMedia } from './create-media.ts';

const ENGINE_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
const PATIENCE: RetrySettings = { firstMs: 1_000, longestMs: 15_000, forMs: 600_000 };

/** The composition root of `ebbtide-agent create-media`. */
export async function runCreateMedia(definitionPath: string): Promise<void> {
  const wanted = await readDefinition(definitionPath);
  const engine = createDockerEngine({ socketPath: wanted.socketPath, timeoutMs: ENGINE_TIMEOUT_MS });
  await createMedia({ wanted, engine, log: createLog(), retry: PATIENCE });
}

/** The composition root of `ebbtide-agent await-media`. */
export async function runAwaitMedia(definitionPath: string): Promise<void> {
  const wanted = await readDefinition(definitionPath);
  const engine = createDockerEngine({ socketPath: wanted.socketPath, timeoutMs: ENGINE_TIMEOUT_MS });
  await awaitMedia(wanted, engine, createLog(), LOOK_EVERY_MS);
}

async function readDefinition(path: string): Promise<WantedContainer> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`the definition ${path} cannot be read`, { cause });
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), wantedContainerSchema), text);
  if (parsed.success) return parsed.output;
  throw new Error(`the definition ${path} is wrong: ${v.summarize(parsed.issues)}`);
}
