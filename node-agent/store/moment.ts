import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import type { DurableState } from '../core/state.ts';

/**
 * One moment by two clocks: `at` is the agent's (ms since the epoch, from the wall's time at its start), `upMs` that of
 * this boot, which nobody can set. `boot` names the boot; undefined where the system does not tell.
 */
export interface Moment {
  at: number;
  boot?: string | undefined;
  upMs: number;
}

/** The moment by this machine's clocks, told anew at each call. */
export async function createMoment(now: () => number): Promise<() => Moment> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    // Systems other than Linux have no such file, and the wall's time is then believed.
    () => undefined,
  );
  return () => ({ at: now(), boot, upMs: uptime() * 1000 });
}

/**
 * What was written at one moment, as it is to be read at another: whoever set the wall's clock meanwhile has neither
 * reached a ceiling by that nor put it off. After another boot only the wall could tell how long it took, and it may have
 * been set: everything is as old as when it was written, since those who were on calls then are not any more, and a
 * ceiling that comes late cuts nobody. Nothing lies ahead.
 */
export function carriedOver(state: DurableState, written: Moment | undefined, now: Moment): DurableState {
  const passedMs = written === undefined ? undefined : vouchedFor(written, now);
  const setByMs = written === undefined || passedMs === undefined ? 0 : now.at - written.at - passedMs;
  const moved = (at: number) => Math.min(now.at, at + setByMs);
  const movedIfSet = (at: number | null) => (at === null ? null : moved(at));
  return {
    ...state,
    bootedAt: moved(state.bootedAt),
    since: moved(state.since),
    drainingSince: movedIfSet(state.drainingSince),
    signalledAt: movedIfSet(state.signalledAt),
    emptiedAt: movedIfSet(state.emptiedAt),
    signals: state.signals.map((record) => ({ ...record, at: moved(record.at) })),
    lostBefore: state.lostBefore && { ...state.lostBefore, at: moved(state.lostBefore.at) },
  };
}

/** How long it took by a clock that nobody sets; undefined where there is none, and the wall's is believed. */
function vouchedFor(written: Moment, now: Moment): number | undefined {
  if (written.boot === undefined || now.boot === undefined) return undefined;
  return written.boot === now.boot ? now.upMs - written.upMs : 0;
}
