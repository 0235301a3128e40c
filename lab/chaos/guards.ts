import type { Guard } from './guard.ts';

/** In what all clouds share: what the harness must miss when it is gone. */
export const COMMON_GUARDS: readonly Guard[] = [
  {
    name: 'a runtime that does not answer is no proof of absence',
    file: 'node-agent/core/runtime-news.ts',
    guard: 'const unknown = { absentSince: null,',
    instead: 'const unknown = { absentSince: state.observed.absentSince ?? at,',
  },
  {
    name: 'the intention is on disk before the signal',
    file: 'node-agent/core/signal-rules.ts',
    guard: 'if (record.revision > savedRevision || signalling.includes(record.process))',
    instead: 'if (signalling.includes(record.process))',
  },
  {
    name: 'a signal that may have arrived is not sent again',
    file: 'node-agent/core/state.ts',
    guard: "return { ...record, state: 'uncertain', at, revision: 0 };",
    instead: 'return { ...record, at, revision: 0 };',
  },
  {
    name: 'after a lost state, what is older than the agent is not trusted',
    file: 'node-agent/core/runtime-news.ts',
    guard: 'forgetGone(distrust(next, running, at), running)',
    instead: 'forgetGone(next, running)',
  },
  {
    name: 'an agent that starts again remembers its drain',
    file: 'node-agent/core/state.ts',
    guard: 'if (!state.signals.some(isUnfinished)) return state;',
    instead:
      "if (!state.signals.some(isUnfinished)) return { ...state, phase: 'booting', decision: null, signals: [] };",
  },
  {
    name: 'calls are cut only where the operator said so',
    file: 'node-agent/core/signal-rules.ts',
    guard: "!isCeilingReached(state, settings, at) || settings.onCeiling !== 'cut'",
    instead: '!isCeilingReached(state, settings, at)',
  },
  {
    name: 'what an operator hears is on disk',
    // Answered any sooner, but told as in doubt, it would be no promise.
    file: 'node-agent/core/command.ts',
    guard: 'promises: [...promises, { request, text, revision }]',
    instead: 'promises: [...promises, { request, text, revision: 0 }]',
  },
];

/** In the choice of whom to take, where the cloud's function makes it by the one that is written in TypeScript. */
export const CHOICE_GUARDS: readonly Guard[] = [
  {
    name: 'drains under way count against their bound',
    file: 'fleet/choose-victims.ts',
    guard: 'count: rules.maxDrains - rules.drainsUnderWay,',
    instead: 'count: rules.maxDrains,',
  },
  {
    name: 'a node of which nothing is known is not chosen',
    file: 'fleet/choose-victims.ts',
    guard: "if (rules.unknown === 'known-first') return undefined;",
    instead: "if (rules.unknown === 'known-first' || reading.kind !== 'fresh') return undefined;",
  },
];

/** In what a function shares with others that looks at the whole world in each run. */
export const LEVEL_GUARDS: readonly Guard[] = [
  {
    name: 'a machine is ended only once it says that it is empty: unknown is never empty',
    file: 'functions/level-triggered/removal.ts',
    guard: `if (status.phase !== 'empty' && status.phase !== 'leaving') return undefined;
  if (status.work === null || `,
    instead: 'if (status.work !== null && ',
  },
  {
    name: 'a machine is ended only once it says that it is empty: without work is not ended yet',
    file: 'functions/level-triggered/removal.ts',
    guard: "if (status.phase !== 'empty' && status.phase !== 'leaving') return undefined;",
    instead: '',
  },
  {
    name: 'a machine is ended only for a word of the last seconds',
    file: 'functions/level-triggered/removal.ts',
    guard: ' || reading.ageMs > EMPTY_WORD_MS',
    instead: '',
  },
  {
    name: 'a claim without a decision counts as a drain',
    file: 'functions/level-triggered/drains.ts',
    guard: 'claimed.has(seen.machine) || ',
    instead: '',
  },
  {
    name: 'a node wakes the function only after its status says that it is empty',
    file: 'node-agent/core/leave-rules.ts',
    guard: "if (settings.leavesBy === 'status' && !isTold(state)) return unchanged(state);",
    instead: '',
  },
];
