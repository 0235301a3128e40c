import { constants } from 'node:os';
import type { UnitFile } from './unit-file.ts';

/** A unit as systemd would tell of it. */
export interface UnitState {
  readonly active: 'inactive' | 'activating' | 'active' | 'deactivating' | 'failed';
  readonly sub: 'dead' | 'start' | 'running' | 'exited' | 'auto-restart' | 'stop-sigterm' | 'failed';
  readonly result: 'success' | 'exit-code' | 'signal' | 'start-limit-hit';
  readonly mainPid: number;
  /** Of the last main process: 0 while it runs, 1 exited, 2 killed; and with which status or signal. */
  readonly exit: { readonly code: 0 | 1 | 2; readonly status: number };
  readonly startedMonotonicUs: number;
  readonly restarts: number;
}

export const AT_REST: UnitState = {
  active: 'inactive',
  sub: 'dead',
  result: 'success',
  mainPid: 0,
  exit: { code: 0, status: 0 },
  startedMonotonicUs: 0,
  restarts: 0,
};

/** How a main process ended, as Node tells it. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** To systemd these signals are an orderly end. */
const CLEAN_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'];

/** What becomes of a unit whose main process has ended. Where `sub` is then `auto-restart`, it tries again after RestartSec. */
export function afterEnd(file: UnitFile, state: UnitState, end: ProcessEnd): UnitState {
  const clean = end.code === 0 || (end.signal !== null && CLEAN_SIGNALS.includes(end.signal));
  const result = clean ? 'success' : end.signal === null ? 'exit-code' : 'signal';
  const ended: UnitState = {
    ...state,
    mainPid: 0,
    exit:
      end.signal === null
        ? { code: 1, status: end.code ?? 0 }
        : { code: 2, status: constants.signals[end.signal] },
    result,
  };
  const stopped = state.active === 'deactivating';
  if (file.type === 'oneshot' && clean && !stopped) return { ...ended, active: 'active', sub: 'exited' };
  const again = !stopped && (file.restart === 'always' || (file.restart === 'on-failure' && !clean));
  if (!again)
    return clean || stopped
      ? { ...ended, active: 'inactive', sub: 'dead' }
      : { ...ended, active: 'failed', sub: 'failed' };
  return { ...ended, active: 'activating', sub: 'auto-restart' };
}

/** A unit that was to start once too often. It keeps the result of what made it fail before. */
export function afterStartLimit(state: UnitState): UnitState {
  const result = state.result === 'success' ? 'start-limit-hit' : state.result;
  return { ...state, active: 'failed', sub: 'failed', result };
}

/** Whether one more start stays within the unit's StartLimit. */
export function mayStart(file: UnitFile, starts: readonly number[], now: number): boolean {
  const { intervalMs, burst } = file.startLimit;
  return intervalMs === 0 || starts.filter((at) => now - at < intervalMs).length < burst;
}

/** `systemctl show`, in systemd's own order. Without a file the unit is one that systemd has not found. */
export function renderProperties(
  name: string | undefined,
  file: UnitFile | undefined,
  state: UnitState,
): string {
  const lines = [
    `Type=${file?.type ?? 'simple'}`,
    `Restart=${file?.restart ?? 'no'}`,
    `RestartUSec=${(file?.restartMs ?? 100) / 1000}s`,
    `MainPID=${state.mainPid}`,
    `Result=${state.result}`,
    `NRestarts=${state.restarts}`,
    `ExecMainStartTimestampMonotonic=${state.startedMonotonicUs}`,
    `ExecMainPID=${state.mainPid}`,
    `ExecMainCode=${state.exit.code}`,
    `ExecMainStatus=${state.exit.status}`,
    `KillMode=${file?.killMode ?? 'control-group'}`,
    ...(name === undefined ? [] : [`Id=${name}`]),
    `LoadState=${file === undefined ? 'not-found' : 'loaded'}`,
    `ActiveState=${state.active}`,
    `SubState=${state.sub}`,
    `RefuseManualStop=${file?.refuseManualStop ? 'yes' : 'no'}`,
  ];
  return `${lines.join('\n')}\n`;
}
