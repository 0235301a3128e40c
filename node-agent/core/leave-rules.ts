import { isAbsent } from './absence.ts';
import { begun, isDue } from './retry.ts';
import { ABSENCE_PROOF_MS, ALARM_AFTER_MS, type CoreSettings } from './settings.ts';
import type { AgentState, DurableState } from './state.ts';
import { known, log, remember, type Step, unchanged } from './step.ts';
import type { Tally } from './tally.ts';

/** Empty needs proof: the process that was signalled has ended, or none was there in two readings apart. */
export function conclude(state: AgentState, settings: CoreSettings, at: number): Step {
  const { phase } = state.durable;
  const { runtime, absentSince, runtimeAt } = state.observed;
  if (phase === 'empty' || phase === 'leaving') {
    if (runtime?.kind !== 'answered' || (runtime.running.length === 0 && runtime.willStart.length === 0))
      return unchanged(state);
    const { tally } = state.durable;
    const back = remember(state, {
      phase: 'draining',
      since: at,
      drainingSince: at,
      signalledAt: null,
      emptiedAt: null,
      tally: { ...tally, drainsBegun: tally.drainsBegun + 1 },
    });
    return {
      state: back,
      effects: [log('warn', 'media-came-back', { running: runtime.running.map(({ id }) => id) })],
    };
  }
  if (phase !== 'draining' || !isAbsent(state, settings, at)) return unchanged(state);
  const next = remember(state, {
    phase: 'empty',
    since: at,
    emptiedAt: at,
    tally: afterDrain(state.durable, settings, at),
  });
  const provenMs = runtimeAt - (absentSince ?? runtimeAt);
  return {
    state: next,
    effects: [
      log('info', 'empty', { decision: state.durable.decision?.id, provenMs, proofMs: ABSENCE_PROOF_MS }),
    ],
  };
}

function afterDrain({ drainingSince, tally }: DurableState, settings: CoreSettings, at: number): Tally {
  const tookMs = at - (drainingSince ?? at);
  return {
    ...tally,
    drainsEmptied: tally.drainsEmptied + 1,
    drainsInTime: tally.drainsInTime + (tookMs <= settings.warnAfterMs ? 1 : 0),
    drainMs: tally.drainMs + tookMs,
  };
}

/** While it drains, the cloud's timer is kept alive: one failed call changes nothing, the next comes soon. */
export function hold(state: AgentState, settings: CoreSettings, at: number): Step {
  const { durable, observed } = state;
  const wanted = (durable.phase === 'draining' || durable.phase === 'empty') && observed.target === 'leave';
  const overdue = observed.heldAt === null || at - observed.heldAt >= settings.heartbeatMs;
  if (!wanted || !overdue || !isDue(observed.hold, at)) return unchanged(state);
  return { ...known(state, { hold: begun(observed.hold) }), effects: [{ kind: 'hold' }] };
}

/** The machine is given back only while the proof of its emptiness holds, and after it is on disk. */
export function release(state: AgentState, settings: CoreSettings, at: number): Step {
  const { durable, observed } = state;
  const again = durable.phase === 'leaving' && at - durable.since >= ALARM_AFTER_MS;
  if (durable.phase !== 'empty' && !again) return unchanged(state);
  if (durable.decision?.intent !== 'leave' || observed.target !== 'leave') return unchanged(state);
  if (!isAbsent(state, settings, at) || !isWritten(state, at)) return unchanged(state);
  if (settings.leavesBy === 'status' && !isTold(state)) return unchanged(state);
  if (!isDue(observed.release, at)) return unchanged(state);
  const next = known(state, { release: begun(observed.release) });
  return { ...next, effects: [{ kind: 'release' }] };
}

/**
 * What the cloud has scheduled may begin once nothing is left here to be lost; or when it is due, and begins anyway.
 * A consent cannot be taken back: the proof of the emptiness holds, and is on disk.
 */
export function acknowledge(state: AgentState, settings: CoreSettings, at: number): Step {
  const { durable, observed } = state;
  const hasEnded = durable.phase === 'empty' || durable.phase === 'leaving';
  const isEmpty = hasEnded && isAbsent(state, settings, at) && isWritten(state, at);
  const events = observed.scheduled
    .filter(({ id, isDue: due }) => (isEmpty || due) && !observed.acknowledged.includes(id))
    .map(({ id }) => id);
  if (events.length === 0 || !isDue(observed.acknowledge, at)) return unchanged(state);
  const next = known(state, { acknowledge: begun(observed.acknowledge) });
  return { ...next, effects: [{ kind: 'acknowledge', events }] };
}

/** A disk that has refused for a minute must not keep an empty machine for ever: its emptiness is proven anew each time. */
export function isWritten({ observed }: AgentState, at: number): boolean {
  if (observed.savedRevision >= observed.revision) return true;
  return observed.save.failingSince !== null && at - observed.save.failingSince >= ALARM_AFTER_MS;
}

/** Whoever takes machines away goes by what the registry says: woken before it says so, they would find nothing to do. */
function isTold({ durable, observed: { published } }: AgentState): boolean {
  return (
    published?.phase === durable.phase &&
    published.decision?.id === durable.decision?.id &&
    published.since === new Date(durable.since).toISOString()
  );
}
