import type { AgentFile, UpdateRecord } from './record.ts';

/** So often an agent is started that has not come up here yet. */
export const MOST_STARTS = 3;

/** Which agent is to run, undefined is the one that the node was made with; and the record as it is from then on. */
export interface Choice {
  file: AgentFile | undefined;
  onTrial: boolean;
  record: UpdateRecord;
}

/**
 * `run`: this is to be the node's agent, and counts as a try. Other commands go by what has proven itself. `isWhole`: whether
 * the file is there, and is what it should be.
 */
export function choose(record: UpdateRecord, run: boolean, isWhole: (file: AgentFile) => boolean): Choice {
  const { trial, good } = record;
  if (trial !== null && run) {
    const { sha256, version, starts } = trial;
    if (starts < MOST_STARTS && isWhole(trial)) {
      const next = { ...record, trial: { ...trial, starts: starts + 1 } };
      return { file: { sha256, version }, onTrial: true, record: next };
    }
    const reason = starts < MOST_STARTS ? 'its file is damaged' : `it did not come up in ${starts} starts`;
    return choose({ ...record, trial: null, bad: { sha256, version, reason } }, run, isWhole);
  }
  if (good === null) return { file: undefined, onTrial: false, record };
  if (isWhole(good)) return { file: good, onTrial: false, record };
  const bad = { ...good, reason: 'its file is damaged' };
  return { file: undefined, onTrial: false, record: { ...record, good: null, bad: record.bad ?? bad } };
}

/** It has come up: from now on it is what this node runs, and what it goes back to. */
export function proven(record: UpdateRecord): UpdateRecord {
  const { trial } = record;
  if (trial === null) return record;
  const { sha256, version } = trial;
  return { ...record, good: { sha256, version }, trial: null, bad: null };
}

/** What the operator publishes is tried next; the one that the node was made with needs no try. */
export function tried(record: UpdateRecord, { sha256, version }: AgentFile): UpdateRecord {
  if (sha256 === record.base) return { ...record, good: null, trial: null, bad: null };
  return { ...record, trial: { sha256, version, starts: 0 }, bad: null };
}
