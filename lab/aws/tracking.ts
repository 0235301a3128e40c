import { type AlarmRules, type Datapoint, evaluateAlarm } from './alarm.ts';
import type { AlarmState } from './events.ts';
import type { Tracking } from './model.ts';

const MINUTE_MS = 60_000;
/** As the alarms look that AWS makes for a target-tracking policy. */
const HIGH_PERIODS = 3;
const LOW_PERIODS = 15;
const LOW_SHARE = 0.7;

export interface TrackingState {
  high: AlarmState;
  low: AlarmState;
}

export const NEW_TRACKING: TrackingState = { high: 'INSUFFICIENT_DATA', low: 'INSUFFICIENT_DATA' };

/** The group as target tracking sees it at the end of a minute. */
export interface TrackedGroup {
  min: number;
  max: number;
  desired: number;
  /** Instances in service and past their warm-up: those whose load counts. Draining ones are not among them. */
  counted: number;
  /** Some instance is still on its way into service or warming up. */
  warmingUp: boolean;
  /** Average CPU of the counted, as sampled. */
  cpu: readonly Datapoint[];
}

export interface TrackingDecision {
  state: TrackingState;
  desired: number;
  why?: string;
}

/** What a target-tracking policy asks for. Growth is quick and shrinking slow; while something warms up nothing shrinks. */
export function track(
  policy: Tracking,
  group: TrackedGroup,
  before: TrackingState,
  now: number,
): TrackingDecision {
  const state = {
    high: evaluateAlarm(highAlarm(policy), group.cpu, now, before.high),
    low: evaluateAlarm(lowAlarm(policy), group.cpu, now, before.low),
  };
  const latest = group.cpu.filter(({ at }) => at >= now - MINUTE_MS).map(({ value }) => value);
  if (latest.length === 0 || group.counted === 0) return { state, desired: group.desired };
  const cpu = latest.reduce((sum, value) => sum + value, 0) / latest.length;
  const wanted = Math.min(group.max, Math.max(group.min, Math.ceil((cpu * group.counted) / policy.target)));
  if (state.high === 'ALARM' && wanted > group.desired) {
    return {
      state,
      desired: wanted,
      why: `CPU ${Math.round(cpu)} % is above the target of ${policy.target} %`,
    };
  }
  if (state.low === 'ALARM' && wanted < group.desired && !policy.disableScaleIn && !group.warmingUp) {
    return {
      state,
      desired: wanted,
      why: `CPU ${Math.round(cpu)} % is below ${policy.target * LOW_SHARE} %`,
    };
  }
  return { state, desired: group.desired };
}

/** How long the averages must be kept. */
export const TRACKED_MS = (LOW_PERIODS + 1) * MINUTE_MS;

function highAlarm({ target }: Tracking): AlarmRules {
  return { ...alarm(HIGH_PERIODS), threshold: target, comparison: 'GreaterThanThreshold' };
}

function lowAlarm({ target }: Tracking): AlarmRules {
  return { ...alarm(LOW_PERIODS), threshold: target * LOW_SHARE, comparison: 'LessThanThreshold' };
}

function alarm(periods: number): Omit<AlarmRules, 'threshold' | 'comparison'> {
  return {
    statistic: 'Average',
    periodMs: MINUTE_MS,
    evaluationPeriods: periods,
    datapointsToAlarm: periods,
    missing: 'missing',
  };
}
