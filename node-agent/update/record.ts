import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';

const agentFile = v.object({ sha256: v.string(), version: v.string() });
export type AgentFile = v.InferOutput<typeof agentFile>;

/**
 * What has become of the agents that this node was given beside the one that it was made with (`base`, by its sha256: in an
 * image that another machine's came from, the rest says nothing). `good` has come up here. `trial` has not yet: `starts` is
 * how often it was tried. `bad` was given up. `young`: the good one has not stayed yet; how often it was started since it
 * came up, and who was good `before` it.
 */
const recordSchema = v.object({
  v: v.literal(1),
  base: v.string(),
  good: v.nullable(agentFile),
  trial: v.nullable(v.object({ ...agentFile.entries, starts: v.number() })),
  bad: v.nullable(v.object({ ...agentFile.entries, reason: v.string() })),
  young: v.optional(v.nullable(v.object({ before: v.nullable(agentFile), starts: v.number() })), null),
});
export type UpdateRecord = v.InferOutput<typeof recordSchema>;

/** The agents beside the base, each a file that bears its sha256, and what is known of them. */
export interface UpdateFolder {
  recordPath: string;
  read(): UpdateRecord;
  /** Whole or not at all. */
  write(record: UpdateRecord): void;
  pathOf(sha256: string): string;
  /** Takes away what the record does not name, as far as that goes: what is left does no harm. */
  tidy(): void;
}

export function createUpdateFolder(path: string, base: string): UpdateFolder {
  const recordPath = join(path, 'record.json');
  const none: UpdateRecord = { v: 1, base, good: null, trial: null, bad: null, young: null };

  function read(): UpdateRecord {
    let text: string;
    try {
      text = readFileSync(recordPath, 'utf8');
    } catch {
      // Whatever keeps it from being read: the agent that the node was made with is always there.
      return none;
    }
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), recordSchema), text);
    return parsed.success && parsed.output.base === base ? parsed.output : none;
  }

  function write(record: UpdateRecord): void {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    const file = openSync(`${recordPath}.new`, 'w', 0o600);
    try {
      // All of it, or an error: a disk that is nearly full takes a part and says nothing.
      writeFileSync(file, JSON.stringify(record));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${recordPath}.new`, recordPath);
  }

  function tidy(): void {
    const { good, trial, young } = read();
    const before = young === null ? null : young.before;
    const kept = [
      'record.json',
      ...[good, trial, before].flatMap((file) => (file === null ? [] : [`${file.sha256}.cjs`])),
    ];
    try {
      for (const name of readdirSync(path))
        if (!kept.includes(name)) rmSync(join(path, name), { force: true, recursive: true });
    } catch {
      // What was written is written: that what is old cannot be taken away is no reason not to go by it.
    }
  }

  return { recordPath, read, write, pathOf: (sha256) => join(path, `${sha256}.cjs`), tidy };
}
