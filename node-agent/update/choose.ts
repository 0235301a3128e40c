import type { AgentFile, UpdateRecord } from './record.ts';

/** So often an agent is started that has not come up here yet. */
export const MOST_STARTS = 3;
/** So often one is started that came up and has never stayed: more than a person who works on the machine starts it. */
export const MOST_YOUNG_STARTS = 5;

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
  const { young } = record;
  const back = (reason: string) =>
    choose(
      { ...record, good: young?.before ?? null, young: null, bad: record.bad ?? { ...good, reason } },
      run,
      isWhole,
    );
  if (!isWhole(good)) return back('its file is damaged');
  if (!run || young === null) return { file: good, onTrial: false, record };
  if (young.starts >= MOST_YOUNG_STARTS)
    return back(`it came up, and ended within minutes of each of its last ${young.starts} starts`);
  return { file: good, onTrial: false, record: { ...record, young: { ...young, starts: young.starts + 1 } } };
}

/** It has come up: from now on it is what this node runs. The one before it is kept until this one has stayed. */
export function proven(record: UpdateRecord): UpdateRecord {
  const { good, trial, young } = record;
  if (trial === null) return record;
  const { sha256, version } = trial;
  // One that has not stayed itself is nothing to go back to.
  const before = young === null ? good : young.before;
  return { ...record, good: { sha256, version }, trial: null, bad: null, young: { before, starts: 0 } };
}

/** It was there for long enough without an end: from now on it is what this node goes back to. */
export function stayed(record: UpdateRecord): UpdateRecord {
  return { ...record, young: null };
}

/** What the operator publishes is tried next; the one that the node was made with needs no try. */
export function tried(record: UpdateRecord, { sha256, version }: AgentFile): UpdateRecord {
  if (sha256 === record.base) return { ...record, good: null, trial: null, bad: null, young: null };
  return { ...record, trial: { sha256, version, starts: 0 }, bad: null };
}
