/** A decision's id: sorts by time, tells apart what is decided in one moment, and is short enough to say aloud. */
export function createDecisionId(now: number, random: () => number = Math.random): string {
  const time = now.toString(36).padStart(9, '0');
  const rest = Math.floor(random() * 36 ** 5)
    .toString(36)
    .padStart(5, '0');
  return `${time}-${rest}`;
}
