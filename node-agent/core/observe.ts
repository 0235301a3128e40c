import { afterWork } from './absence.ts';
import { decisionFrom, follow, settle } from './decision.ts';
import type { AgentEvent } from './event.ts';
import { observeOutcome } from './outcome.ts';
import { observeRuntime } from './runtime-news.ts';
import { type CoreSettings, REGISTRY_VALID_MS, ZERO_PROOF_MS } from './settings.ts';
import type { AgentState, DrainReading, PublishedUpdate, SetupReading, SignalRecord } from './state.ts';
import { known, log, remember, type Step, then, unchanged } from './step.ts';
import { isKnownZero } from './work.ts';

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
      const lives =
        state.observed.lives?.map((life) => ({ ...life, toldSince: life.toldSince ?? told })) ?? null;
      const calls = afterWork(state.observed.calls, event.reading, state.observed.lives, event.at);
      return known(state, { work: event.reading, workAt: event.at, zeroSince, lives, calls });
    }
    case 'target-read': {
      const { reading } = event;
      if (reading.kind === 'unknown') {
        const since = state.observed.targetUnknown?.since ?? event.at;
        return known(state, { targetUnknown: { since, reason: reading.reason } });
      }
      const next = known(state, { target: reading.kind, targetUnknown: null });
      if (reading.kind === 'stay' || reading.decision === undefined) return next;
      const { decision } = reading;
      return then(next, (told) => follow(told, decision, event.at));
    }
    case 'decision-read':
      return settle(state, decisionFrom(state, event.reading, settings, event.at), event.at);
    case 'drain-read':
      return observeDrain(state, event.process, event.reading, event.at);
    case 'interruption':
      return known(state, { interruption: event.interruption });
    case 'schedule-read': {
      const ids = new Set(event.events.map(({ id }) => id));
      const acknowledged = state.observed.acknowledged.filter((id) => ids.has(id));
      return known(state, { scheduled: event.events, acknowledged });
    }
    case 'advice':
      return observeAdvice(state, event.advice);
    case 'protected-read':
      return known(state, { protected: event.protected });
    case 'cpu-read':
      return known(state, { cpu: event.cpu });
    case 'update-read':
      return observeUpdate(state, event.update);
    case 'setup-read':
      return observeSetup(state, event.reading, event.at);
    case 'outcome':
      return observeOutcome(state, event.effect, event.outcome, settings, event.at);
  }
}

/** A look that fails leaves what was last known: a script that has failed has not run meanwhile. */
function observeSetup(state: AgentState, reading: SetupReading, at: number): Step {
  const { setup, setupUnknown } = state.observed;
  if (reading.kind === 'unknown')
    return known(state, { setupUnknown: { since: setupUnknown?.since ?? at, reason: reading.reason } });
  const since = setup?.reading.kind === reading.kind ? setup.since : at;
  return known(state, { setup: { reading, since }, setupUnknown: null });
}

/** What is told again has been so since it was first told. */
function observeUpdate(state: AgentState, update: PublishedUpdate | null): Step {
  const { update: before } = state.observed;
  if (update === null || before?.build !== update.build || before.state !== update.state)
    return known(state, { update });
  return known(state, { update: { ...update, since: before.since } });
}

/** Told once each time that it is given. */
function observeAdvice(state: AgentState, text: string | null): Step {
  const { advice } = state.observed;
  if (text === null) return advice === 'given' ? known(state, { advice: 'none' }) : unchanged(state);
  if (advice !== 'none') return unchanged(state);
  return { ...known(state, { advice: 'given' }), effects: [log('warn', 'cloud-advises', { text })] };
}

/** The media's own word on a doubtful signal. `serving` is proof once it is written anew, well after the doubt began. */
function observeDrain(state: AgentState, process: string, reading: DrainReading, at: number): Step {
  const record = state.durable.signals.find((known) => known.process === process);
  if (record?.state !== 'uncertain' || reading.kind === 'unknown') return unchanged(state);
  const others = state.durable.signals.filter((known) => known !== record);
  if (reading.kind === 'shutting-down') {
    const revision = state.observed.revision + 1;
    const signals: SignalRecord[] = [...others, { ...record, state: 'signalled', at, revision }];
    return { state: remember(state, { signals }), effects: [log('info', 'signal-proven', { process })] };
  }
  if (reading.ageMs > REGISTRY_VALID_MS || at - record.at < ZERO_PROOF_MS) return unchanged(state);
  return {
    state: remember(state, { signals: others }),
    effects: [log('info', 'signal-disproved', { process })],
  };
}
