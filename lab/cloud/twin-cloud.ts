import type { ObjectMetadata } from '../../fleet/object-store.ts';
import type { MachineFactory } from '../machine.ts';
import type { Refusal, Standing, TwinEvent } from './events.ts';

export interface TwinInstance {
  /** As a node of the fleet is called on this cloud. */
  id: string;
  zone: string;
  standing: Standing;
  /** In the cloud's own words, for people. */
  state: string;
  /** The twin's own clock, ms since its start. */
  launchedAt: number;
  /** The machine still runs, whatever the cloud says. */
  running: boolean;
}

/** How large the group is to be, and within which bounds. */
export interface GroupSize {
  name: string;
  min: number;
  max: number;
  /** GCP calls it the target size. */
  desired: number;
}

/** A twin of any cloud, with one account and what one program provisioned in it. */
export interface TwinCloud {
  /** Its own clock: ms since it started. */
  now(): number;
  /** Opens its servers and loads its functions; then the group begins to launch, alarms and schedules begin to run. */
  start(): Promise<void>;
  onEvent(listener: (event: TwinEvent) => void): () => void;
  /** The only one that there is; undefined where none is provisioned (any more). */
  size(): GroupSize | undefined;
  /** As the cloud's own autoscaler would, or a person; throws outside of the group's bounds. */
  setDesiredCapacity(desired: number): void;
  /** Every instance that the twin ever launched, the ended ones too. */
  instances(): TwinInstance[];
  /** The machine dies, as hardware does. */
  crash(instance: string): Promise<void>;
  /** An object as it lies in a bucket, or undefined. Past all policies: for the rehearsal's own eyes. */
  object(bucket: string, key: string): string | undefined;
  putObject(bucket: string, key: string, body: string, metadata?: ObjectMetadata): void;
  removeObject(bucket: string, key: string): void;
  /** Every key in a bucket; none where there is no such bucket. */
  keys(bucket: string): string[];
  refused(): Refusal[];
  /** Sum over all machines of how long each ran (has run), in the twin's seconds. */
  nodeSeconds(): number;
  /** Machines that still run and are neither in the group nor on their way out. */
  leaked(): string[];
  /** Ends every machine, function and server. */
  close(): Promise<void>;
}

/** How a twin is run, whatever was provisioned in it. */
export interface TwinRun {
  machines: MachineFactory;
  /**
   * `control`: the same provisioned stack, but all that is Ebbtide's is ignored (hooks, policies, functions, the agent's
   * unit), and a victim is taken away at once.
   */
  mode: 'ebbtide' | 'control';
  /**
   * How many times faster than real time the cloud's slow clocks run: alarm windows, schedules, hook timeouts,
   * warm-ups. Dates of the store, function timeouts and credentials are in real time.
   */
  factor: number;
}

/** A twin of what was provisioned; nothing happens in it before `start`. `onEvent`: told from the first on. */
export type NewTwin = (run: TwinRun & { onEvent?: (event: TwinEvent) => void }) => TwinCloud;
