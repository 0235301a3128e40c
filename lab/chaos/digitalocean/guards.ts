import type { Guard } from '../guard.ts';
import { CHOICE_GUARDS, LEVEL_GUARDS } from '../guards.ts';

const ORCHESTRATOR = 'functions/digitalocean/orchestrator';

/** In what only DigitalOcean has: its orchestrator, signed statuses, and what agents do for both. */
export const DIGITALOCEAN_GUARDS: readonly Guard[] = [
  ...CHOICE_GUARDS,
  ...LEVEL_GUARDS,
  {
    name: 'who is not signed is not believed',
    file: 'fleet/status-signature.ts',
    guard: "if (signature === undefined) return 'none';",
    instead: "if (signature === undefined) return 'right';",
  },
  {
    name: 'who is signed by another is not believed',
    file: 'fleet/status-signature.ts',
    guard: "timingSafeEqual(given, right) ? 'right' : 'wrong'",
    instead: "timingSafeEqual(given, right) ? 'right' : 'right'",
  },
  {
    name: 'what was signed before is no word of now',
    file: 'fleet/outdated-words.ts',
    guard: 'return isOfNow ?',
    instead: 'return true ?',
  },
  {
    name: 'of two runs at once one decides, and makes droplets',
    file: `${ORCHESTRATOR}/turn.ts`,
    guard: 'if (others !== undefined) {',
    instead: 'if (false) {',
  },
  {
    name: 'a list that does not show what was just written is not trusted',
    file: `${ORCHESTRATOR}/turn.ts`,
    guard: 'if (!seesItself)',
    instead: 'if (false)',
  },
  {
    name: 'no droplet is made of a list that failed',
    file: `${ORCHESTRATOR}/plan.ts`,
    guard: "return machines.kind === 'known' && fleet.complete",
    instead: 'return fleet.complete',
  },
  {
    name: 'a droplet is remembered before it is asked for',
    file: `${ORCHESTRATOR}/steps.ts`,
    guard: 'if (plan.nursery !== undefined) await registry.writeMemory(NURSERY, plan.nursery, signal);',
    instead: '',
  },
  {
    name: 'what was asked for and is not to be seen is waited for',
    file: 'functions/level-triggered/growth.ts',
    guard: 'const help = unseen + count(',
    instead: 'const help = count(',
  },
  {
    name: 'silent droplets hold their places below the maximum',
    file: 'functions/level-triggered/growth.ts',
    guard: "count((standing) => standing !== 'gone')",
    instead: "count((standing) => standing === 'serving' || standing === 'coming')",
  },
  {
    name: 'no more are paid for than the maximum and the drains',
    file: 'functions/level-triggered/growth.ts',
    guard: 'Math.min(below, max + maxDrains - unseen - machines.length)',
    instead: 'below',
  },
  {
    name: 'a decision is written before its droplet is tagged',
    file: `${ORCHESTRATOR}/steps.ts`,
    guard: 'if (isWritten) written.push(step);',
    instead: 'written.push(step);',
  },
  {
    name: 'who has announced himself has come up, however silent he is',
    file: 'functions/level-triggered/newborns.ts',
    guard: "if (announced.kind !== 'known' || announced.nodes.has(node)) return false;",
    instead: '',
  },
  {
    name: 'a droplet that speaks is found without its tag',
    file: `${ORCHESTRATOR}/read-world.ts`,
    guard: 'missingFrom(seen, [...births, ...speaking])',
    instead: 'missingFrom(seen, births)',
  },
  {
    name: 'a node of which nothing is known counts as load at its fullest',
    file: 'functions/level-triggered/load-needed.ts',
    guard: 'return silentForMs >= SILENT_MS ? 0 : 1;',
    instead: 'return 0;',
  },
  {
    name: 'a tag alone is no order',
    file: 'node-agent/clouds/digitalocean/digitalocean-cloud.ts',
    guard: 'const target = await readMailbox(registry, identity);',
    instead: `const { node, machine } = identity;
    const target = {
      kind: 'leave' as const,
      decision: { v: 1 as const, id: 'tag', node, machine, pool, at: '2026-01-05T09:00:00Z',
        by: 'orchestrator', cause: 'scale-in' as const, intent: 'leave' as const, reason: 'a tag' },
    };`,
  },
];
