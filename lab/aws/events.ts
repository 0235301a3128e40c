import type { Happening, Timed } from '../cloud/events.ts';
import type { LifecycleState } from './lifecycle.ts';

/** Why the group lets an instance go. The first four are what a termination policy may be asked for. */
export type TerminationCause =
  | 'SCALE_IN'
  | 'INSTANCE_REFRESH'
  | 'MAX_INSTANCE_LIFETIME'
  | 'REBALANCE'
  | 'UNHEALTHY'
  | 'LAUNCH_ABANDONED'
  | 'SPOT'
  | 'API';

type Told<Kind extends Happening['kind']> = Extract<Happening, { kind: Kind }>;

/** What happens in a twin AWS: what every cloud tells, with AWS's own words beside it. */
export type AwsHappening =
  | Exclude<Happening, { kind: 'instance' | 'decision' | 'alarm' | 'heartbeat' }>
  | (Told<'instance'> & { from: LifecycleState | 'none'; to: LifecycleState })
  /** The instance enters Terminating:Wait (control: it is taken away). */
  | (Told<'decision'> & { cause: TerminationCause })
  | (Told<'heartbeat'> & { hook: string })
  | (Told<'alarm'> & { from: AlarmState; to: AlarmState });

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export type AwsEvent = Timed<AwsHappening>;
