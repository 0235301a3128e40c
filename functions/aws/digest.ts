import * as v from 'valibot';
import { type Standing, standingOf } from '../../fleet/choose-victims.ts';
import type { FleetReading, MemoryReading } from '../../fleet/registry.ts';

/**
 * How the nodes of a large pool stood when the watcher last read them all, in one object: the termination policy has a
 * second, in which no store gives it ten thousand. It says in which order to read, and nothing else: who is chosen, was
 * read by the policy itself.
 */
export const DIGEST_NAME = 'digest';

/** So many statuses can be read while a group waits: of no more nodes there is nothing to leave out. */
const READ_WHOLE = 1_000;

export function isWholeFleetRead(machines: number): boolean {
  return machines <= READ_WHOLE;
}

/** Known nodes that may be chosen. */
export type Digest = (Standing & { node: string })[];

const digestSchema = v.object({
  v: v.literal(1),
  /** Node, template, rooms and jobs, people, when it was booted. */
  nodes: v.array(v.tuple([v.string(), v.nullable(v.string()), v.number(), v.number(), v.number()])),
});

/** undefined: none is to be written, as the pool is small, or was not read to its end. */
export function digestOf({ nodes, complete }: FleetReading): v.InferInput<typeof digestSchema> | undefined {
  if (!complete || isWholeFleetRead(nodes.size)) return undefined;
  return {
    v: 1,
    nodes: [...nodes].flatMap(([node, reading]) => {
      if (reading.kind !== 'fresh' || reading.status.phase !== 'serving') return [];
      const { work } = reading.status;
      if (work === null || reading.status.protected) return [];
      const { template, roomsAndJobs, people, bootedAt } = standingOf(reading.status, work);
      return [[node, template ?? null, roomsAndJobs, people, bootedAt]];
    }),
  };
}

/** undefined where there is none, or none that makes sense. */
export function parseDigest(reading: MemoryReading): Digest | undefined {
  if (reading.kind !== 'found') return undefined;
  const parsed = v.safeParse(digestSchema, reading.memory);
  if (!parsed.success) return undefined;
  return parsed.output.nodes.map(([node, template, roomsAndJobs, people, bootedAt]) => ({
    node,
    template: template ?? undefined,
    roomsAndJobs,
    people,
    bootedAt,
  }));
}
