import type { Effect } from './effect.ts';
import type { AgentState, DurableState, Observed } from './state.ts';

/** Where a rule leads: the state after it, and what it wants done. */
export interface Step {
  state: AgentState;
  effects: Effect[];
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

export function then(step: Step, rule: (state: AgentState) => Step): Step {
  const next = rule(step.state);
  return { state: next.state, effects: [...step.effects, ...next.effects] };
}
