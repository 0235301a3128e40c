import type { RunningScaleSet } from '../compute/scale-set.ts';
import type { Aggregation, Comparison } from '../model.ts';

/** One minute of a set, by the cloud's clock: what Azure's `Percentage CPU` says of each of its machines. */
interface Sample {
  at: number;
  percents: number[];
}

export interface Wanted {
  /** Over the machines, in each minute. */
  statistic: Aggregation;
  /** Over the minutes. */
  aggregation: Aggregation;
  windowMs: number;
}

/** What the platform measures of a set's machines from outside: booting and draining ones are among them. */
export interface CpuMetric {
  take(now: number): void;
  /** Undefined where nothing was measured in that time. */
  read(wanted: Wanted, now: number): number | undefined;
}

const KEPT_MS = 3_600_000;

export function createCpuMetric(set: RunningScaleSet): CpuMetric {
  let samples: Sample[] = [];
  return {
    take(now) {
      const running = set.members().filter(({ power }) => power === 'running');
      const percents = running.flatMap(({ machine }) => (machine === undefined ? [] : [machine.cpu()]));
      samples = [...samples.filter(({ at }) => at > now - KEPT_MS), { at: now, percents }];
    },
    read({ statistic, aggregation, windowMs }, now) {
      const minutes = samples
        .filter(({ at, percents }) => at > now - windowMs && percents.length > 0)
        .map(({ percents }) => aggregate(percents, statistic));
      return minutes.length === 0 ? undefined : aggregate(minutes, aggregation);
    },
  };
}

function aggregate(values: readonly number[], how: Aggregation): number {
  switch (how) {
    case 'Average':
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    case 'Minimum':
      return Math.min(...values);
    case 'Maximum':
      return Math.max(...values);
  }
}

export function holds(value: number, comparison: Comparison, threshold: number): boolean {
  switch (comparison) {
    case 'GreaterThan':
      return value > threshold;
    case 'GreaterThanOrEqual':
      return value >= threshold;
    case 'LessThan':
      return value < threshold;
    case 'LessThanOrEqual':
      return value <= threshold;
  }
}
