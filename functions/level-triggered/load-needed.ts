import { SILENT_MS } from '../../fleet/node-reading.ts';
import type { Place } from '../../fleet/pool-machine.ts';
import { type AgedMachine, type Standing, standingOf } from './standing.ts';
import type { RecommendationReading } from './world.ts';

/** Of the target: fuller the others must not become by a scale-in, or the pool would grow again. */
const FULL = 0.8;
/** What a processor load is not exact by. */
const ROUNDING = 1e-9;

/**
 * The load that a pool may have, in nodes that are full, as it is shrunk by. A node of which nothing is known counts as one that is full, as does one
 * that serves and does not know its load: what is not known is never little. One that has been silent for an hour counts
 * no more: by then the alarms have called a person.
 */
function loadOf(machines: readonly AgedMachine[], bootTimeoutMs: number): number {
  return machines.reduce((sum, machine) => sum + loadOfOne(machine, standingOf(machine, bootTimeoutMs)), 0);
}

function loadOfOne({ reading, ageMs }: AgedMachine, standing: Standing): number {
  switch (standing) {
    case 'serving':
      return reading.kind === 'fresh' ? (reading.status.cpu ?? 1) : 1;
    case 'unknown': {
      const silentForMs = reading.kind === 'stale' ? reading.ageMs : reading.kind === 'missing' ? ageMs : 0;
      return silentForMs >= SILENT_MS ? 0 : 1;
    }
    case 'coming':
    case 'aside':
    case 'gone':
      return 0;
  }
}

/**
 * What is still on nodes that are on their way out. It is no reason to grow; yet those who meet there next will meet
 * elsewhere, so that it is one not to shrink further.
 */
function loadOnTheWayOut(machines: readonly AgedMachine[], bootTimeoutMs: number): number {
  return machines.reduce((sum, machine) => {
    if (standingOf(machine, bootTimeoutMs) !== 'gone' || !RUNNING.has(machine.place)) return sum;
    const { reading } = machine;
    if (reading.kind === 'missing') return sum;
    if (reading.kind !== 'fresh') return sum + loadOfOne(machine, 'unknown');
    const { phase, cpu } = reading.status;
    return phase === 'draining' || phase === 'serving' || phase === 'cordoned' ? sum + (cpu ?? 1) : sum;
  }, 0);
}

const RUNNING: ReadonlySet<Place> = new Set(['in-group', 'unsettled', 'leaving-group', 'outside']);

/** How many nodes carry a load, each filled to `target` at most. */
function nodesFor(load: number, target: number): number {
  return Math.ceil(load / target - ROUNDING);
}

export interface SizeRules {
  min: number;
  max: number;
  /** From 0 to 1: how full a node should be; undefined where the load says nothing of the size. */
  targetCpu?: number | undefined;
  bootTimeoutMs: number;
}

/** What is grown by. */
export interface GrowthRules extends SizeRules {
  /** For so long after it began to serve, the load of a node is that of its own beginning. */
  warmUpMs: number;
}

/** How many nodes are to serve, by the load that is known: grown to at once. */
export function wantedSize(machines: readonly AgedMachine[], rules: GrowthRules): number {
  const { min, max, targetCpu } = rules;
  const needed = targetCpu === undefined ? min : nodesFor(knownLoadOf(machines, targetCpu, rules), targetCpu);
  return Math.min(max, Math.max(min, needed));
}

/**
 * What is not known costs nobody a machine: nodes whose words are lost, or taken away, would make the pool as big as it
 * may be. One that does not know its load, or is just beginning to serve, is as full as it should be at most.
 */
function knownLoadOf(
  machines: readonly AgedMachine[],
  target: number,
  { bootTimeoutMs, warmUpMs }: GrowthRules,
): number {
  return machines.reduce((sum, machine) => {
    const { reading } = machine;
    if (standingOf(machine, bootTimeoutMs) !== 'serving' || reading.kind !== 'fresh') return sum;
    const { cpu, at, since } = reading.status;
    // Both by the node's own clock.
    const isWarm = Date.parse(at) - Date.parse(since) >= warmUpMs;
    return sum + (cpu === null ? target : isWarm ? cpu : Math.min(cpu, target));
  }, 0);
}

/**
 * How many are enough, for a pool that no cloud recommends a size for: with some room above what the load needs. Where the
 * load says nothing, only the maximum does.
 */
export function recommendationByLoad(
  machines: readonly AgedMachine[],
  rules: SizeRules,
): Extract<RecommendationReading, { kind: 'known' }> {
  const { min, max, targetCpu, bootTimeoutMs } = rules;
  const load = loadOf(machines, bootTimeoutMs) + loadOnTheWayOut(machines, bootTimeoutMs);
  const enough = targetCpu === undefined ? max : nodesFor(load, targetCpu * FULL);
  return { kind: 'known', size: Math.min(max, Math.max(min, enough, 1)), minimum: min };
}
