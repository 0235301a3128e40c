import type { AlarmState } from './events.ts';
import type { Alarm } from './model.ts';

export interface Datapoint {
  at: number;
  value: number;
}

/** What an alarm needs of its definition. */
export type AlarmRules = Pick<
  Alarm,
  | 'statistic'
  | 'periodMs'
  | 'evaluationPeriods'
  | 'datapointsToAlarm'
  | 'threshold'
  | 'comparison'
  | 'missing'
>;

/**
 * The state of an alarm at the end of a period, from the data of its latest whole periods. M of N periods must breach;
 * a period without data is taken as the alarm says.
 */
export function evaluateAlarm(
  rules: AlarmRules,
  data: readonly Datapoint[],
  now: number,
  before: AlarmState,
): AlarmState {
  const end = Math.floor(now / rules.periodMs) * rules.periodMs;
  const periods = Array.from({ length: rules.evaluationPeriods }, (_, index) =>
    statisticOf(rules, data, end - (index + 1) * rules.periodMs, end - index * rules.periodMs),
  );
  const known = periods.filter((value) => value !== undefined);
  if (known.length === 0 && rules.missing === 'missing') return 'INSUFFICIENT_DATA';
  if (known.length === 0 && rules.missing === 'ignore') return before;
  const breaching = known.filter((value) => breaches(rules, value)).length;
  const absent = rules.missing === 'breaching' ? periods.length - known.length : 0;
  if (breaching + absent >= rules.datapointsToAlarm) return 'ALARM';
  // Too little is known to say that it is well: some of the missing ones may have breached.
  const couldBe = breaching + (periods.length - known.length);
  if (rules.missing === 'missing' && couldBe >= rules.datapointsToAlarm && before === 'INSUFFICIENT_DATA')
    return before;
  return 'OK';
}

function statisticOf(
  { statistic }: AlarmRules,
  data: readonly Datapoint[],
  from: number,
  to: number,
): number | undefined {
  const values = data.filter(({ at }) => at >= from && at < to).map(({ value }) => value);
  if (values.length === 0) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (statistic) {
    case 'Average':
      return sum / values.length;
    case 'Sum':
      return sum;
    case 'Minimum':
      return Math.min(...values);
    case 'Maximum':
      return Math.max(...values);
    case 'SampleCount':
      return values.length;
  }
}

function breaches({ comparison, threshold }: AlarmRules, value: number): boolean {
  switch (comparison) {
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'LessThanThreshold':
      return value < threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
  }
}
