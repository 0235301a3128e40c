import type { Guard } from '../guard.ts';
import { CHOICE_GUARDS } from '../guards.ts';

/** In what only AWS has. */
export const AWS_GUARDS: readonly Guard[] = [
  ...CHOICE_GUARDS,
  {
    // Other clouds have no such timer.
    name: 'the timer is kept alive, not only begun',
    file: 'node-agent/core/leave-rules.ts',
    guard: 'observed.heldAt === null || at - observed.heldAt >= settings.heartbeatMs',
    instead: 'observed.heldAt === null',
  },
  {
    // Elsewhere the floor is what the cloud recommends.
    name: 'a group that keeps a machine keeps one that serves',
    file: 'functions/aws/termination-policy/last-serving.ts',
    guard: 'return asked < machines.length || others.some(isKeptEmpty) ? 1 : 0;',
    instead: 'return 0;',
  },
  {
    name: 'a decided node that falls silent is still draining',
    file: 'functions/aws/termination-policy/decide.ts',
    guard: 'reading.ageMs < SILENT_MS &&',
    instead: 'false &&',
  },
];
