import type { Guard } from '../guard.ts';

/** In what only AWS has. */
export const AWS_GUARDS: readonly Guard[] = [
  {
    name: 'a decided node that falls silent is still draining',
    file: 'functions/aws/termination-policy/decide.ts',
    guard: 'return reading.ageMs < SILENT_MS &&',
    instead: 'return false &&',
  },
];
