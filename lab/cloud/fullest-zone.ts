/** The zone that has the most of them; of several the one that was seen first. */
export function fullestZone(instances: readonly { zone: string }[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { zone } of instances) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
