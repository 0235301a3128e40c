import { abortAfter, type Clock } from '../../../fleet/clock.ts';
import { describeError } from '../../../fleet/error.ts';
import type { Compute } from '../../../fleet/gcp/compute.ts';
import { type GcpMachine, readPool } from '../../../fleet/gcp/pool-machines.ts';
import type { Registry } from '../../../fleet/registry.ts';
import type { SharedMemory } from '../../../fleet/shared-memory.ts';
import type { MachinesReading, PoolWorld, RecommendationReading } from '../../level-triggered/world.ts';
import { LAST_WORDS_MS } from '../../watch/finding.ts';
import { recommendationOf } from './recommendation.ts';

export interface WorldTools {
  compute: Compute;
  registry: Pick<Registry, 'readFleet' | 'readDecisions'>;
  memory: SharedMemory;
  clock: Clock;
  /** What was not read by then is unknown. */
  readBudgetMs: number;
}

export interface ReadWorld {
  world: PoolWorld<GcpMachine>;
  /** Of the memory in it. */
  memoryVersion: string | undefined;
}

/**
 * The memory before all else, and decisions last: whatever another run has begun by then is in the one or in the other,
 * or that run has written the memory anew, and this one will find that it may not. Never rejects.
 */
export async function readWorld(tools: WorldTools): Promise<ReadWorld> {
  const { compute, registry, memory, clock, readBudgetMs } = tools;
  const patience = abortAfter(clock, readBudgetMs);
  const { signal } = patience;
  const remembered = await memory.read(signal);
  const [[machines, decisions], recommendation, fleet] = await Promise.all([
    readMachines(compute, signal).then(async (reading) => {
      const nodes = reading.kind === 'known' ? reading.machines.map(({ node }) => node) : [];
      return [reading, await registry.readDecisions(new Set(nodes), signal)] as const;
    }),
    readRecommendation(compute, signal),
    registry.readFleet(signal, { lastWordsWithinMs: LAST_WORDS_MS }),
  ]);
  patience.letGo();
  const now = clock.now();
  return {
    world: { machines, recommendation, fleet, decisions, memory: remembered.memory, now },
    memoryVersion: remembered.version,
  };
}

async function readMachines(compute: Compute, signal: AbortSignal): Promise<MachinesReading<GcpMachine>> {
  try {
    const { group, machines } = await readPool(compute, signal);
    if (group === undefined) return { kind: 'unknown', reason: 'there is no such instance group' };
    return { kind: 'known', machines };
  } catch (cause) {
    return { kind: 'unknown', reason: describeError(cause) };
  }
}

async function readRecommendation(compute: Compute, signal: AbortSignal): Promise<RecommendationReading> {
  try {
    return recommendationOf(await compute.readAutoscaler(signal));
  } catch (cause) {
    return { kind: 'unknown', reason: describeError(cause), trouble: 'unread' };
  }
}
