import { describeDoubt, isAbsent } from './absence.ts';
import type { CoreSettings } from './settings.ts';
import { isUp } from './signal-rules.ts';
import type { AgentState } from './state.ts';
import { known, type Step, unchanged } from './step.ts';
import { recordOf, runningProcesses, workNow } from './work.ts';

/** What this agent does not do (yet), and why: each a word of its own, for those who count them. */
export const REFUSALS = {
  /** Of what makes a function choose this node, as far as it is the node's own affair. */
  choice: ['protected', 'work-unknown'],
  /** The media's one signal. */
  signal: ['media-too-young', 'uncertain', 'state-not-written', 'not-sent'],
  /** To call itself empty although no media process runs. */
  empty: ['runtime-unknown', 'media-starts-again', 'media-unseen'],
  /** To give the machine back although it is empty. */
  release: ['not-asked', 'no-proof', 'state-not-written', 'status-not-published', 'no-hook', 'failed'],
  /** What an operator asked for. */
  resume: ['cloud-takes-it', 'not-proven', 'still-draining'],
} as const;

type RefusedThing = keyof typeof REFUSALS;
export interface Refusal {
  of: string;
  reason: string;
}

/** `signal uncertain` and the like. */
export function refusalKey({ of, reason }: Refusal): string {
  return `${of} ${reason}`;
}

/** Counts what begins to stand in the way; what goes on standing there is one occasion. */
export function noteRefusals(state: AgentState, settings: CoreSettings, at: number): Step {
  const { refusing, refusals } = state.observed;
  const keys = [...new Set(refusalsNow(state, settings, at).map(refusalKey))];
  if (keys.join() === refusing.join()) return unchanged(state);
  const begun = keys.filter((key) => !refusing.includes(key));
  return known(state, { refusing: keys, refusals: begun.reduce(countOne, refusals) });
}

/** An operator was told no. */
export function countRefusal(
  state: AgentState,
  of: 'resume',
  reason: (typeof REFUSALS)['resume'][number],
): AgentState {
  return known(state, { refusals: countOne(state.observed.refusals, refusalKey({ of, reason })) }).state;
}

function countOne(refusals: Readonly<Record<string, number>>, key: string): Record<string, number> {
  return { ...refusals, [key]: (refusals[key] ?? 0) + 1 };
}

/** What stands in the way at this moment. */
function refusalsNow(state: AgentState, settings: CoreSettings, at: number): Refusal[] {
  switch (state.durable.phase) {
    case 'booting':
    case 'leaving':
      return [];
    case 'serving':
      return choiceRefusals(state, settings, at);
    case 'draining':
      return [...signalRefusals(state, at), ...emptyRefusals(state, settings, at)];
    case 'empty':
      return releaseRefusals(state, settings, at);
  }
}

type Reason<Of extends RefusedThing> = (typeof REFUSALS)[Of][number];

function standing<Of extends RefusedThing>(of: Of, reasons: readonly (Reason<Of> | false)[]): Refusal[] {
  return reasons.flatMap((reason) => (reason === false ? [] : [{ of, reason }]));
}

function choiceRefusals(state: AgentState, settings: CoreSettings, at: number): Refusal[] {
  const work = workNow(state, settings, at);
  return standing('choice', [
    state.observed.protected && 'protected',
    work.kind === 'unknown' && 'work-unknown',
  ]);
}

function signalRefusals(state: AgentState, at: number): Refusal[] {
  const { save, signal } = state.observed;
  return runningProcesses(state).flatMap((process) => {
    const record = recordOf(state, process);
    if (record === undefined) return standing('signal', [!isUp(state, process, at) && 'media-too-young']);
    if (record.state === 'uncertain') return standing('signal', ['uncertain']);
    if (record.state !== 'about-to-signal') return [];
    return standing('signal', [
      save.failingSince !== null && 'state-not-written',
      signal.failingSince !== null && 'not-sent',
    ]);
  });
}

function emptyRefusals(state: AgentState, settings: CoreSettings, at: number): Refusal[] {
  const { runtime } = state.observed;
  if (runtime === null || isAbsent(state, settings, at)) return [];
  if (runtime.kind === 'unknown') return standing('empty', ['runtime-unknown']);
  if (runtime.running.length > 0) return [];
  return standing('empty', [
    runtime.willStart.length > 0 && 'media-starts-again',
    describeDoubt(state) !== '' && 'media-unseen',
  ]);
}

function releaseRefusals(state: AgentState, settings: CoreSettings, at: number): Refusal[] {
  const { durable, observed } = state;
  if (durable.decision?.intent !== 'leave') return [];
  return standing('release', [
    observed.target !== 'leave' && 'not-asked',
    !isAbsent(state, settings, at) && 'no-proof',
    observed.save.failingSince !== null && 'state-not-written',
    settings.leavesBy === 'status' && observed.publish.failingSince !== null && 'status-not-published',
    observed.hookEnded && 'no-hook',
    observed.release.failingSince !== null && 'failed',
  ]);
}
