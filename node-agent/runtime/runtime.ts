import type { Outcome } from '../core/effect.ts';
import type { MediaProcess, RuntimeReading } from '../core/state.ts';

/** How the media process is found, signalled and started. No member rejects. */
export interface MediaRuntime {
  read(): Promise<RuntimeReading>;
  /** Sends the one drain signal, after a last look that this is still the same life of the process. */
  signal(process: MediaProcess): Promise<Outcome>;
  /** Forces the end: the signal again, or with `kill` the signal that cannot be refused. */
  cut(process: MediaProcess, kill: boolean): Promise<Outcome>;
  start(): Promise<Outcome>;
  /**
   * Nothing is to start these again by itself, until `start`. Absent where a process that fails again and again is given
   * up without our doing (systemd's start limit), or where nothing starts one.
   */
  keepDown?(names: readonly string[]): Promise<Outcome>;
}
