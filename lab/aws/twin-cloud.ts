import type { MachineFactory } from '../machine.ts';
import type { Refusal, TwinEvent } from './events.ts';
import type { FaultPort } from './faults.ts';
import type { LifecycleState } from './lifecycle.ts';
import type { AwsModel } from './model.ts';
import type { ScalingGroup } from './scaling-group.ts';

export interface TwinOptions {
  /** What is provisioned at first (`applyProgram`). Any number of twins can be made of one model. */
  model: AwsModel;
  machines: MachineFactory;
  /**
   * `control`: the same provisioned stack, but hooks, termination policy, functions and the agent's unit are ignored;
   * a victim is taken away at once.
   */
  mode: 'ebbtide' | 'control';
  /**
   * How many times faster than real time the cloud's slow clocks run: alarm windows, schedules, hook timeouts,
   * warm-ups. S3 dates, function timeouts and credentials are in real time.
   */
  factor: number;
  /** What the happenings are told to, from the first on. */
  onEvent?: (event: TwinEvent) => void;
  /** How long an instance's keys are valid, in real ms. Six hours unless told. */
  credentialsMs?: number;
}

export interface TwinInstance {
  id: string;
  zone: string;
  state: LifecycleState;
  /** The twin's own clock, ms since its start. */
  launchedAt: number;
  /** The machine still runs, whatever the group says. */
  running: boolean;
}

/** A twin AWS with one account, one region and what one program provisioned in it. */
export interface TwinCloud {
  /** Where every service of it answers (AWS_ENDPOINT_URL), once it has started. */
  readonly endpoint: string;
  /** Its own clock: ms since it started. */
  now(): number;
  faults: FaultPort;
  /** Opens its servers and loads its functions; then the group begins to launch, alarms and schedules begin to run. */
  start(): Promise<void>;
  onEvent(listener: (event: TwinEvent) => void): () => void;
  /** The only one there is; throws where there is none, or another one. */
  group(): { name: string; min: number; max: number; desired: number };
  /** Those that there are. */
  groups(): readonly ScalingGroup[];
  /**
   * What is provisioned changes while the twin runs; instances that run are not disturbed. Rejects, changing nothing,
   * where AWS would refuse.
   */
  provision(model: AwsModel): Promise<void>;
  /** Every instance that the twin ever launched, the ended ones too. */
  instances(): TwinInstance[];
  /** As an operator in the console would; rejects outside [min, max]. */
  setDesiredCapacity(desired: number): void;
  /** The group lets one go for this cause, through the termination policy (as instance refresh or rebalancing does). */
  replaceOne(cause: 'INSTANCE_REFRESH' | 'MAX_INSTANCE_LIFETIME' | 'REBALANCE'): void;
  /** The group calls it unhealthy: replaced past the policy, but not past the hook. */
  markUnhealthy(instance: string): void;
  /** Taken back in two (twin) minutes, as spot instances are; nothing holds that up. */
  reclaimSpot(instance: string): void;
  recommendRebalance(instance: string): void;
  /** The machine dies, as hardware does. */
  crash(instance: string): Promise<void>;
  tag(instance: string, key: string, value: string): void;
  /** An object as it lies in a bucket, or undefined. Past all policies: for the rehearsal's own eyes. */
  object(bucket: string, key: string): string | undefined;
  putObject(bucket: string, key: string, body: string): void;
  removeObject(bucket: string, key: string): void;
  /** Every key in a bucket; none where there is no such bucket. */
  keys(bucket: string): string[];
  /** Credentials of a role for a test's own calls, as STS would give them. */
  assume(
    roleName: string,
    session: string,
  ): { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  /** Credentials of a person with every right. */
  assumeOperator(): { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  refused(): Refusal[];
  /** Sum over all machines of how long each ran (has run), in the twin's seconds. */
  nodeSeconds(): number;
  /** Machines that still run and are neither in the group nor on their way out. */
  leaked(): string[];
  /** Ends every machine, function and server. */
  close(): Promise<void>;
}
