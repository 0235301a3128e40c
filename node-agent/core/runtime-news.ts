import type { Effect } from './effect.ts';
import { DOUBT_KEPT_MS } from './settings.ts';
import type { AgentState, MediaProcess, RuntimeReading, SignalRecord, WorkReading } from './state.ts';
import { known, log, remember, type Step } from './step.ts';
import { peopleNow, recordOf } from './work.ts';

/** What is seen of the media process: lives that ended, lives that began, and what an earlier agent may have done to them. */
export function observeRuntime(state: AgentState, reading: RuntimeReading, at: number): Step {
  const before = state.observed.lives;
  const workBefore: WorkReading = state.observed.work ?? { kind: 'unknown', reason: 'it was never read' };
  if (reading.kind === 'unknown') {
    // The last answer is kept for nothing: an unanswered question never counts as an answer.
    return known(state, { runtime: reading, runtimeAt: at, absentSince: null, zeroSince: null });
  }
  const absent = reading.running.length === 0 && reading.willStart.length === 0;
  const same = sameLives(before, reading.running);
  let next = known(state, {
    runtime: reading,
    runtimeAt: at,
    lives: reading.running,
    absentSince: absent ? (state.observed.absentSince ?? at) : null,
    // What was read of an earlier life of the media says nothing of this one.
    ...(same ? {} : { zeroSince: null, work: null, toldSince: null, livesSince: at }),
  }).state;
  const effects: Effect[] = [];
  for (const gone of before.filter(({ id }) => !reading.running.some((process) => process.id === id))) {
    const record = recordOf(state, gone);
    const replaced =
      reading.running.some(({ name }) => name === gone.name) || reading.willStart.includes(gone.name);
    // A unit that comes back by itself has failed: after a clean end it would stay away.
    const clean = replaced ? false : (reading.lastExit?.clean ?? null);
    const how = reading.lastExit?.text ?? 'it is not known how';
    effects.push(
      log('info', 'media-exited', { process: gone.id, clean, how, signal: record?.state ?? 'none' }),
    );
    const ours = record?.state === 'cut' || record?.state === 'about-to-cut';
    // Nobody but us should tell it to end: an end that we did not ask for is a loss, however clean it looks.
    const crashed = clean === false || record === undefined;
    const people = peopleNow(workBefore);
    if (crashed && !ours && people !== 0) {
      next = remember(next, { callsLost: next.durable.callsLost + (people ?? 0) });
      effects.push(log('error', 'calls-lost', { process: gone.id, people: people ?? 'unknown', how }));
    }
  }
  return { state: forgetGone(distrust(next, reading.running, at), reading.running), effects };
}

function sameLives(before: MediaProcess[], after: MediaProcess[]): boolean {
  return (
    before.length === after.length && before.every(({ id }) => after.some((process) => process.id === id))
  );
}

/** After a lost state, a process that is older than this agent may have been signalled already. */
function distrust(state: AgentState, running: MediaProcess[], at: number): AgentState {
  const { lostBefore, signals } = state.durable;
  if (lostBefore === null) return state;
  if (lostBefore.checked) {
    // What was lost is told of for a while, and until no doubt is left.
    const settled =
      at - lostBefore.at >= DOUBT_KEPT_MS && !signals.some((record) => record.state === 'uncertain');
    return settled ? remember(state, { lostBefore: null }) : state;
  }
  const suspects = running.filter(
    (process) =>
      process.startedAt <= lostBefore.at && !signals.some((record) => record.process === process.id),
  );
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
