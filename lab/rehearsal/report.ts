import type { CloudName } from '../cloud/names.ts';

export type Mode = 'ebbtide' | 'control';

/** What one run came to. The same day is run twice: with Ebbtide, and as a control without. */
export interface RunReport {
  cloud: CloudName;
  media: 'twin' | 'container' | 'livekit';
  mode: Mode;
  /** Machines that the group wanted back, and those of them that are gone. */
  scaleIns: { asked: number; done: number };
  rooms: number;
  participants: number;
  /** Participants whose call ended because a machine was taken away (or its media server was told to stop at once). */
  callsCut: number;
  /** Participants whose call ended with a crash. */
  callsLost: number;
  /** From the cloud's decision to the media server's signal, one for each drain. */
  signalMs: number[];
  /** From the cloud's decision to the machine's end, one for each drain. */
  drainMs: number[];
  /** From a node's word that it is empty to the machine's end, one for each drain that had both. */
  releaseMs: number[];
  /** In the cloud's time. */
  nodeSeconds: number;
  /** What the machines that left would have cost from their end to the day's, in the cloud's time. */
  nodeSecondsSaved: number;
  /** Machines that run at the end and are neither in their group nor on their way out. */
  leaked: number;
  /** API calls that the provisioned policies did not allow. */
  refusedCalls: number;
}

/** What came of one cloud. */
export interface Outcome {
  cloud: CloudName;
  /** None where the rehearsal itself failed. */
  runs: RunReport[];
  /** Why it did not show what it must, in plain words; empty where it did. */
  shortcomings: string[];
}

/** A cloud that this machine cannot rehearse. */
export interface LeftOut {
  cloud: CloudName;
  why: string;
}

/** Of all clouds together. */
export interface Report {
  ok: boolean;
  shortcomings: string[];
  leftOut: readonly LeftOut[];
  runs: RunReport[];
}

export function reportOf(outcomes: readonly Outcome[], leftOut: readonly LeftOut[]): Report {
  const shortcomings = outcomes.flatMap(({ cloud, shortcomings }) =>
    shortcomings.map((text) => `${cloud}: ${text}`),
  );
  const runs = outcomes.flatMap((outcome) => outcome.runs);
  return { ok: shortcomings.length === 0 && runs.length > 0, shortcomings, leftOut, runs };
}

/** What makes a rehearsal fail besides its figures: something of the rehearsal itself went wrong. */
export interface Trouble {
  /** Absent where it concerns both. */
  mode?: Mode;
  text: string;
}

/** From here on a standstill may be the cause of all that went wrong: people miss their media server after 5 s. */
const TOLD_STANDSTILL_MS = 5_000;

/** Why the rehearsal did not show what it must show; empty where it did. */
export function shortcomings(
  runs: readonly RunReport[],
  troubles: readonly Trouble[],
  stoodStillMs = 0,
): string[] {
  const found = [...shownBy(runs), ...grouped(troubles)];
  if (found.length === 0 || stoodStillMs < TOLD_STANDSTILL_MS) return found;
  const seconds = Math.round(stoodStillMs / 1000);
  return [
    `this machine stood still for ${seconds} s: all that follows may come of that. Run it again while less goes on here`,
    ...found,
  ];
}

/** What their figures do not show. */
function shownBy(runs: readonly RunReport[]): string[] {
  const found: string[] = [];
  for (const run of runs) {
    const who = run.mode === 'ebbtide' ? 'With Ebbtide' : 'Without Ebbtide';
    const say = (text: string) => found.push(`${who} ${text}`);
    if (run.scaleIns.done === 0)
      say(`no machine left (${run.scaleIns.asked} asked back): nothing was rehearsed`);
    if (run.callsLost > 0) say(`${run.callsLost} calls were lost to a crash, and no crash was planned`);
    if (run.participants === 0) say('nobody was in a call');
    if (run.mode === 'control') {
      if (run.callsCut === 0) say('nothing was cut either: this day proves nothing');
      continue;
    }
    if (run.callsCut > 0) say(`${run.callsCut} calls were cut`);
    if (run.leaked > 0) say(`${run.leaked} machines were leaked`);
    if (run.refusedCalls > 0) say(`${run.refusedCalls} calls to the cloud were refused`);
    if (run.scaleIns.done < run.scaleIns.asked) {
      say(`only ${run.scaleIns.done} of ${run.scaleIns.asked} machines that were asked back are gone`);
    }
    if (run.signalMs.length < run.drainMs.length) {
      say(`${run.drainMs.length - run.signalMs.length} drains ended without a signal to their media server`);
    }
  }
  for (const mode of ['ebbtide', 'control'] as const) {
    if (!runs.some((run) => run.mode === mode)) found.push(`there was no run in mode ${mode}`);
  }
  return found;
}

/** What goes wrong each minute is told once. */
function grouped(troubles: readonly Trouble[]): string[] {
  const counts = new Map<string, number>();
  for (const { mode, text } of troubles) {
    const told =
      mode === undefined ? text : `${mode === 'ebbtide' ? 'With Ebbtide' : 'Without Ebbtide'}: ${text}`;
    counts.set(told, (counts.get(told) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => (count === 1 ? text : `${text} (${count} times)`));
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
