import type { Decision } from '../fleet/decision.ts';
import {
  type DecisionsReading,
  decisionOf,
  EMPTY_WORD_MS,
  type FleetReading,
  type NodeReading,
  readingOf,
} from '../fleet/registry.ts';
import { isEmptyWork } from '../fleet/status.ts';

/** `refuse`: nothing goes while there is, or may be, a call on it. `cut`: everything goes. */
export type OnDestroy = 'refuse' | 'cut';

/** A machine, and what the registry says of it. `state`: in the cloud's words. */
export interface SweptMachine {
  node: string;
  zone: string;
  state: string;
  reading: NodeReading;
}

export type SweepPlan<Step> =
  /** These have work, or it is not known: nothing is done. `machines` counts all that there are. */
  | { kind: 'refuse'; nodes: SweptMachine[]; machines: number }
  /** There is no group, and something speaks against it that there is none: this may be the wrong place to look. */
  | { kind: 'lost'; reason: string }
  | { kind: 'done' }
  /** Each step is safe to repeat. */
  | { kind: 'sweep'; steps: Step[]; waitsFor: SweptMachine[] };

export interface SweepRules {
  onDestroy: OnDestroy;
  /** Whether this sweep has changed something: from then on it waits where it would have refused. */
  begun: boolean;
}

/** It says so itself, now. */
export function isKnownEmpty({ reading }: SweptMachine): boolean {
  return reading.kind === 'fresh' && reading.status.work !== null && isEmptyWork(reading.status.work);
}

/** It says itself, now, that a call or a job is on it. */
export function hasWork({ reading }: SweptMachine): boolean {
  return reading.kind === 'fresh' && reading.status.work !== null && !isEmptyWork(reading.status.work);
}

/** Its media has ended, and it says so at this moment: one that boots again is not back sooner. */
export function hasDrained(machine: SweptMachine): boolean {
  const { reading } = machine;
  if (reading.kind !== 'fresh' || reading.ageMs > EMPTY_WORD_MS || !isKnownEmpty(machine)) return false;
  return reading.status.phase === 'empty' || reading.status.phase === 'leaving';
}

/** And for this very decision: one who is empty for another reason may serve again. */
export function hasDrainedFor(machine: SweptMachine, decision: Decision): boolean {
  const { reading } = machine;
  return reading.kind === 'fresh' && reading.status.decision?.id === decision.id && hasDrained(machine);
}

/** Before anything is begun: nothing goes while there is, or may be, a call on what is not over. */
function refusalFor<Machine extends SweptMachine>(
  machines: readonly Machine[],
  isOver: (machine: Machine) => boolean,
  { onDestroy, begun }: SweepRules,
): SweepPlan<never> | undefined {
  if (onDestroy !== 'refuse' || begun) return undefined;
  const nodes = machines.filter((machine) => !isOver(machine) && !isKnownEmpty(machine));
  return nodes.length === 0 ? undefined : { kind: 'refuse', nodes, machines: machines.length };
}

/** How a cloud's machines end. */
export interface Ending<Machine, Step> {
  /** Nothing runs on it, or the cloud is ending it already: nothing holds that up. */
  isOver(machine: Machine): boolean;
  endNow(machine: Machine): Step[];
  /** Only what is safe while there may be a call on it. */
  endWhenEmpty(machine: Machine): Step[];
}

/** Of a pool that is to be seen. `first`: what is of the whole pool, before any machine; `isLeft`: that there is more to wait for. */
export function planMachines<Machine extends SweptMachine, Step>(
  machines: readonly Machine[],
  { isOver, endNow, endWhenEmpty }: Ending<Machine, Step>,
  rules: SweepRules,
  { first = [], isLeft = false }: { first?: Step[]; isLeft?: boolean } = {},
): SweepPlan<Step> {
  const refusal = refusalFor(machines, isOver, rules);
  if (refusal !== undefined) return refusal;
  const steps = [...first, ...machines.flatMap(rules.onDestroy === 'cut' ? endNow : endWhenEmpty)];
  if (machines.length === 0 && steps.length === 0 && !isLeft) return { kind: 'done' };
  return { kind: 'sweep', steps, waitsFor: [...machines] };
}

/** Where nothing is to be seen of a pool. `doubt`: what else speaks against it that this is the right place to look. */
export function planForNothing(
  { begun }: SweepRules,
  fleet: FleetReading,
  doubt?: string | undefined,
): SweepPlan<never> {
  const reason = doubt ?? (fleet.complete ? undefined : unreadRegistry(fleet));
  return begun || reason === undefined ? { kind: 'done' } : { kind: 'lost', reason };
}

interface Known {
  fleet: FleetReading;
  decisions: DecisionsReading;
}

/**
 * What is known of one machine, and that it is to leave. A name may come again, and what an earlier machine said, or what
 * was decided of it, is nothing of this one. `isIt`: by the cloud's own id. `doubt`: why it is not known what was decided.
 */
export function knownOf(
  node: string,
  isIt: (machine: string | undefined) => boolean,
  { fleet, decisions }: Known,
  believed: (reading: NodeReading) => NodeReading = (reading) => reading,
): { reading: NodeReading; decision: Decision | undefined; doubt: string | undefined } {
  const reading = believed(readingOf(fleet, node));
  const ofAnother = reading.kind === 'fresh' && !isIt(reading.status.machine);
  const decided = decisionOf(decisions, node);
  const isOurs = decided.kind === 'decided' && isIt(decided.decision.machine);
  return {
    reading: ofAnother ? { kind: 'missing' } : reading,
    decision: isOurs && decided.decision.intent === 'leave' ? decided.decision : undefined,
    doubt: decided.kind === 'unknown' ? decided.reason : undefined,
  };
}

/** Nobody can say by it that there is no node. */
function unreadRegistry({ problem }: Pick<FleetReading, 'problem'>): string {
  return `the pool's registry cannot be read (${problem ?? 'it was not read to its end'})`;
}
