import { EMPTY_EVERY_MS } from '../../fleet/registry.ts';
import { command } from './command.ts';
import { decide } from './decide.ts';
import type { AgentEvent } from './event.ts';
import { isWritten } from './leave-rules.ts';
import { observe } from './observe.ts';
import { noteRefusals } from './refusals.ts';
import { begun, isDue } from './retry.ts';
import { type CoreSettings, PUBLISH_GAP_MS } from './settings.ts';
import type { AgentState } from './state.ts';
import { statusOf } from './status.ts';
import { known, type Step, then, unchanged } from './step.ts';
import { workNow } from './work.ts';

/** The agent, whole: what is known now, and what follows from it. Pure; time comes with the event. */
export function transition(state: AgentState, event: AgentEvent, settings: CoreSettings): Step {
  const { at } = event;
  let step = observe(state, event, settings);
  if (event.kind === 'command')
    step = then(step, (next) => command(next, event.request, event.command, settings, at));
  step = then(step, (next) => noteUnknown(next, settings, at));
  step = then(step, (next) => decide(next, settings, at));
  step = then(step, (next) => noteRefusals(next, settings, at));
  // What is told must be looked at whole: with each tick, which is often enough.
  return event.kind === 'tick' ? then(step, (next) => publish(next, settings, at)) : step;
}

function noteUnknown(state: AgentState, settings: CoreSettings, at: number): Step {
  const isUnknown = workNow(state, settings, at).kind === 'unknown';
  const unknownSince = isUnknown ? (state.observed.unknownSince ?? at) : null;
  return unknownSince === state.observed.unknownSince ? unchanged(state) : known(state, { unknownSince });
}

/** The status is written when something in it has changed, and every so often to show that this node lives. */
function publish(state: AgentState, settings: CoreSettings, at: number): Step {
  const { observed } = state;
  if (!isDue(observed.publish, at) || observed.runtime === null) return unchanged(state);
  const sinceMs = observed.publishedAt === null ? Number.POSITIVE_INFINITY : at - observed.publishedAt;
  if (sinceMs < PUBLISH_GAP_MS) return unchanged(state);
  // Where a status makes others take the machine away, that it leaves is on disk before they can read it.
  const leaves = state.durable.phase === 'empty' && settings.leavesBy === 'status';
  if (leaves && !isWritten(state, at)) return unchanged(state);
  const status = statusOf(state, settings, at);
  // Load moves all the time and alone is not worth a write.
  const text = JSON.stringify({
    ...status,
    at: '',
    cpu: null,
    load: null,
    alarms: status.alarms?.map(({ name }) => name),
  });
  if (text === observed.publishedText && sinceMs < publishedEvery(state, settings)) return unchanged(state);
  return {
    ...known(state, { publish: begun(observed.publish) }),
    effects: [{ kind: 'publish', status, text }],
  };
}

/** Where others end an empty machine for what it says, they take a word of some seconds ago, and no older one. */
function publishedEvery({ durable: { phase } }: AgentState, { leavesBy, publishMs }: CoreSettings): number {
  const waitsForItsEnd = leavesBy === 'status' && (phase === 'empty' || phase === 'leaving');
  return waitsForItsEnd ? Math.min(publishMs, EMPTY_EVERY_MS) : publishMs;
}
