import type { FleetReading, NodeReading } from '../fleet/registry.ts';
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

/** Its media has ended: no call can come any more. */
export function hasDrained(machine: SweptMachine): boolean {
  if (machine.reading.kind !== 'fresh' || !isKnownEmpty(machine)) return false;
  const { phase } = machine.reading.status;
  return phase === 'empty' || phase === 'leaving';
}

/** Nobody can say by it that there is no node. */
export function unreadRegistry({ problem }: Pick<FleetReading, 'problem'>): string {
  return `the pool's registry cannot be read (${problem ?? 'it was not read to its end'})`;
}
