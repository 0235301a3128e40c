import { sha256Of } from './bundle.ts';

/** A name in a space that all regions share. What is too long ends with a hash of the whole instead. */
export function globalName(name: string, region: string, most: number): string {
  const whole = `${name}-${region}`;
  if (whole.length <= most) return whole;
  const hash = sha256Of(whole).slice(0, 8);
  return `${whole.slice(0, most - hash.length - 1)}-${hash}`;
}
