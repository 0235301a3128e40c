import type { Datapoint } from './alarm.ts';

/** Metric data by the cloud's clock, each under its namespace, name and exact set of dimensions. */
export interface Metrics {
  put(namespace: string, name: string, dimensions: Readonly<Record<string, string>>, value: number): void;
  data(namespace: string, name: string, dimensions: Readonly<Record<string, string>>): readonly Datapoint[];
}

const KEPT_MS = 3 * 3_600_000;

export function createMetrics(now: () => number): Metrics {
  const series = new Map<string, Datapoint[]>();
  return {
    put(namespace, name, dimensions, value) {
      const key = keyOf(namespace, name, dimensions);
      const kept = (series.get(key) ?? []).filter(({ at }) => at > now() - KEPT_MS);
      series.set(key, [...kept, { at: now(), value }]);
    },
    data: (namespace, name, dimensions) => series.get(keyOf(namespace, name, dimensions)) ?? [],
  };
}

function keyOf(namespace: string, name: string, dimensions: Readonly<Record<string, string>>): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
