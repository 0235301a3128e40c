import type { Outcome } from '../core/effect.ts';
import type { Interruption, ScheduledEvent, TargetReading } from '../core/state.ts';

/** Which machine this is. */
export interface MachineIdentity {
  node: string;
  /** The cloud's own id of this one machine, where the name of a node may come again. */
  machine?: string;
  zone: string;
  address: string;
}

export type InterruptionReading =
  | { kind: 'none' }
  | ({ kind: 'interrupted' } & Interruption)
  | { kind: 'unknown'; reason: string };

/** What the cloud says ahead and does not insist on. */
export type AdviceReading =
  | { kind: 'none' }
  | { kind: 'advised'; text: string }
  | { kind: 'unknown'; reason: string };

export type FlagReading = { kind: 'known'; set: boolean } | { kind: 'unknown'; reason: string };

/** What the cloud has scheduled for this machine alone, and begins earlier where the machine consents. */
export type ScheduleReading =
  | { kind: 'known'; events: ScheduledEvent[] }
  | { kind: 'unknown'; reason: string };

export interface Schedule {
  read(): Promise<ScheduleReading>;
  /** Consents to these. */
  acknowledge(ids: string[]): Promise<Outcome>;
}

/** What an agent needs of the cloud that it runs in. No member rejects: what fails is a reading or an outcome. */
export interface Cloud {
  /** undefined while the cloud cannot tell yet. */
  identify(): Promise<MachineIdentity | undefined>;
  readTarget(): Promise<TargetReading>;
  readInterruption(): Promise<InterruptionReading>;
  readAdvice(): Promise<AdviceReading>;
  readProtected(): Promise<FlagReading>;
  /** Of a cloud that asks its machines before it does something to them. */
  schedule?: Schedule;
  /** Tells the cloud that this machine takes work. */
  ready(): Promise<Outcome>;
  /** Keeps the cloud's timer alive; done where the cloud has none. `nothing-to-do`: it should run, and does not. */
  hold(): Promise<Outcome>;
  /** Gives the empty machine back, or asks for it to be taken. `nothing-to-do`: the cloud does not wait for us (yet). */
  release(): Promise<Outcome>;
}
