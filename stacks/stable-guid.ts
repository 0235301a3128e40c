import { sha256Of } from './bundle.ts';

/** The same words give the same GUID: for what a cloud wants named by one, and must not be made anew by each update. */
export function stableGuid(...words: string[]): string {
  const hash = sha256Of(words.join('\n'));
  const variant = '89ab'[Number.parseInt(hash.charAt(16), 16) % 4];
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `5${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-');
}
