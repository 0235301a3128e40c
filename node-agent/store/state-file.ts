import { createHash } from 'node:crypto';
import * as realFiles from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { decisionSchema } from '../../fleet/decision.ts';
import { describeError } from '../../fleet/error.ts';
import { leavingMark } from '../../fleet/leaving-mark.ts';
import type { DurableState, StoredState } from '../core/state.ts';
import { NO_TALLY } from '../core/tally.ts';
import { leavesForGood } from './leaves-for-good.ts';
import { carriedOver, type Moment } from './moment.ts';

const ms = v.number();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const tallySchema = v.object({
  drainsBegun: count,
  drainsEmptied: count,
  drainsInTime: count,
  drainMs: ms,
  giveBackMs: ms,
  jobsLost: v.object({ egress: count, ingress: count, agents: count }),
});

const stateSchema = v.object({
  v: v.literal(1),
  node: v.string(),
  bootedAt: ms,
  phase: v.picklist(['booting', 'serving', 'draining', 'empty', 'leaving']),
  since: ms,
  decision: v.nullable(decisionSchema),
  drainingSince: v.nullable(ms),
  /** These and `tally` are not in files of an earlier agent. */
  signalledAt: v.optional(v.nullable(ms), null),
  emptiedAt: v.optional(v.nullable(ms), null),
  signals: v.array(
    v.object({
      process: v.string(),
      state: v.picklist(['about-to-signal', 'signalled', 'uncertain', 'about-to-cut', 'cut']),
      at: ms,
      revision: v.number(),
      people: count,
    }),
  ),
  /** Files of an earlier agent do not have it. */
  lives: v.optional(v.array(v.string()), []),
  ready: v.boolean(),
  lostBefore: v.nullable(v.object({ at: ms, reason: v.string(), checked: v.boolean() })),
  callsCut: count,
  callsLost: count,
  /** Files of an earlier agent do not have them. */
  cutAt: v.optional(v.nullable(ms), null),
  lostAt: v.optional(v.nullable(ms), null),
  drainsEnded: count,
  tally: v.optional(tallySchema, NO_TALLY),
}) satisfies v.GenericSchema<unknown, DurableState>;

/** `written`: when, by both clocks; files of an earlier agent do not have it. */
const fileSchema = v.object({
  ...stateSchema.entries,
  written: v.optional(v.object({ at: ms, boot: v.optional(v.string()), upMs: v.number() })),
});

/** The agent's memory on disk: written whole and atomically; a copy of a file that does not parse is kept aside. */
export interface StateFile {
  path: string;
  load(): Promise<StoredState>;
  /** Rejects when the state is not on disk for certain. */
  save(state: DurableState): Promise<void>;
}

/** As much of a file system as a state file needs: Node's own, or what stands in for a disk. */
export interface Files {
  readFile(path: string, encoding: 'utf8'): Promise<string>;
  copyFile(from: string, to: string): Promise<void>;
  mkdir(path: string, options: { recursive: true; mode: number }): Promise<unknown>;
  open(path: string, flags: 'r' | 'w', mode?: number): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: true }): Promise<void>;
}

export interface OpenFile {
  writeFile(text: string): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export function createStateFile(
  directory: string,
  moment: () => Moment,
  files: Files = realFiles,
): StateFile {
  const path = join(directory, 'state.json');
  /** What the mark was last set to by us; before that, nobody knows. */
  let marked: boolean | undefined;

  async function load(): Promise<StoredState> {
    let text: string;
    try {
      text = await files.readFile(path, 'utf8');
    } catch (cause) {
      if (cause instanceof Error && Reflect.get(cause, 'code') === 'ENOENT') return { kind: 'none' };
      return { kind: 'lost', reason: `${path} cannot be read: ${describeError(cause)}` };
    }
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), fileSchema), text);
    if (parsed.success) {
      const { written, ...state } = parsed.output;
      return { kind: 'found', state: carriedOver(state, written, moment()) };
    }
    // It stays in place until the next state is written, so that an agent that dies before that finds it lost again.
    const aside = `${path}.corrupt-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
    const problem = `${path} does not hold a state (${v.summarize(parsed.issues)})`;
    try {
      await files.copyFile(path, aside);
    } catch (cause) {
      return { kind: 'lost', reason: `${problem}, and cannot be kept aside: ${describeError(cause)}` };
    }
    return { kind: 'lost', reason: `${problem}; it is kept as ${aside}` };
  }

  async function save(state: DurableState): Promise<void> {
    const temporary = `${path}.new`;
    await files.mkdir(directory, { recursive: true, mode: 0o700 });
    await writeThrough(files, temporary, JSON.stringify({ ...state, written: moment() }));
    await files.rename(temporary, path);
    const leaves = leavesForGood(state);
    if (leaves !== marked) await setMark(state.node, leaves);
    await syncDirectory(files, dirname(path));
    marked = leaves;
  }

  /** Says the same as the state, to those who cannot read it: on disk with it, so before any signal and any "empty". */
  async function setMark(node: string, leaves: boolean): Promise<void> {
    const mark = join(directory, leavingMark(node));
    if (leaves) await writeThrough(files, mark, '');
    else await files.rm(mark, { force: true });
  }

  return { path, load, save };
}

async function writeThrough(files: Files, path: string, text: string): Promise<void> {
  const file = await files.open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The rename itself is on disk only when the directory is. */
async function syncDirectory(files: Files, path: string): Promise<void> {
  const directory = await files.open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
