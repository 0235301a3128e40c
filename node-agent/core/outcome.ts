import type { Effect, Outcome } from './effect.ts';
import { ended } from './retry.ts';
import { ALARM_AFTER_MS, type CoreSettings, HOOK_OPENS_MS, READY_EXPECTED_MS } from './settings.ts';
import type { AgentState, Observed, SignalRecord } from './state.ts';
import { known, log, remember, type Step, unchanged } from './step.ts';

/** How an effect ended, taken into the state. */
export function observeOutcome(
  state: AgentState,
  effect: Effect,
  outcome: Outcome,
  settings: CoreSettings,
  at: number,
): Step {
  const { observed, durable } = state;
  const retry = (before: Observed['save']) => ended(before, outcome, at, settings.retryMs);
  const complain = (event: string): Effect[] =>
    outcome.kind === 'failed' || outcome.kind === 'not-done'
      ? [log('warn', event, { problem: outcome.problem })]
      : [];
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
      return observeSignal(state, effect, outcome, settings, at);
    case 'publish': {
      const news = { publish: retry(observed.publish) };
      const told =
        outcome.kind === 'done'
          ? { publishedAt: at, publishedText: effect.text, published: effect.status }
          : {};
      return { ...known(state, { ...news, ...told }), effects: complain('status-not-published') };
    }
    case 'hold': {
      const held = outcome.kind === 'done' ? { heldAt: at, hookEnded: false } : {};
      // Just after the decision the hook may not be open yet: asked again soon, it is.
      const early = observed.heldAt === null && at - durable.since < HOOK_OPENS_MS;
      const gone = outcome.kind === 'nothing-to-do' && !early ? { heldAt: at, hookEnded: true } : {};
      const step = known(state, { hold: retry(observed.hold), ...held, ...gone });
      if (outcome.kind === 'nothing-to-do' && !early && !observed.hookEnded) {
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
      const { tally, emptiedAt, drainsEnded } = durable;
      const left = remember(next, {
        phase: 'leaving',
        since: at,
        drainsEnded: drainsEnded + 1,
        tally: { ...tally, giveBackMs: tally.giveBackMs + at - (emptiedAt ?? at) },
      });
      return { state: left, effects: [log('info', 'released', { decision: durable.decision?.id })] };
    }
    case 'acknowledge': {
      const given = outcome.kind === 'done' ? effect.events : [];
      const next = known(state, {
        acknowledge: retry(observed.acknowledge),
        acknowledged: [...new Set([...observed.acknowledged, ...given])],
      });
      const told = given.length === 0 ? [] : [log('info', 'events-acknowledged', { events: given })];
      return { ...next, effects: [...told, ...complain('events-not-acknowledged')] };
    }
    case 'ready': {
      const next = known(state, { ready: retry(observed.ready) }).state;
      if (outcome.kind === 'failed' || outcome.kind === 'not-done')
        return { state: next, effects: complain('ready-failed') };
      // A machine that boots fast may be ready before its hook is open.
      const early = at - durable.bootedAt < READY_EXPECTED_MS;
      if (outcome.kind === 'nothing-to-do' && early) return unchanged(next);
      return { state: remember(next, { ready: true }), effects: [log('info', 'ready', {})] };
    }
    case 'start-media':
      return { ...known(state, { start: retry(observed.start) }), effects: complain('media-not-started') };
    case 'keep-down': {
      const next = ended(observed.keepDown, outcome, at, settings.retryMs);
      // Looked at again after a while: what was kept down may still have its last life, or come back all the same.
      const keepDown = { ...next, notBefore: Math.max(next.notBefore, at + settings.retryMs) };
      const names = outcome.kind === 'done' ? effect.names : [];
      const keptDown = [...new Set([...observed.keptDown, ...names])];
      const effects =
        keptDown.length > observed.keptDown.length ? [log('info', 'media-kept-down', { names })] : [];
      return {
        ...known(state, { keepDown, keptDown }),
        effects: [...effects, ...complain('media-not-kept-down')],
      };
    }
    case 'read-decision':
    case 'read-drain':
      return unchanged(state);
    case 'inhibit':
      return { ...known(state, { inhibit: retry(observed.inhibit) }), effects: complain('inhibit-failed') };
    case 'reply':
    case 'log':
      return unchanged(state);
  }
}

function observeSignal(
  state: AgentState,
  effect: Extract<Effect, { kind: 'signal' | 'cut' }>,
  outcome: Outcome,
  settings: CoreSettings,
  at: number,
): Step {
  const { id } = effect.process;
  const signalling = state.observed.signalling.filter((process) => process !== id);
  const retry =
    outcome.kind === 'not-done' && effect.kind === 'signal' ? outcome : ({ kind: 'done' } as const);
  const idle = known(state, {
    signalling,
    signal: ended(state.observed.signal, retry, at, settings.retryMs),
  }).state;
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
  if (outcome.kind === 'not-done' && effect.kind === 'signal') {
    // The intention stands, and goes out as soon as somebody answers.
    return {
      state: idle,
      effects: [log('warn', 'signal-not-sent', { ...fields, problem: outcome.problem })],
    };
  }
  switch (outcome.kind) {
    case 'done': {
      if (effect.kind === 'signal') {
        const note = outcome.note === undefined ? {} : { note: outcome.note };
        return {
          state: withSignal(change(record, 'signalled'), at),
          effects: [log('info', 'media-signalled', { ...fields, ...note })],
        };
      }
      // Who is still there when it is killed was not cut before; who was there at the second signal was cut by that.
      const people = effect.kill ? Math.max(record.people, effect.people ?? 0) : (effect.people ?? 0);
      const cut = change({ ...record, people }, 'cut');
      return {
        // Nobody knows how many: somebody, then.
        state: effect.people === 0 ? cut : remember(cut, { cutAt: at }),
        effects: [log('error', 'media-cut', { ...fields, people: effect.people ?? 'unknown' })],
      };
    }
    case 'nothing-to-do':
      // It ended in the race; the next look at the runtime says so too. Whom a cut had reached is counted then.
      return {
        state: change(record, effect.kind === 'signal' ? 'signalled' : 'cut'),
        effects: [log('info', 'media-gone-before-signal', fields)],
      };
    case 'not-done':
    case 'failed':
      // Nobody knows whether it arrived: treated exactly as if the agent had died in between.
      return {
        // A cut that failed is followed by the kill, after the same grace as one that went out.
        state: change(record, effect.kind === 'signal' ? 'uncertain' : 'cut'),
        effects: [log('error', 'signal-failed', { ...fields, problem: outcome.problem })],
      };
  }
}

/** The first of a drain is the one that counts: some media are of several processes. */
function withSignal(state: AgentState, at: number): AgentState {
  const { signalledAt } = state.durable;
  return signalledAt === null ? { ...state, durable: { ...state.durable, signalledAt: at } } : state;
}
