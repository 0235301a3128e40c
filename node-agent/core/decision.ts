import { type Decision, explainsLeaving, TAKEN_AWAY } from '../../fleet/decision.ts';
import type { DecisionReading } from '../../fleet/registry.ts';
import type { CoreSettings } from './settings.ts';
import type { AgentState } from './state.ts';
import { known, log, remember, type Step, unchanged } from './step.ts';

/** The decision to follow, once the cloud wants this node: the stored one if it fits, else one of our own making. */
export function decisionFrom(
  state: AgentState,
  reading: DecisionReading,
  settings: CoreSettings,
  at: number,
): Decision {
  if (reading.kind === 'decided' && explainsLeaving(reading.decision, at)) return reading.decision;
  const why =
    reading.kind === 'unknown'
      ? `its record could not be read (${reading.reason})`
      : 'nobody left a record, as when a machine is unhealthy or was terminated by hand';
  return ownDecision(state, settings, at, {
    ...TAKEN_AWAY,
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

/**
 * A decision that came with the cloud's own wish. It stands before one that this node made for itself, and before an
 * older one: whoever takes the machine away looks for exactly this one in its status.
 */
export function follow(state: AgentState, decision: Decision, at: number): Step {
  const current = state.durable.decision;
  if (current?.intent !== 'leave') return settle(state, decision, at);
  if (current.id === decision.id) return unchanged(state);
  const deadline = decision.deadline ?? current.deadline;
  const next = { ...decision, ...(deadline === undefined ? {} : { deadline }) };
  return {
    state: remember(state, { decision: next }),
    effects: [log('info', 'decision-replaced', { decision: next, before: current.id })],
  };
}

/** From here on this node drains, for this reason. A decision to leave is never replaced, except to learn a deadline. */
export function settle(state: AgentState, decision: Decision, at: number): Step {
  const current = state.durable.decision;
  const asked = known(state, { askedDecisionAt: null }).state;
  if (current !== null && current.intent === 'leave') return unchanged(asked);
  const next = remember(asked, {
    decision,
    // Nothing is left to drain on a node that is empty already.
    ...(state.durable.phase === 'empty'
      ? { drainingSince: at, signalledAt: null, emptiedAt: at }
      : { drainingSince: state.durable.drainingSince ?? at }),
  });
  return { state: next, effects: [log('info', 'drain-decided', { decision })] };
}
