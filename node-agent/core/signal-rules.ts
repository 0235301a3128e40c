import type { Effect } from './effect.ts';
import { isDue } from './retry.ts';
import {
  type CoreSettings,
  CUT_GRACE_MS,
  SIGNAL_AT_LAST_MS,
  SIGNAL_SAFE_AGE_MS,
  SIGNAL_SAFE_KNOWN_MS,
} from './settings.ts';
import type { AgentState, MediaProcess, SignalRecord } from './state.ts';
import { known, remember, type Step, then, unchanged } from './step.ts';
import { isCeilingReached, isDisproved, peopleNow, recordOf, runningProcesses, workNow } from './work.ts';

/** A doubt about a signal may end by asking the media's own registry, which tells only of what carries calls. */
export function askDrain(state: AgentState, settings: CoreSettings, at: number): Step {
  const doubt = runningProcesses(state).find(
    (process) => process.carries === 'calls' && recordOf(state, process)?.state === 'uncertain',
  );
  if (doubt === undefined || at < state.observed.askDrainAt) return unchanged(state);
  const asked = known(state, { askDrainAt: at + settings.retryMs });
  return { ...asked, effects: [{ kind: 'read-drain', process: doubt.id }] };
}

/**
 * Every life of the media gets one signal. First the intention is written; once it is on disk the signal goes out.
 * In doubt it goes only when the work is known to be zero for so long that a signal would have ended the process.
 */
export function signal(state: AgentState, settings: CoreSettings, at: number): Step {
  if (state.durable.phase !== 'draining' && state.durable.phase !== 'empty') return unchanged(state);
  return runningProcesses(state).reduce<Step>(
    (step, process) => then(step, (next) => signalOne(next, process, settings, at)),
    unchanged(state),
  );
}

function signalOne(state: AgentState, process: MediaProcess, settings: CoreSettings, at: number): Step {
  const record = recordOf(state, process);
  if (record === undefined) {
    return unchanged(isUp(state, process, at) ? intend(state, process, 'about-to-signal', at) : state);
  }
  switch (record.state) {
    case 'uncertain':
      if (!isDisproved(state, record, settings, at)) return unchanged(state);
      return unchanged(intend(state, process, 'about-to-signal', at));
    case 'about-to-signal':
      if (!isDue(state.observed.signal, at)) return unchanged(state);
      return sendWhenWritten(state, record, { kind: 'signal', process });
    case 'signalled':
    case 'about-to-cut':
    case 'cut':
      return unchanged(state);
  }
}

/** Whether a signal would be heard: it may be lost on a process that has only just begun. */
export function isUp({ observed }: AgentState, process: MediaProcess, at: number): boolean {
  const life = observed.lives?.find((watched) => watched.process.id === process.id);
  if (life === undefined) return false;
  const ageMs = at - life.since;
  const told = life.toldSince !== null && at - life.toldSince >= SIGNAL_SAFE_KNOWN_MS;
  switch (process.signalSafe) {
    case 'told':
      return told || ageMs >= SIGNAL_SAFE_AGE_MS;
    case 'told-and-aged':
      return (told && ageMs >= SIGNAL_SAFE_AGE_MS) || ageMs >= SIGNAL_AT_LAST_MS;
  }
}

function intend(
  state: AgentState,
  process: MediaProcess,
  intention: 'about-to-signal' | 'about-to-cut',
  at: number,
): AgentState {
  const revision = state.observed.revision + 1;
  const others = state.durable.signals.filter((record) => record.process !== process.id);
  return remember(state, {
    signals: [...others, { process: process.id, state: intention, at, revision, people: 0 }],
  });
}

function sendWhenWritten(
  state: AgentState,
  record: SignalRecord,
  effect: Extract<Effect, { kind: 'signal' | 'cut' }>,
): Step {
  const { savedRevision, signalling } = state.observed;
  if (record.revision > savedRevision || signalling.includes(record.process)) return unchanged(state);
  return { ...known(state, { signalling: [...signalling, record.process] }), effects: [effect] };
}

/** The operator's ceiling, and only where it says `cut`: the second signal, and the end of what survives it. */
export function cut(state: AgentState, settings: CoreSettings, at: number): Step {
  const { phase } = state.durable;
  if (phase !== 'draining' || !isCeilingReached(state, settings, at) || settings.onCeiling !== 'cut')
    return unchanged(state);
  const everybody = peopleNow(workNow(state, settings, at));
  return runningProcesses(state).reduce<Step>((step, process) => {
    // Nobody is cut twice: people are on what carries calls.
    const people = process.carries === 'calls' ? everybody : 0;
    return then(step, (next) => {
      const record = recordOf(next, process);
      if (record?.state === 'about-to-cut')
        return sendWhenWritten(next, record, { kind: 'cut', process, people, kill: false });
      if (record?.state !== 'cut') return unchanged(intend(next, process, 'about-to-cut', at));
      if (at - record.at < CUT_GRACE_MS || next.observed.signalling.includes(process.id))
        return unchanged(next);
      const signalling = [...next.observed.signalling, process.id];
      return { ...known(next, { signalling }), effects: [{ kind: 'cut', process, people, kill: true }] };
    });
  }, unchanged(state));
}
