export const EVERYWHERE = '0.0.0.0/0';

/** Ranges that settings name, and those from which balancers come: whoever may come from everywhere may come from there already. */
export function withRanges(named: string[], balancers: string[]): string[] {
  return named.includes(EVERYWHERE) ? named : [...new Set([...named, ...balancers])];
}
