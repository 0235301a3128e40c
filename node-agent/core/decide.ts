import { TAKEN_AWAY } from '../../fleet/decision.ts';
import { ownDecision, settle } from './decision.ts';
import type { Effect } from './effect.ts';
import { keepDown } from './keep-down.ts';
import { acknowledge, conclude, hold, release } from './leave-rules.ts';
import { begun, isDue } from './retry.ts';
import { ALARM_AFTER_MS, type CoreSettings, DECISION_WAIT_MS } from './settings.ts';
import { askDrain, cut, signal } from './signal-rules.ts';
import type { AgentState, Interruption } from './state.ts';
import { known, log, remember, type Step, then, unchanged } from './step.ts';
import { carriesCalls, isDisproved, isKnownZero, recordOf, runningProcesses, workNow } from './work.ts';

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
    keepDown,
    askDrain,
    signal,
    cut,
    conclude,
    hold,
    release,
    acknowledge,
    inhibit,
    save,
    keepPromises,
  ];
  return rules.reduce<Step>((step, rule) => then(step, (next) => rule(next, settings, at)), unchanged(state));
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
    ...TAKEN_AWAY,
    reason: 'the cloud takes this machine away; its record could not be read in time',
  });
  return settle(state, decision, at);
}

const ENDED_BY: Readonly<Record<Interruption['by'], string>> = {
  'spot-interruption': 'the cloud reclaims this spot machine',
  'host-maintenance': 'the cloud ends this machine for maintenance of its host',
  termination: 'somebody has deleted this machine, and the cloud ends it',
};

function noticeInterruption(state: AgentState, settings: CoreSettings, at: number): Step {
  const { interruption, advice } = state.observed;
  const { decision } = state.durable;
  if (interruption !== null && decision?.deadline === undefined) {
    const deadline = new Date(interruption.deadline).toISOString();
    if (decision?.intent === 'leave')
      return unchanged(remember(state, { decision: { ...decision, deadline } }));
    const { by } = interruption;
    const interrupted = ownDecision(state, settings, at, {
      by,
      cause: by === 'spot-interruption' ? 'spot' : 'replacement',
      intent: 'leave',
      reason: `${ENDED_BY[by]} at ${deadline}, whatever is on it`,
      deadline,
    });
    return settle(state, interrupted, at);
  }
  if (advice === 'given' && settings.onRebalance === 'drain' && decision === null) {
    // Emptied and kept, until the cloud asks for it: only the cloud's own wish opens a hook that lets it go.
    const recommended = ownDecision(state, settings, at, {
      by: 'rebalance-recommendation',
      cause: 'spot',
      intent: 'maintenance',
      reason: 'the cloud recommends to leave this spot machine, and the operator set it to drain on that',
    });
    return settle(known(state, { advice: 'heeded' }).state, recommended, at);
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
  const knowsWork = workNow(state, settings, at).kind === 'known' && carriesCalls(state);
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

function drain(state: AgentState, _settings: CoreSettings, at: number): Step {
  const { phase, decision, tally } = state.durable;
  if (decision === null || phase === 'draining' || phase === 'empty' || phase === 'leaving')
    return unchanged(state);
  const next = remember(state, {
    phase: 'draining',
    since: at,
    signalledAt: null,
    emptiedAt: null,
    tally: { ...tally, drainsBegun: tally.drainsBegun + 1 },
  });
  return { state: next, effects: [log('info', 'draining', { decision: decision.id })] };
}

/**
 * While there is or may be work, the operating system must not stop: its SIGTERM would be the second signal. The lock is
 * looked after again and again, as whoever holds it may have died.
 */
function inhibit(state: AgentState, settings: CoreSettings, at: number): Step {
  const { observed, durable } = state;
  const work = workNow(state, settings, at);
  const unknown = observed.runtime?.kind !== 'answered';
  const wanted = runningProcesses(state).length > 0 && !isKnownZero(work) && durable.phase !== 'leaving';
  const on = wanted || (unknown && observed.inhibited);
  const lookAgain = on && at - observed.inhibitedAt >= ALARM_AFTER_MS;
  if ((on === observed.inhibited && !lookAgain) || !isDue(observed.inhibit, at)) return unchanged(state);
  const next = known(state, { inhibited: on, inhibitedAt: at, inhibit: begun(observed.inhibit) });
  return { ...next, effects: [{ kind: 'inhibit', on }] };
}

function save(state: AgentState, _settings: CoreSettings, at: number): Step {
  const { observed, durable } = state;
  if (observed.revision === observed.savedRevision || !isDue(observed.save, at)) return unchanged(state);
  const effect: Effect = { kind: 'save', state: durable, revision: observed.revision };
  return { ...known(state, { save: begun(observed.save) }), effects: [effect] };
}

/** An operator hears that something was accepted once it would survive us, or that it would not. */
function keepPromises(state: AgentState): Step {
  const { promises, savedRevision, save } = state.observed;
  const due = promises.filter(({ revision }) => revision <= savedRevision || save.failingSince !== null);
  if (due.length === 0) return unchanged(state);
  const next = known(state, { promises: promises.filter((promise) => !due.includes(promise)) });
  const effects = due.map(({ request, text, revision }): Effect => {
    const doubt = ` The state file cannot be written (${save.problem}): an agent that starts again does not know of it.`;
    return {
      kind: 'reply',
      request,
      accepted: true,
      text: revision <= savedRevision ? text : `${text}${doubt}`,
    };
  });
  return { ...next, effects };
}
