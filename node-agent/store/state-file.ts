import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { decisionSchema } from '../../fleet/decision.ts';
import { describeError } from '../../fleet/error.ts';
import type { DurableState, StoredState } from '../core/state.ts';

const ms = v.number();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const stateSchema = v.object({
  v: v.literal(1),
  node: v.string(),
  bootedAt: ms,
  phase: v.picklist(['booting', 'serving', 'draining', 'empty', 'leaving']),
  since: ms,
  decision: v.nullable(decisionSchema),
  drainingSince: v.nullable(ms),
  signals: v.array(
    v.object({
      process: v.string(),
      state: v.picklist(['about-to-signal', 'signalled', 'uncertain', 'about-to-cut', 'cut']),
      at: ms,
      revision: v.number(),
      people: count,
    }),
  ),
  ready: v.boolean(),
  lostBefore: v.nullable(v.object({ at: ms, reason: v.string(), checked: v.boolean() })),
  callsCut: count,
  callsLost: count,
  drainsEnded: count,
}) satisfies v.GenericSchema<DurableState>;

/** The agent's memory on disk: written whole and atomically; a copy of a file that does not parse is kept aside. */
export interface StateFile {
  path: string;
  load(): Promise<StoredState>;
  /** Rejects when the state is not on disk for certain. */
  save(state: DurableState): Promise<void>;
}

export function createStateFile(directory: string): StateFile {
  const path = join(directory, 'state.json');

  async function load(): Promise<StoredState> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (cause) {
      if (cause instanceof Error && Reflect.get(cause, 'code') === 'ENOENT') return { kind: 'none' };
      return { kind: 'lost', reason: `${path} cannot be read: ${describeError(cause)}` };
    }
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), stateSchema), text);
    if (parsed.success) return { kind: 'found', state: parsed.output };
    // It stays in place until the next state is written, so that an agent that dies before that finds it lost again.
    const aside = `${path}.corrupt-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
    const problem = `${path} does not hold a state (${v.summarize(parsed.issues)})`;
    try {
      await copyFile(path, aside);
    } catch (cause) {
      return { kind: 'lost', reason: `${problem}, and cannot be kept aside: ${describeError(cause)}` };
    }
    return { kind: 'lost', reason: `${problem}; it is kept as ${aside}` };
  }

  async function save(state: DurableState): Promise<void> {
    const temporary = `${path}.new`;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeThrough(temporary, JSON.stringify(state));
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  }

  return { path, load, save };
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The rename itself is on disk only when the directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
