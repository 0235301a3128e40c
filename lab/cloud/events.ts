/** A call that the provisioned policies do not allow, or that the cloud would not have understood. */
export interface Refusal {
  /** Whoever called, as the cloud names them, or `anonymous`. */
  principal: string;
  /** As in a policy of that cloud: `s3:GetObject`, `compute.instances.delete`. */
  action: string;
  resource: string;
  why: string;
}

/**
 * What every cloud knows of a machine, whatever it calls it. `draining`: decided that it goes, and it runs on. `kept`: it
 * runs on outside of the group and nobody has decided that it goes. `leaving`: it is being taken away.
 */
export type Standing = 'booting' | 'serving' | 'draining' | 'kept' | 'leaving' | 'gone';

/** What happens in a twin of any cloud, as a watcher of the rehearsal wants to see it. */
export type Happening =
  /** It stands otherwise than before; a `gone` one is told once, when its machine is off. */
  | { kind: 'instance'; instance: string; zone: string; standing: Standing; why: string }
  /**
   * The cloud has decided that this instance goes: told once for each. AWS: it enters Terminating:Wait; elsewhere: its
   * decision object is written; control: it is taken away. `scaleIn`: the group is to be smaller, not to have another
   * machine in its place. `cause`: in the cloud's own words.
   */
  | { kind: 'decision'; instance: string; scaleIn: boolean; cause: string }
  | { kind: 'booted'; instance: string }
  | { kind: 'boot-failed'; instance: string; problem: string }
  /** The size that the group is to have. */
  | { kind: 'desired'; from: number; to: number; by: string; why: string }
  | { kind: 'invoked'; function: string; event: unknown; answer: unknown; tookMs: number }
  | { kind: 'invocation-failed'; function: string; event: unknown; problem: string; tookMs: number }
  | { kind: 'function-log'; function: string; line: string }
  | { kind: 'alarm'; name: string; from: string; to: string }
  | { kind: 'notice'; instance: string; notice: string }
  /** Its agent keeps the cloud from taking it, where the cloud has a timer for that. */
  | { kind: 'heartbeat'; instance: string }
  | ({ kind: 'refused' } & Refusal)
  /** Something that the twin itself could not do: it fails the run. */
  | { kind: 'trouble'; problem: string };

/** `at`: real time, ms since the epoch. `cloudMs`: the twin's own clock, ms since its start. */
export type Timed<Told> = Told & { at: number; cloudMs: number };
export type TwinEvent = Timed<Happening>;
