/** The lifecycle states of an instance in a group that the twin knows (warm pools and standby come later). */
export type LifecycleState =
  | 'Pending'
  | 'Pending:Wait'
  | 'Pending:Proceed'
  | 'InService'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed'
  | 'Terminating:Retained'
  | 'Terminated';

export type HookResult = 'CONTINUE' | 'ABANDON';

export interface Hook {
  name: string;
  transition: 'launching' | 'terminating';
  timeoutMs: number;
  defaultResult: HookResult;
}

/** The group's rules that one instance's life follows. */
export interface LifecycleRules {
  hooks: readonly Hook[];
  /** `retain`: a terminate hook that is abandoned or times out keeps the machine, outside the desired capacity. */
  terminateHookAbandon: 'retain' | 'terminate';
}

/** A hook that is waited for. Both limits are on the cloud's clock; heartbeats move the deadline, never the ceiling. */
export interface OpenHook {
  name: string;
  token: string;
  deadline: number;
  ceiling: number;
}

export interface Life {
  state: LifecycleState;
  waiting: readonly OpenHook[];
}

export type LifeEvent =
  | { kind: 'started'; token: string }
  | { kind: 'terminate'; token: string }
  | { kind: 'complete'; hook: string; token?: string | undefined; result: HookResult }
  | { kind: 'heartbeat'; hook: string; token?: string | undefined }
  | { kind: 'tick'; token: string }
  | { kind: 'gone' };

export type Transition =
  /** `through`: every state entered, in order; empty where the state stayed. */
  { kind: 'moved'; life: Life; through: LifecycleState[] } | { kind: 'refused'; why: string };

export const NEW_LIFE: Life = { state: 'Pending', waiting: [] };

const LONGEST_WAIT_MS = 48 * 3_600_000;
const MOST_TIMEOUTS = 100;

/** What becomes of an instance. `token` names the wait that the event may begin. */
export function step(life: Life, event: LifeEvent, now: number, rules: LifecycleRules): Transition {
  switch (event.kind) {
    case 'started':
      if (life.state !== 'Pending') return refused(`cannot start in state ${life.state}`);
      return beginLaunch(event.token, now, rules);
    case 'terminate':
      return terminate(life, event.token, now, rules);
    case 'complete': {
      const hook = findWait(life, event);
      if (!hook) return refused('no active lifecycle action found');
      return completeHook(life, hook, event.result, now, rules, hook.token);
    }
    case 'heartbeat': {
      const hook = findWait(life, event);
      const rule = rules.hooks.find(({ name }) => name === event.hook);
      if (!hook || !rule) return refused('no active lifecycle action found');
      const renewed = { ...hook, deadline: now + rule.timeoutMs };
      return stay({ ...life, waiting: life.waiting.map((each) => (each === hook ? renewed : each)) });
    }
    case 'tick':
      return expire(life, event.token, now, rules);
    case 'gone':
      return life.state === 'Terminated' ? stay(life) : moved(['Terminated'], []);
  }
}

/** When the next wait of this life runs out, on the cloud's clock. */
export function nextExpiry(life: Life): number | undefined {
  if (life.waiting.length === 0) return undefined;
  return Math.min(...life.waiting.map(expiryOf));
}

/** Instances that count as the group's capacity: those on their way out do not. */
export function isCapacity(state: LifecycleState): boolean {
  return state === 'InService' || state.startsWith('Pending');
}

/** What the instance metadata says: where the cloud wants this instance to be. */
export function targetState(state: LifecycleState): 'InService' | 'Terminated' {
  return isCapacity(state) ? 'InService' : 'Terminated';
}

function beginLaunch(token: string, now: number, rules: LifecycleRules): Transition {
  const waiting = openHooks('launching', token, now, rules);
  return waiting.length > 0 ? moved(['Pending:Wait'], waiting) : moved(['Pending:Proceed', 'InService'], []);
}

function terminate(life: Life, token: string, now: number, rules: LifecycleRules): Transition {
  if (life.state === 'Terminated') return refused('the instance is terminated');
  if (life.state.startsWith('Terminating') && life.state !== 'Terminating:Retained') {
    return refused('the instance is already being terminated');
  }
  return beginTermination(token, now, rules);
}

function beginTermination(token: string, now: number, rules: LifecycleRules): Transition {
  const waiting = openHooks('terminating', token, now, rules);
  return waiting.length > 0
    ? moved(['Terminating', 'Terminating:Wait'], waiting)
    : moved(['Terminating', 'Terminating:Proceed'], []);
}

function completeHook(
  life: Life,
  hook: OpenHook,
  result: HookResult,
  now: number,
  rules: LifecycleRules,
  token: string,
): Transition {
  const rest = life.waiting.filter((each) => each !== hook);
  if (life.state === 'Pending:Wait') {
    // An abandoned launch ends the instance by way of the terminate hook, as every termination does.
    if (result === 'ABANDON') return beginTermination(`${token}-abandoned`, now, rules);
    return rest.length > 0 ? stay({ ...life, waiting: rest }) : moved(['Pending:Proceed', 'InService'], []);
  }
  // ABANDON ends every other wait as well; CONTINUE waits for the others.
  if (result === 'ABANDON') {
    return rules.terminateHookAbandon === 'retain'
      ? moved(['Terminating:Retained'], [])
      : moved(['Terminating:Proceed'], []);
  }
  return rest.length > 0 ? stay({ ...life, waiting: rest }) : moved(['Terminating:Proceed'], []);
}

function expire(life: Life, token: string, now: number, rules: LifecycleRules): Transition {
  const expired = life.waiting.find((hook) => expiryOf(hook) <= now);
  if (!expired) return stay(life);
  const result = rules.hooks.find(({ name }) => name === expired.name)?.defaultResult ?? 'ABANDON';
  return completeHook(life, expired, result, now, rules, token);
}

function openHooks(
  transition: Hook['transition'],
  token: string,
  now: number,
  rules: LifecycleRules,
): OpenHook[] {
  return rules.hooks
    .filter((hook) => hook.transition === transition)
    .map(({ name, timeoutMs }) => ({
      name,
      token,
      deadline: now + timeoutMs,
      ceiling: now + Math.min(LONGEST_WAIT_MS, MOST_TIMEOUTS * timeoutMs),
    }));
}

function findWait(
  life: Life,
  { hook, token }: { hook: string; token?: string | undefined },
): OpenHook | undefined {
  return life.waiting.find((wait) => wait.name === hook && (token === undefined || token === wait.token));
}

function expiryOf({ deadline, ceiling }: OpenHook): number {
  return Math.min(deadline, ceiling);
}

function moved(through: LifecycleState[], waiting: readonly OpenHook[]): Transition {
  const state = through.at(-1) ?? 'Terminated';
  return { kind: 'moved', life: { state, waiting }, through };
}

function stay(life: Life): Transition {
  return { kind: 'moved', life, through: [] };
}

function refused(why: string): Transition {
  return { kind: 'refused', why };
}
