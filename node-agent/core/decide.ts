import type { Effect } from './effect.ts';
import { known, log, ownDecision, remember, type Step, settle, unchanged } from './observe.ts';
import { begun, isDue } from './retry.ts';
import {
  ABSENCE_PROOF_MS,
  ALARM_AFTER_MS,
  type CoreSettings,
  CUT_GRACE_MS,
  DECISION_WAIT_MS,
  LEAVING_EXPECTED_MS,
  SIGNAL_SAFE_AGE_MS,
  SIGNAL_SAFE_KNOWN_MS,
  ZERO_PROOF_MS,
} from './settings.ts';
import type { AgentState, MediaProcess, SignalRecord } from './state.ts';
import { isAbsent, isKnownZero, peopleNow, recordOf, runningProcesses, workNow } from './work.ts';

type Rule = (state: AgentState, settings: CoreSettings, at: number) => Step;

/**
 * What follows from what is known now. Level-triggered: every rule looks at the whole state, so that a lost or doubled
 * event changes nothing. The order is the order of a node's life.
 */
export function decide(state: AgentState, settings: CoreSettings, at: number): Step {
  const rules: Rule[] = [
    noticeTarget,
    noticeInterruption,
    serve,
    drain,
    askDrain,
    signal,
    cut,
    conclude,
    hold,
    release,
    inhibit,
    save,
  ];
  return rules.reduce<Step>((step, rule) => then(step, (next) => rule(next, settings, at)), unchanged(state));
}

export function then(step: Step, rule: (state: AgentState) => Step): Step {
  const next = rule(step.state);
  return { state: next.state, effects: [...step.effects, ...next.effects] };
}

/** The cloud wants this machine: look up why, but never wait long for the answer. */
function noticeTarget(state: AgentState, settings: CoreSettings, at: number): Step {
  const { target, askedDecisionAt } = state.observed;
  if (target !== 'leave' || state.durable.decision?.intent === 'leave') return unchanged(state);
  if (askedDecisionAt === null) {
    return { ...known(state, { askedDecisionAt: at }), effects: [{ kind: 'read-decision' }] };
  }
  if (at - askedDecisionAt < DECISION_WAIT_MS) return unchanged(state);
  const decision = ownDecision(state, settings, at, {
    by: 'auto-scaling-group',
    cause: 'replacement',
    intent: 'leave',
    reason: 'the cloud takes this machine away; its record could not be read in time',
  });
  return settle(state, decision, at);
}

function noticeInterruption(state: AgentState, settings: CoreSettings, at: number): Step {
  const { interruption, rebalance } = state.observed;
  const { decision } = state.durable;
  if (interruption !== null && decision?.deadline === undefined) {
    const deadline = new Date(interruption.deadline).toISOString();
    if (decision?.intent === 'leave')
      return unchanged(remember(state, { decision: { ...decision, deadline } }));
    const spot = ownDecision(state, settings, at, {
      by: 'spot-interruption',
      cause: 'spot',
      intent: 'leave',
      reason: `the cloud reclaims this spot machine at ${deadline}, whatever is on it`,
      deadline,
    });
    return settle(state, spot, at);
  }
  if (rebalance && settings.onRebalance === 'drain' && decision === null) {
    const reason =
      'the cloud recommends to leave this spot machine, and the operator set it to drain on that';
    return settle(
      state,
      ownDecision(state, settings, at, {
        by: 'rebalance-recommendation',
        cause: 'spot',
        intent: 'leave',
        reason,
      }),
      at,
    );
  }
  return unchanged(state);
}

/** A node serves once its media runs and tells its work, and nobody wants it gone. Then the cloud may count on it. */
function serve(state: AgentState, settings: CoreSettings, at: number): Step {
  const { durable, observed } = state;
  if (durable.decision !== null || (durable.phase !== 'booting' && durable.phase !== 'serving'))
    return unchanged(state);
  const running = runningProcesses(state);
  const cleared = forgetDisproved(state, settings, at);
  if (cleared !== state) return { state: cleared, effects: [log('info', 'signal-disproved', {})] };
  const knowsWork = workNow(state, settings, at).kind === 'known' && running.length > 0;
  const untouched = running.every((process) => recordOf(state, process) === undefined);
  if (!knowsWork || !untouched) return unchanged(state);
  const serving =
    durable.phase === 'serving'
      ? unchanged(state)
      : { state: remember(state, { phase: 'serving', since: at }), effects: [log('info', 'serving', {})] };
  if (durable.ready || !isDue(observed.ready, at)) return serving;
  return then(serving, (next) => ({
    ...known(next, { ready: begun(next.observed.ready) }),
    effects: [{ kind: 'ready' }],
  }));
}

/** With nobody wanting a drain, a doubt about a signal ends when the process lives on without work. */
function forgetDisproved(state: AgentState, settings: CoreSettings, at: number): AgentState {
  const signals = state.durable.signals.filter(
    (record) => !(record.state === 'uncertain' && isDisproved(state, record, settings, at)),
  );
  return signals.length === state.durable.signals.length ? state : remember(state, { signals });
}

/** Known zero for 10 s since the doubt began, and alive: a process that had got the signal would have ended. */
function isDisproved(state: AgentState, record: SignalRecord, settings: CoreSettings, at: number): boolean {
  const { zeroSince } = state.observed;
  return (
    isKnownZero(workNow(state, settings, at)) &&
    zeroSince !== null &&
    at - Math.max(zeroSince, record.at) >= ZERO_PROOF_MS
  );
}

function drain(state: AgentState, _settings: CoreSettings, at: number): Step {
  const { phase, decision } = state.durable;
  if (decision === null || phase === 'draining' || phase === 'empty' || phase === 'leaving')
    return unchanged(state);
  const next = remember(state, { phase: 'draining', since: at });
  return { state: next, effects: [log('info', 'draining', { decision: decision.id })] };
}

/** A doubt about a signal may end by asking the media's own registry. */
function askDrain(state: AgentState, settings: CoreSettings, at: number): Step {
  const doubt = state.durable.signals.find((record) => record.state === 'uncertain');
  if (doubt === undefined || at < state.observed.askDrainAt) return unchanged(state);
  const asked = known(state, { askDrainAt: at + settings.retryMs });
  return { ...asked, effects: [{ kind: 'read-drain', process: doubt.process }] };
}

/**
 * Every life of the media gets one signal. First the intention is written; once it is on disk the signal goes out.
 * In doubt it goes only when the work is known to be zero for so long that a signal would have ended the process.
 */
function signal(state: AgentState, settings: CoreSettings, at: number): Step {
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
      return sendWhenWritten(state, record, { kind: 'signal', process });
    case 'signalled':
    case 'about-to-cut':
    case 'cut':
      return unchanged(state);
  }
}

function isUp({ observed }: AgentState, process: MediaProcess, at: number): boolean {
  const seenForMs = at - Math.min(process.startedAt, observed.livesSince);
  const toldForMs = observed.toldSince === null ? 0 : at - observed.toldSince;
  return toldForMs >= SIGNAL_SAFE_KNOWN_MS || seenForMs >= SIGNAL_SAFE_AGE_MS;
}

function intend(
  state: AgentState,
  process: MediaProcess,
  intention: 'about-to-signal' | 'about-to-cut',
  at: number,
): AgentState {
  const revision = state.observed.revision + 1;
  const others = state.durable.signals.filter((record) => record.process !== process.id);
  return remember(state, { signals: [...others, { process: process.id, state: intention, at, revision }] });
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
function cut(state: AgentState, settings: CoreSettings, at: number): Step {
  const { phase } = state.durable;
  if (phase !== 'draining' || !isCeilingReached(state, settings, at) || settings.onCeiling !== 'cut')
    return unchanged(state);
  const people = peopleNow(workNow(state, settings, at));
  return runningProcesses(state).reduce<Step>((step, process) => {
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

export function isCeilingReached(state: AgentState, settings: CoreSettings, at: number): boolean {
  const { drainingSince, decision } = state.durable;
  if (settings.ceilingMs === undefined || drainingSince === null || decision === null) return false;
  return at - drainingSince >= settings.ceilingMs;
}

/** Empty needs proof: the process that was signalled has ended, or none was there in two readings apart. */
function conclude(state: AgentState, settings: CoreSettings, at: number): Step {
  const { phase } = state.durable;
  const { runtime, absentSince, runtimeAt } = state.observed;
  if (phase === 'empty') {
    if (runtime?.kind !== 'answered' || (runtime.running.length === 0 && runtime.willStart.length === 0))
      return unchanged(state);
    const back = remember(state, { phase: 'draining', since: at });
    return {
      state: back,
      effects: [log('warn', 'media-came-back', { running: runtime.running.map(({ id }) => id) })],
    };
  }
  if (phase !== 'draining' || !isAbsent(state, settings, at)) return unchanged(state);
  const next = remember(state, { phase: 'empty', since: at });
  const provenMs = runtimeAt - (absentSince ?? runtimeAt);
  return {
    state: next,
    effects: [
      log('info', 'empty', { decision: state.durable.decision?.id, provenMs, proofMs: ABSENCE_PROOF_MS }),
    ],
  };
}

/** While it drains, the cloud's timer is kept alive: one failed call changes nothing, the next comes soon. */
function hold(state: AgentState, settings: CoreSettings, at: number): Step {
  const { durable, observed } = state;
  const wanted = (durable.phase === 'draining' || durable.phase === 'empty') && observed.target === 'leave';
  const overdue = observed.heldAt === null || at - observed.heldAt >= settings.heartbeatMs;
  if (!wanted || !overdue || !isDue(observed.hold, at)) return unchanged(state);
  return { ...known(state, { hold: begun(observed.hold) }), effects: [{ kind: 'hold' }] };
}

/** The machine is given back only while the proof of its emptiness holds, and after that proof is on disk. */
function release(state: AgentState, settings: CoreSettings, at: number): Step {
  const { durable, observed } = state;
  const again =
    durable.phase === 'leaving' &&
    at - durable.since >= ALARM_AFTER_MS &&
    at - durable.since < LEAVING_EXPECTED_MS * 6;
  if (durable.phase !== 'empty' && !again) return unchanged(state);
  if (durable.decision?.intent !== 'leave' || observed.target !== 'leave') return unchanged(state);
  if (!isAbsent(state, settings, at) || !isWritten(state, at)) return unchanged(state);
  if (!isDue(observed.release, at)) return unchanged(state);
  const next = known(state, { release: begun(observed.release) });
  return { ...next, effects: [{ kind: 'release' }] };
}

/** A disk that has refused for a minute must not keep an empty machine for ever: its emptiness is proven anew each time. */
function isWritten({ observed }: AgentState, at: number): boolean {
  if (observed.savedRevision >= observed.revision) return true;
  return observed.save.failingSince !== null && at - observed.save.failingSince >= ALARM_AFTER_MS;
}

/** While there is or may be work, the operating system must not stop: its SIGTERM would be the second signal. */
function inhibit(state: AgentState, settings: CoreSettings, at: number): Step {
  const work = workNow(state, settings, at);
  const on = runningProcesses(state).length > 0 && !isKnownZero(work) && state.durable.phase !== 'leaving';
  const unknown = state.observed.runtime?.kind !== 'answered';
  if (on === state.observed.inhibited || (unknown && state.observed.inhibited)) return unchanged(state);
  return { ...known(state, { inhibited: on }), effects: [{ kind: 'inhibit', on }] };
}

function save(state: AgentState, _settings: CoreSettings, at: number): Step {
  const { observed, durable } = state;
  if (observed.revision === observed.savedRevision || !isDue(observed.save, at)) return unchanged(state);
  const effect: Effect = { kind: 'save', state: durable, revision: observed.revision };
  return { ...known(state, { save: begun(observed.save) }), effects: [effect] };
}
