import { isEmptyWork, NO_WORK, type Work } from '../../fleet/status.ts';
import { describeDoubt, isAbsent } from './absence.ts';
import { type CoreSettings, ZERO_PROOF_MS } from './settings.ts';
import type { AgentState, MediaProcess, SignalRecord, WorkReading } from './state.ts';

/** What is known of the work right now. No process is proof of no work only when it was seen twice, and nothing will start. */
export function workNow(state: AgentState, settings: CoreSettings, at: number): WorkReading {
  const { runtime, runtimeAt, work, workAt } = state.observed;
  if (isAbsent(state, settings, at)) return { kind: 'known', work: NO_WORK };
  if (runtime === null) return { kind: 'unknown', reason: 'the media process has not been looked for yet' };
  if (runtime.kind === 'unknown') return runtime;
  if (at - runtimeAt > settings.readingValidMs)
    return { kind: 'unknown', reason: 'the media process was not looked for lately' };
  if (runtime.running.length === 0) {
    const starting = runtime.willStart.length > 0 ? `, ${runtime.willStart.join(', ')} about to start` : '';
    return { kind: 'unknown', reason: `no media process runs${starting || describeDoubt(state)}` };
  }
  if (work === null) return { kind: 'unknown', reason: 'the work has not been read yet' };
  if (at - workAt > settings.readingValidMs)
    return { kind: 'unknown', reason: 'the work was not read lately' };
  return work;
}

/** Only what carries calls lets people in. */
export function carriesCalls(state: AgentState): boolean {
  return runningProcesses(state).some(({ carries }) => carries === 'calls');
}

export function runningProcesses(state: AgentState): MediaProcess[] {
  const { runtime } = state.observed;
  return runtime?.kind === 'answered' ? runtime.running : [];
}

export function recordOf(state: AgentState, process: MediaProcess): SignalRecord | undefined {
  return state.durable.signals.find((record) => record.process === process.id);
}

export function isKnownZero(reading: WorkReading): boolean {
  return reading.kind === 'known' && isEmptyWork(reading.work);
}

/** People on this node as far as known; null is unknown. */
export function peopleNow(reading: WorkReading): number | null {
  return reading.kind === 'known' ? reading.work.people : null;
}

/** Jobs of one kind on this node, in all processes of that kind, as far as known; null is unknown. */
export function jobsNow(reading: WorkReading, kind: 'egress' | 'ingress' | 'agents'): number | null {
  return reading.kind === 'known' ? reading.work[kind] : null;
}

/** For a sentence that has begun with rooms and people. */
export function describeJobs({ egress, ingress, agents }: Work): string {
  if (egress + ingress + agents === 0) return '';
  return `, ${egress} egress, ${ingress} ingress and ${agents} agent jobs`;
}

/** Known zero for 10 s since the doubt began, and alive: a process that had got the signal would have ended. */
export function isDisproved(
  state: AgentState,
  record: SignalRecord,
  settings: CoreSettings,
  at: number,
): boolean {
  const { zeroSince } = state.observed;
  return (
    isKnownZero(workNow(state, settings, at)) &&
    zeroSince !== null &&
    at - Math.max(zeroSince, record.at) >= ZERO_PROOF_MS
  );
}

/** The operator's bound on a drain; it counts from when this node began to drain. */
export function isCeilingReached(state: AgentState, settings: CoreSettings, at: number): boolean {
  const { drainingSince, decision } = state.durable;
  if (settings.ceilingMs === undefined || drainingSince === null || decision === null) return false;
  return at - drainingSince >= settings.ceilingMs;
}
