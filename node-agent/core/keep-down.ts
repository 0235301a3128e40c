import { begun, isDue } from './retry.ts';
import type { CoreSettings } from './settings.ts';
import { type AgentState, IDLE } from './state.ts';
import { known, type Step, unchanged } from './step.ts';

/**
 * What fails as soon as it is started, and is started again without end, is never "over": nobody could tell that this node
 * is empty. While it drains nothing is wanted back, so that the next end of such a process is its last. A life that it
 * still has meanwhile gets its own one signal, as any.
 */
export function keepDown(state: AgentState, _settings: CoreSettings, at: number): Step {
  const { runtime, keepDown: retry } = state.observed;
  if (state.durable.phase !== 'draining' || runtime?.kind !== 'answered') return unchanged(state);
  if (runtime.willStart.length === 0)
    return retry.failingSince === null ? unchanged(state) : known(state, { keepDown: IDLE });
  if (!isDue(retry, at)) return unchanged(state);
  const next = known(state, { keepDown: begun(retry) });
  return { ...next, effects: [{ kind: 'keep-down', names: runtime.willStart }] };
}
