import type { Clock } from '../../fleet/clock.ts';
import type { Happening } from './happening.ts';
import type { VirtualNode } from './node.ts';
import type { CommonStep } from './step.ts';

/** How the machine of a node stands with its cloud. */
export type Standing =
  /** It counts, or is about to. */
  | 'in'
  /** The cloud has decided that it goes, and holds it for its agent. */
  | 'leaving'
  /** It left its group and runs on: somebody has to end it. */
  | 'kept'
  | 'gone';

export interface NodeInWorld {
  node: VirtualNode;
  standing: Standing;
}

/** What every world is made with. */
export interface WorldKit {
  clock: Clock;
  random: () => number;
  tell(happening: Happening): void;
  /** Something is wrong, and nothing needs to go on. */
  isOver(): boolean;
}

/** A cloud in memory, with machines, what runs on them, and the functions beside them. */
export interface World<Own> {
  /** In order of launch, those that are gone too. */
  nodes(): readonly NodeInWorld[];
  apply(step: CommonStep | Own): void;
  /** What is known to a person who looks at the cloud's own alarms now. */
  alarms(): string[];
}

/** A cloud that can be put to the test: a row in the table of runner.ts. `Plan`: how its world is made, as data. */
export interface ChaosCloud<Plan, Own extends { at: number; kind: string }> {
  name: string;
  /** How the world is made, and what happens in it before `calmAt` (ms): drawn from the seed alone. */
  draw(random: () => number): { plan: Plan; steps: (CommonStep | Own)[]; calmAt: number };
  bounds(plan: Plan): Bounds;
  create(plan: Plan, kit: WorldKit): World<Own>;
}

/** What the operator of this world allowed. */
export interface Bounds {
  maxDrains: number;
  /** Undefined: no call may be cut, ever. */
  cutAfterMs: number | undefined;
  /** A drain that takes longer is told. */
  warnAfterMs: number;
}
