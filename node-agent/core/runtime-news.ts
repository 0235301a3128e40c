import { afterRuntime } from './absence.ts';
import type { Effect } from './effect.ts';
import { DOUBT_KEPT_MS } from './settings.ts';
import type {
  AgentState,
  MediaProcess,
  RuntimeReading,
  SignalRecord,
  WatchedLife,
  WorkReading,
} from './state.ts';
import { known, log, remember, type Step } from './step.ts';
import { jobsNow, peopleNow, recordOf } from './work.ts';

/** What is seen of the media processes: lives that ended, lives that began, and what an earlier agent may have done to them. */
export function observeRuntime(state: AgentState, reading: RuntimeReading, at: number): Step {
  const before = state.observed.lives ?? [];
  const workBefore: WorkReading = state.observed.work ?? { kind: 'unknown', reason: 'it was never read' };
  if (reading.kind === 'unknown') {
    // The last answer is kept for nothing: an unanswered question never counts as an answer.
    const unknown = { absentSince: null, downSince: null, zeroSince: null };
    return known(state, { runtime: reading, runtimeAt: at, ...unknown });
  }
  const { running, willStart } = reading;
  const absent = running.length === 0 && willStart.length === 0;
  const down = willStart.length === 0 && !running.some(({ carries }) => carries === 'calls');
  const begun = running.some(({ id }) => !before.some(({ process }) => process.id === id));
  let next = known(state, {
    runtime: reading,
    runtimeAt: at,
    lives: running.map((process) => watch(state, process, at)),
    absentSince: absent ? (state.observed.absentSince ?? at) : null,
    downSince: down ? (state.observed.downSince ?? at) : null,
    calls: afterRuntime(state.observed.calls, running),
    // What was read before a life began says nothing of that life.
    ...(begun ? { zeroSince: null, work: null } : {}),
  }).state;
  const effects: Effect[] = [];
  for (const { process: gone } of before) {
    if (running.some(({ id }) => id === gone.id)) continue;
    const record = recordOf(state, gone);
    const exit = reading.exits?.find(({ name }) => name === gone.name);
    const runsAgain = running.some(({ name }) => name === gone.name);
    // What comes back by itself has failed: after a clean end it would stay away. A unit that is not at rest yet, and does
    // not tell how its process ended, has only just ended.
    const replaced = runsAgain || (willStart.includes(gone.name) && exit !== undefined);
    const clean = replaced ? false : (exit?.clean ?? null);
    const how = exit?.text ?? 'it is not known how';
    effects.push(
      log('info', 'media-exited', {
        process: gone.id,
        clean,
        how,
        signal: record?.state ?? 'none',
        // Who drains ends with nobody on; but whoever was seen a moment ago may have left since, or been cut by somebody.
        peopleBefore: peopleNow(workBefore) ?? 'unknown',
      }),
    );
    const ours = record?.state === 'cut' || record?.state === 'about-to-cut';
    // Nobody but us should tell it to end: an end that we did not ask for is a loss, however clean it looks.
    const crashed = clean === false || record === undefined;
    if (!crashed || ours) continue;
    // People are on what carries calls, and on nothing else: another process takes only its own jobs with it.
    const lost = gone.carries === 'calls' ? peopleNow(workBefore) : jobsNow(workBefore, gone.carries);
    if (lost === 0) continue;
    if (gone.carries === 'calls') {
      next = remember(next, { callsLost: next.durable.callsLost + (lost ?? 0), lostAt: at });
      effects.push(log('error', 'calls-lost', { process: gone.id, people: lost ?? 'unknown', how }));
    } else {
      const { tally } = next.durable;
      const jobsLost = { ...tally.jobsLost, [gone.carries]: tally.jobsLost[gone.carries] + (lost ?? 0) };
      next = remember(next, { tally: { ...tally, jobsLost } });
      const fields = { process: gone.id, kind: gone.carries, atMost: lost ?? 'unknown', how };
      effects.push(log('error', 'jobs-lost', fields));
    }
  }
  return { state: noteLives(forgetGone(distrust(next, running, at), running), running), effects };
}

/** Also those that were never signalled: an agent that starts again must find them, renamed or not. */
function noteLives(state: AgentState, running: MediaProcess[]): AgentState {
  const lives = running.map(({ id }) => id).sort();
  return lives.join() === state.durable.lives.join() ? state : remember(state, { lives });
}

/** A life that was there before us is as old as it says; the age of one that came later we know ourselves. */
function watch({ observed }: AgentState, process: MediaProcess, at: number): WatchedLife {
  const known = observed.lives?.find((life) => life.process.id === process.id);
  const since = observed.lives === null ? Math.min(process.startedAt, at) : at;
  return { process, since: known?.since ?? since, toldSince: known?.toldSince ?? null };
}

/**
 * After a lost state, whatever runs at the first look may have been signalled already. When it began tells nothing: that is
 * said by a clock that may have been set since.
 */
function distrust(state: AgentState, running: MediaProcess[], at: number): AgentState {
  const { lostBefore, signals } = state.durable;
  if (lostBefore === null) return state;
  if (lostBefore.checked) {
    // What was lost is told of for a while, and until no doubt is left.
    const settled =
      at - lostBefore.at >= DOUBT_KEPT_MS && !signals.some((record) => record.state === 'uncertain');
    return settled ? remember(state, { lostBefore: null }) : state;
  }
  const suspects = running.filter((process) => !signals.some((record) => record.process === process.id));
  const revision = state.observed.revision + 1;
  const records = suspects.map(
    ({ id }): SignalRecord => ({
      process: id,
      state: 'uncertain',
      at,
      revision,
      people: 0,
    }),
  );
  return remember(state, { lostBefore: { ...lostBefore, checked: true }, signals: [...signals, ...records] });
}

/** A life that has ended never comes back: its record is of no more use, but for those whom we cut. */
function forgetGone(state: AgentState, running: MediaProcess[]): AgentState {
  const { signals, callsCut } = state.durable;
  const gone = signals.filter(({ process }) => !running.some(({ id }) => id === process));
  if (gone.length === 0) return state;
  const people = gone.reduce((sum, record) => sum + (record.state === 'cut' ? record.people : 0), 0);
  return remember(state, {
    signals: signals.filter((record) => !gone.includes(record)),
    callsCut: callsCut + people,
  });
}
