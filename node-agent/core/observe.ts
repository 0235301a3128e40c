import type { Decision } from '../../fleet/decision.ts';
import type { DecisionReading } from '../../fleet/registry.ts';
import type { Effect, Outcome } from './effect.ts';
import type { AgentEvent } from './event.ts';
import { ended } from './retry.ts';
import {
  ALARM_AFTER_MS,
  type CoreSettings,
  DECISION_VALID_MS,
  REGISTRY_VALID_MS,
  ZERO_PROOF_MS,
} from './settings.ts';
import type {
  AgentState,
  DrainReading,
  DurableState,
  MediaProcess,
  Observed,
  RuntimeReading,
  SignalRecord,
  WorkReading,
} from './state.ts';
import { isKnownZero, peopleNow, recordOf } from './work.ts';

export interface Step {
  state: AgentState;
  effects: Effect[];
}

/** Takes an event into the state: what is now known. What follows from it is decided afterwards (decide.ts). */
export function observe(state: AgentState, event: AgentEvent, settings: CoreSettings): Step {
  switch (event.kind) {
    case 'tick':
    case 'command':
      return unchanged(state);
    case 'runtime-read':
      return observeRuntime(state, event.reading, event.at);
    case 'work-read': {
      const zero = isKnownZero(event.reading);
      const zeroSince = zero ? (state.observed.zeroSince ?? event.at) : null;
      const told = event.reading.kind === 'known' ? event.at : null;
      const toldSince = state.observed.toldSince ?? told;
      return known(state, { work: event.reading, workAt: event.at, zeroSince, toldSince });
    }
    case 'target-read': {
      const { reading } = event;
      if (reading.kind !== 'unknown') return known(state, { target: reading.kind, targetUnknown: null });
      const since = state.observed.targetUnknown?.since ?? event.at;
      return known(state, { targetUnknown: { since, reason: reading.reason } });
    }
    case 'decision-read':
      return settle(state, decisionFrom(state, event.reading, settings, event.at), event.at);
    case 'drain-read':
      return observeDrain(state, event.process, event.reading, event.at);
    case 'interruption':
      return known(state, { interruption: { deadline: event.deadline } });
    case 'rebalance':
      return known(state, { rebalance: true });
    case 'protected-read':
      return known(state, { protected: event.protected });
    case 'cpu-read':
      return known(state, { cpu: event.cpu });
    case 'outcome':
      return observeOutcome(state, event.effect, event.outcome, settings, event.at);
  }
}

export function unchanged(state: AgentState): Step {
  return { state, effects: [] };
}

export function known(state: AgentState, news: Partial<Observed>): Step {
  return unchanged({ ...state, observed: { ...state.observed, ...news } });
}

/** Every change of what must survive gets a revision; nothing irreversible happens before that revision is on disk. */
export function remember(state: AgentState, news: Partial<DurableState>): AgentState {
  return {
    durable: { ...state.durable, ...news },
    observed: { ...state.observed, revision: state.observed.revision + 1 },
  };
}

export function log(
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Record<string, unknown> = {},
): Effect {
  return { kind: 'log', level, event, fields };
}

function observeRuntime(state: AgentState, reading: RuntimeReading, at: number): Step {
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
  const suspects = running.filter(
    (process) =>
      process.startedAt <= lostBefore.at && !signals.some((record) => record.process === process.id),
  );
  const revision = state.observed.revision + 1;
  const records = suspects.map(({ id }): SignalRecord => ({ process: id, state: 'uncertain', at, revision }));
  return remember(state, { lostBefore: null, signals: [...signals, ...records] });
}

/** A life that has ended never comes back: its record is of no more use. */
function forgetGone(state: AgentState, running: MediaProcess[]): AgentState {
  const signals = state.durable.signals.filter(({ process }) => running.some(({ id }) => id === process));
  return signals.length === state.durable.signals.length ? state : remember(state, { signals });
}

/** The decision to follow, once the cloud wants this node: the stored one if it fits, else one of our own making. */
function decisionFrom(
  state: AgentState,
  reading: DecisionReading,
  settings: CoreSettings,
  at: number,
): Decision {
  if (reading.kind === 'decided') {
    const { decision } = reading;
    const ageMs = at - Date.parse(decision.at);
    if (decision.intent === 'leave' && ageMs < DECISION_VALID_MS) return decision;
  }
  const why =
    reading.kind === 'unknown'
      ? `its record could not be read (${reading.reason})`
      : 'nobody left a record, as when a machine is unhealthy or was terminated by hand';
  return ownDecision(state, settings, at, {
    by: 'auto-scaling-group',
    cause: 'replacement',
    intent: 'leave',
    reason: `the cloud takes this machine away; ${why}`,
  });
}

export function ownDecision(
  state: AgentState,
  settings: CoreSettings,
  at: number,
  what: Pick<Decision, 'by' | 'cause' | 'intent' | 'reason'> & { deadline?: string },
): Decision {
  const { node } = state.durable;
  return {
    v: 1,
    id: `${node}-${Math.round(at)}`,
    node,
    pool: settings.pool,
    at: new Date(at).toISOString(),
    ...what,
  };
}

/** From here on this node drains, for this reason. A decision to leave is never replaced, except to learn a deadline. */
export function settle(state: AgentState, decision: Decision, at: number): Step {
  const current = state.durable.decision;
  const asked = known(state, { askedDecisionAt: null }).state;
  if (current !== null && current.intent === 'leave') return unchanged(asked);
  const next = remember(asked, { decision, drainingSince: state.durable.drainingSince ?? at });
  return { state: next, effects: [log('info', 'drain-decided', { decision })] };
}

/** The media's own word on a doubtful signal. `serving` is proof once it is written anew, well after the doubt began. */
function observeDrain(state: AgentState, process: string, reading: DrainReading, at: number): Step {
  const record = state.durable.signals.find((known) => known.process === process);
  if (record?.state !== 'uncertain' || reading.kind === 'unknown') return unchanged(state);
  const others = state.durable.signals.filter((known) => known !== record);
  if (reading.kind === 'shutting-down') {
    const revision = state.observed.revision + 1;
    const signals: SignalRecord[] = [...others, { process, state: 'signalled', at, revision }];
    return { state: remember(state, { signals }), effects: [log('info', 'signal-proven', { process })] };
  }
  if (reading.ageMs > REGISTRY_VALID_MS || at - record.at < ZERO_PROOF_MS) return unchanged(state);
  return {
    state: remember(state, { signals: others }),
    effects: [log('info', 'signal-disproved', { process })],
  };
}

function observeOutcome(
  state: AgentState,
  effect: Effect,
  outcome: Outcome,
  settings: CoreSettings,
  at: number,
): Step {
  const { observed, durable } = state;
  const retry = (before: Observed['save']) => ended(before, outcome, at, settings.retryMs);
  const complain = (event: string): Effect[] =>
    outcome.kind === 'failed' ? [log('warn', event, { problem: outcome.problem })] : [];
  switch (effect.kind) {
    case 'save': {
      const savedRevision = outcome.kind === 'done' ? effect.revision : observed.savedRevision;
      return {
        ...known(state, { save: retry(observed.save), savedRevision }),
        effects: complain('state-not-written'),
      };
    }
    case 'signal':
    case 'cut':
      return observeSignal(state, effect, outcome, at);
    case 'publish': {
      const news = { publish: retry(observed.publish) };
      const told = outcome.kind === 'done' ? { publishedAt: at, publishedText: effect.text } : {};
      return { ...known(state, { ...news, ...told }), effects: complain('status-not-published') };
    }
    case 'hold': {
      const held = outcome.kind === 'done' ? { heldAt: at, hookEnded: false } : {};
      const gone = outcome.kind === 'nothing-to-do' ? { heldAt: at, hookEnded: true } : {};
      const step = known(state, { hold: retry(observed.hold), ...held, ...gone });
      if (outcome.kind === 'nothing-to-do' && !observed.hookEnded) {
        return { ...step, effects: [log('warn', 'hook-ended', { problem: outcome.text })] };
      }
      return { ...step, effects: complain('heartbeat-failed') };
    }
    case 'release': {
      const next = known(state, {
        release: retry(observed.release),
        hookEnded: outcome.kind === 'nothing-to-do',
      }).state;
      if (outcome.kind !== 'done') return { state: next, effects: complain('release-failed') };
      if (durable.phase === 'leaving') {
        const release = { ...next.observed.release, notBefore: at + ALARM_AFTER_MS };
        return known(next, { release });
      }
      const left = remember(next, { phase: 'leaving', since: at, drainsEnded: durable.drainsEnded + 1 });
      return { state: left, effects: [log('info', 'released', { decision: durable.decision?.id })] };
    }
    case 'ready': {
      const next = known(state, { ready: retry(observed.ready) }).state;
      if (outcome.kind === 'failed') return { state: next, effects: complain('ready-failed') };
      return { state: remember(next, { ready: true }), effects: [log('info', 'ready', {})] };
    }
    case 'start-media':
      return { ...known(state, { start: retry(observed.start) }), effects: complain('media-not-started') };
    case 'read-decision':
    case 'read-drain':
      return unchanged(state);
    case 'inhibit':
      if (outcome.kind !== 'failed') return unchanged(state);
      return { ...known(state, { inhibited: !effect.on }), effects: complain('inhibit-failed') };
    case 'reply':
    case 'log':
      return unchanged(state);
  }
}

function observeSignal(
  state: AgentState,
  effect: Extract<Effect, { kind: 'signal' | 'cut' }>,
  outcome: Outcome,
  at: number,
): Step {
  const { id } = effect.process;
  const signalling = state.observed.signalling.filter((process) => process !== id);
  const idle = known(state, { signalling }).state;
  const change = (record: SignalRecord, next: SignalRecord['state']): AgentState => {
    const revision = idle.observed.revision + 1;
    const replaced = { ...record, state: next, at, revision };
    return remember(idle, {
      signals: idle.durable.signals.map((other) => (other.process === id ? replaced : other)),
    });
  };
  const record = idle.durable.signals.find(({ process }) => process === id);
  if (record === undefined) return unchanged(idle);
  const fields = { process: id, decision: idle.durable.decision?.id };
  switch (outcome.kind) {
    case 'done': {
      if (effect.kind === 'signal') {
        return { state: change(record, 'signalled'), effects: [log('info', 'media-signalled', fields)] };
      }
      const cut = change(record, 'cut');
      const people = effect.kill ? 0 : (effect.people ?? 0);
      const counted = remember(cut, { callsCut: cut.durable.callsCut + people });
      return {
        state: counted,
        effects: [log('error', 'media-cut', { ...fields, people: effect.people ?? 'unknown' })],
      };
    }
    case 'nothing-to-do':
      // It ended in the race; the next look at the runtime says so too.
      return {
        state: change(record, 'signalled'),
        effects: [log('info', 'media-gone-before-signal', fields)],
      };
    case 'failed':
      // Nobody knows whether it arrived: treated exactly as if the agent had died in between.
      return {
        state: change(record, effect.kind === 'signal' ? 'uncertain' : 'about-to-cut'),
        effects: [log('error', 'signal-failed', { ...fields, problem: outcome.problem })],
      };
  }
}
