import { ABSENCE_PROOF_MS, type CoreSettings } from './settings.ts';
import type { AgentState, CallsWatch, MediaProcess, WatchedLife, WorkReading } from './state.ts';

/**
 * Proven: no media process, none about to start, in two readings apart, the last of them fresh; and what carries calls is
 * accounted for. "None was found" alone proves nothing: it may run under another name than the one that is looked for.
 */
export function isAbsent(state: AgentState, settings: CoreSettings, at: number): boolean {
  const { absentSince, runtimeAt } = state.observed;
  if (absentSince === null || !areCallsOver(state, settings, at)) return false;
  return runtimeAt - absentSince >= ABSENCE_PROOF_MS && at - runtimeAt <= settings.readingValidMs;
}

/**
 * The runtime had seen it, and so knows its end; or nobody listens where it would tell its calls, in two readings apart.
 * Needs no memory of its own: an agent that starts again has seen nothing, and waits for either.
 */
function areCallsOver({ observed }: AgentState, settings: CoreSettings, at: number): boolean {
  const { calls, workAt } = observed;
  if (calls.seen) return true;
  if (calls.nobodySince === null) return false;
  return workAt - calls.nobodySince >= ABSENCE_PROOF_MS && at - workAt <= settings.readingValidMs;
}

export function afterRuntime(calls: CallsWatch, running: MediaProcess[]): CallsWatch {
  return running.some(({ carries }) => carries === 'calls') ? { seen: true, nobodySince: null } : calls;
}

/** Calls that are told while nothing that could carry them is seen: from here on only silence at that address counts. */
export function afterWork(
  calls: CallsWatch,
  reading: WorkReading,
  lives: WatchedLife[] | null,
  at: number,
): CallsWatch {
  if (reading.nobodyListens) return { ...calls, nobodySince: calls.nobodySince ?? at };
  const carried = lives?.some(({ process }) => process.carries === 'calls') ?? false;
  return { seen: calls.seen && (reading.kind === 'unknown' || carried), nobodySince: null };
}

/** Why nothing is proven although no process was found; empty where that is just a matter of time. */
export function describeDoubt({ observed }: AgentState): string {
  const { calls, work } = observed;
  if (calls.seen || calls.nobodySince !== null || work === null) return '';
  if (work.kind === 'known')
    return ', yet the media tells its work: what runs is not what this agent looks for';
  return `, yet something may be where the work is told, which is not what this agent looks for: ${work.reason}`;
}
