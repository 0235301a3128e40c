import type { FaultPort } from '../cloud/faults.ts';
import type { TwinCloud, TwinInstance, TwinRun } from '../cloud/twin-cloud.ts';
import type { AwsEvent } from './events.ts';
import type { LifecycleState } from './lifecycle.ts';
import type { AwsModel } from './model.ts';
import type { ScalingGroup } from './scaling-group.ts';

export interface AwsTwinOptions extends TwinRun {
  /** What is provisioned at first (`applyProgram`). Any number of twins can be made of one model. */
  model: AwsModel;
  /** What the happenings are told to, from the first on. */
  onEvent?: (event: AwsEvent) => void;
  /** How long an instance's keys are valid, in real ms. Six hours unless told. */
  credentialsMs?: number;
}

export interface AwsInstance extends TwinInstance {
  state: LifecycleState;
}

/** What of a twin AWS can be told to fail. */
export type AwsFaulty =
  | 's3'
  | 'autoscaling'
  | 'elasticloadbalancing'
  | 'monitoring'
  | 'ssm'
  | 'imds'
  | 'lambda';

/** A twin AWS with one account, one region and what one program provisioned in it. */
export interface AwsTwin extends TwinCloud {
  /** Where every service of it answers (AWS_ENDPOINT_URL), once it has started. */
  readonly endpoint: string;
  faults: FaultPort<AwsFaulty>;
  onEvent(listener: (event: AwsEvent) => void): () => void;
  /** Those that there are. */
  groups(): readonly ScalingGroup[];
  /**
   * What is provisioned changes while the twin runs; instances that run are not disturbed. Rejects, changing nothing,
   * where AWS would refuse.
   */
  provision(model: AwsModel): Promise<void>;
  instances(): AwsInstance[];
  /** Who is in a target group, by id, in the order of coming. */
  targetsOf(targetGroup: string): string[];
  /** The group lets one go for this cause, through the termination policy (as instance refresh or rebalancing does). */
  replaceOne(cause: 'INSTANCE_REFRESH' | 'MAX_INSTANCE_LIFETIME' | 'REBALANCE'): void;
  /** The group calls it unhealthy: replaced past the policy, but not past the hook. */
  markUnhealthy(instance: string): void;
  /** Taken back in two (twin) minutes, as spot instances are; nothing holds that up. */
  reclaimSpot(instance: string): void;
  recommendRebalance(instance: string): void;
  tag(instance: string, key: string, value: string): void;
  /** Credentials of a role for a test's own calls, as STS would give them. */
  assume(
    roleName: string,
    session: string,
  ): { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  /** Credentials of a person who has just what this policy, as it is written, allows. */
  assumePerson(policy: string): { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  /** Credentials of a person with every right. */
  assumeOperator(): { accessKeyId: string; secretAccessKey: string; sessionToken: string };
}
