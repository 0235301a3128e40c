import { createHash } from 'node:crypto';
import type { Place } from './place.ts';

/** Where a program's cloud is, and where its functions will be. */
export interface PaperPlace extends Place {
  /** `http://127.0.0.1:PORT`. It is known before they run, as the addresses of real ones are. */
  functionsAt: string;
}

/** Google's own ids: digits alone, the same for the same seed. */
export function digits(seed: string, length: number): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  const [first = '1', ...others] = [...hex].map((digit) => String(Number.parseInt(digit, 16) % 10));
  return [first === '0' ? '1' : first, ...others].join('').slice(0, length);
}

export function selfLink(path: string): string {
  return `https://www.googleapis.com/compute/v1/${path}`;
}
