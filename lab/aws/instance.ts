import { describeError } from '../../fleet/error.ts';
import type { CloudClock } from '../cloud/clock.ts';
import { uuid } from '../cloud/identifiers.ts';
import type { Machine } from '../machine.ts';
import type { AwsHappening, TerminationCause } from './events.ts';
import {
  type Life,
  type LifecycleRules,
  type LifecycleState,
  type LifeEvent,
  NEW_LIFE,
  nextExpiry,
  step,
} from './lifecycle.ts';
import { standingOf } from './standing.ts';

/** One machine of the group and what the cloud knows of it. Times without a unit are the cloud's own clock. */
export interface Instance {
  readonly id: string;
  readonly zone: string;
  readonly template: string;
  readonly launchedAt: number;
  readonly tags: Map<string, string>;
  life: Life;
  machine?: Machine;
  healthy: boolean;
  inServiceAt?: number;
  /** When the machine was off: it is billed until then. */
  stoppedAt?: number;
  /** The first decision that it goes. */
  cause?: TerminationCause;
  /** Real time, ms since the epoch: when the machine is taken, as its notice says. */
  spotDeadline?: number;
  rebalanceNoticedAt?: number;
  waits: number;
  cancelTimer?: () => void;
}

export interface LifeDeps {
  rules: LifecycleRules;
  clock: CloudClock;
  emit(happening: AwsHappening): void;
  /** After every change of state. */
  changed(): void;
}

export function createInstance(
  spec: Pick<Instance, 'id' | 'zone' | 'template' | 'launchedAt' | 'tags'>,
): Instance {
  return { ...spec, life: NEW_LIFE, healthy: true, waits: 0 };
}

/**
 * Moves an instance on and does what its new state asks for. Answers why not, where the event does not fit. `cause`
 * is who wants it gone, where the event is that.
 */
export function move(
  instance: Instance,
  event: LifeEvent,
  why: string,
  deps: LifeDeps,
  cause?: TerminationCause,
): { refused: string } | { refused?: never } {
  const from = instance.life.state;
  const transition = step(instance.life, event, deps.clock.now(), deps.rules);
  if (transition.kind === 'refused') return { refused: transition.why };
  instance.life = transition.life;
  let last: Life['state'] = from;
  for (const state of transition.through) {
    tellState(instance, last, state, why, deps);
    last = state;
  }
  if (transition.through.includes('InService')) instance.inServiceAt = deps.clock.now();
  if (transition.through.includes('Terminating')) {
    decide(instance, cause ?? (from === 'Pending:Wait' ? 'LAUNCH_ABANDONED' : 'API'), deps);
  }
  watchExpiry(instance, deps);
  if (transition.through.includes('Terminating:Proceed')) void powerOff(instance, 'terminated', deps);
  if (transition.through.length > 0) deps.changed();
  return {};
}

export function tellState(
  { id, zone }: Instance,
  from: LifecycleState | 'none',
  to: LifecycleState,
  why: string,
  { emit }: Pick<LifeDeps, 'emit'>,
): void {
  emit({ kind: 'instance', instance: id, zone, from, to, standing: standingOf(to), why });
}

/** Names a wait that may begin now. */
export function nextToken(instance: Instance): string {
  instance.waits += 1;
  return uuid(`${instance.id}#${instance.waits}`);
}

/** The cloud decides, once for an instance, that it goes. */
export function decide(instance: Instance, cause: TerminationCause, deps: Pick<LifeDeps, 'emit'>): void {
  if (instance.cause !== undefined) return;
  instance.cause = cause;
  deps.emit({ kind: 'decision', instance: instance.id, scaleIn: cause === 'SCALE_IN', cause });
}

/** The machine is taken away, whatever is on it. */
export async function powerOff(instance: Instance, why: string, deps: LifeDeps): Promise<void> {
  try {
    await instance.machine?.terminate();
    instance.stoppedAt ??= deps.clock.now();
  } catch (cause) {
    deps.emit({ kind: 'trouble', problem: `${instance.id} could not be ended: ${describeError(cause)}` });
  }
  instance.cancelTimer?.();
  move(instance, { kind: 'gone' }, why, deps);
}

function watchExpiry(instance: Instance, deps: LifeDeps): void {
  instance.cancelTimer?.();
  const expiry = nextExpiry(instance.life);
  if (expiry === undefined) {
    delete instance.cancelTimer;
    return;
  }
  instance.cancelTimer = deps.clock.at(expiry, () => {
    move(instance, { kind: 'tick', token: nextToken(instance) }, 'the lifecycle hook ran out of time', deps);
  });
}
