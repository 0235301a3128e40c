import type { Guard } from '../guard.ts';
import { CHOICE_GUARDS, LEVEL_GUARDS } from '../guards.ts';

/** In what only GCP has. */
export const GCP_GUARDS: readonly Guard[] = [
  ...CHOICE_GUARDS,
  ...LEVEL_GUARDS,
  {
    name: 'what an earlier machine of its name said is nothing',
    file: 'functions/level-triggered/world.ts',
    guard: 'return ofAnother ?',
    instead: 'return false ?',
  },
  {
    name: 'what was decided about an earlier machine of its name is nothing (function)',
    file: 'functions/level-triggered/world.ts',
    guard: "return decision.machine === machine && decision.intent === 'leave' ?",
    instead: "return decision.intent === 'leave' ?",
  },
  {
    name: 'what was decided about an earlier machine of its name is nothing (agent)',
    file: 'node-agent/clouds/mailbox.ts',
    guard: 'if (decision.machine !== machine || ',
    instead: 'if (',
  },
  {
    name: 'a run that another has overtaken decides nobody',
    file: 'functions/gcp/pruner/steps.ts',
    guard: 'if (!mayDecide || done.overtaken) return [];',
    instead: 'if (!mayDecide) return [];',
  },
  {
    name: 'a recommendation of 0 is none',
    file: 'functions/gcp/pruner/recommendation.ts',
    guard: "return unfit('the autoscaler recommends no size');",
    instead: "return { kind: 'known', size: 1, minimum: minNumReplicas };",
  },
  {
    name: 'an autoscaler that is not ACTIVE recommends nothing',
    file: 'functions/gcp/pruner/recommendation.ts',
    guard: "if (status !== 'ACTIVE') return",
    instead: 'if (false) return',
  },
];
