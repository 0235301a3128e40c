import type { LifecycleState } from './lifecycle.ts';

/** A call that the provisioned policies do not allow, or that AWS would not have understood. */
export interface Refusal {
  /** ARN of the caller, or `anonymous`. */
  principal: string;
  /** As in a policy: `s3:GetObject`. */
  action: string;
  resource: string;
  why: string;
}

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

/** What happens in a twin cloud, as a watcher of the rehearsal wants to see it. */
export type TwinHappening =
  | {
      kind: 'instance';
      instance: string;
      zone: string;
      from: LifecycleState | 'none';
      to: LifecycleState;
      why: string;
    }
  /** The cloud has decided that this instance goes: it enters Terminating:Wait (control: it is taken away). */
  | { kind: 'decision'; instance: string; cause: TerminationCause }
  | { kind: 'booted'; instance: string }
  | { kind: 'boot-failed'; instance: string; problem: string }
  | { kind: 'desired'; from: number; to: number; by: 'target-tracking' | 'operator' | 'api'; why: string }
  | { kind: 'heartbeat'; instance: string; hook: string }
  | { kind: 'invoked'; function: string; event: unknown; answer: unknown; tookMs: number }
  | { kind: 'invocation-failed'; function: string; event: unknown; problem: string; tookMs: number }
  | { kind: 'function-log'; function: string; line: string }
  | { kind: 'alarm'; name: string; from: AlarmState; to: AlarmState }
  | { kind: 'notice'; instance: string; notice: 'spot' | 'rebalance' }
  | ({ kind: 'refused' } & Refusal)
  /** Something that the twin itself could not do: it fails the run. */
  | { kind: 'trouble'; problem: string };

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** `at`: real time, ms since the epoch. `cloudMs`: the twin's own clock, ms since its start. */
export type TwinEvent = TwinHappening & { at: number; cloudMs: number };
