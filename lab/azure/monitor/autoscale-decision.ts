import type { AutoscaleRule, AutoscaleSetting } from '../model.ts';
import type { CpuMetric } from './cpu-metric.ts';
import { holds } from './cpu-metric.ts';

export interface Scaling {
  capacity: number;
  why: string;
}

export interface AutoscaleWorld {
  capacity: number;
  metric: Pick<CpuMetric, 'read'>;
  now: number;
  /** Of the last time that it scaled; undefined for never. */
  scaledAt: number | undefined;
}

/**
 * What Azure's autoscale makes of its setting: any rule that says so adds, all rules that shrink must agree, bounds come
 * first, and it does not shrink where it would have to grow again at once.
 */
export function decideScaling(setting: AutoscaleSetting, world: AutoscaleWorld): Scaling | undefined {
  const { min, max, rules } = setting;
  const { capacity } = world;
  if (capacity < min) return { capacity: min, why: `the minimum is ${min}` };
  if (capacity > max) return { capacity: max, why: `the maximum is ${max}` };
  const increase = rules.filter(({ direction }) => direction === 'Increase');
  const decrease = rules.filter(({ direction }) => direction === 'Decrease');
  const growing = increase.filter((rule) => isDue(rule, world));
  if (growing.length > 0) {
    const by = Math.max(...growing.map((rule) => rule.by));
    const to = Math.min(max, capacity + by);
    return to === capacity ? undefined : { capacity: to, why: growing.map((rule) => told(rule)).join(', ') };
  }
  if (decrease.length === 0 || !decrease.every((rule) => isDue(rule, world))) return undefined;
  const to = Math.max(min, capacity - Math.min(...decrease.map((rule) => rule.by)));
  if (to === capacity || increase.some((rule) => wouldFlap(rule, to, world))) return undefined;
  return { capacity: to, why: decrease.map((rule) => told(rule)).join(', ') };
}

function isDue(rule: AutoscaleRule, { metric, now, scaledAt }: AutoscaleWorld): boolean {
  if (scaledAt !== undefined && now - scaledAt < rule.coolDownMs) return false;
  const value = metric.read(rule, now);
  return value !== undefined && holds(value, rule.comparison, rule.threshold);
}

/** The fullest node gets no fuller for what another leaves behind: only of the mean can it be told. */
function wouldFlap(rule: AutoscaleRule, to: number, { metric, now, capacity }: AutoscaleWorld): boolean {
  if (rule.statistic !== 'Average') return false;
  const value = metric.read(rule, now);
  return value !== undefined && holds((value * capacity) / to, rule.comparison, rule.threshold);
}

function told({ comparison, threshold }: AutoscaleRule): string {
  return `Percentage CPU ${comparison} ${threshold}`;
}

/** The rules that people give a set without Ebbtide: what it grows by at this load it gives back below it. */
export function withOrdinaryScaleIn(setting: AutoscaleSetting): AutoscaleSetting {
  const mirrored = setting.rules
    .filter(({ direction, statistic }) => direction === 'Increase' && statistic === 'Average')
    .map((rule): AutoscaleRule => ({ ...rule, direction: 'Decrease', comparison: 'LessThan', by: 1 }));
  return { ...setting, rules: [...setting.rules, ...mirrored] };
}
