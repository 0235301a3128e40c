import type { Outcome } from '../core/effect.ts';
import type { TargetReading } from '../core/state.ts';

/** Which machine this is. */
export interface MachineIdentity {
  node: string;
  zone: string;
  address: string;
}

export type InterruptionReading =
  | { kind: 'none' }
  | { kind: 'interrupted'; deadline: number }
  | { kind: 'unknown'; reason: string };

export type FlagReading = { kind: 'known'; set: boolean } | { kind: 'unknown'; reason: string };

/** What an agent needs of the cloud that it runs in. No member rejects: what fails is a reading or an outcome. */
export interface Cloud {
  /** undefined while the cloud cannot tell yet. */
  identify(): Promise<MachineIdentity | undefined>;
  readTarget(): Promise<TargetReading>;
  readInterruption(): Promise<InterruptionReading>;
  readRebalance(): Promise<FlagReading>;
  readProtected(): Promise<FlagReading>;
  /** Tells the cloud that this machine takes work. */
  ready(): Promise<Outcome>;
  /** Keeps the cloud's timer alive. `nothing-to-do`: no timer runs. */
  hold(): Promise<Outcome>;
  /** Gives the empty machine back. `nothing-to-do`: the cloud does not wait for us (yet). */
  release(): Promise<Outcome>;
}
