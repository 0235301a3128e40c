import { sha256Of } from './bundle.ts';

/** By which a node tells the template that it was made from. It changes with whatever a node is made of. */
export function fingerprintOf(parts: readonly string[]): string {
  return sha256Of(parts.join('\n')).slice(0, 12);
}
