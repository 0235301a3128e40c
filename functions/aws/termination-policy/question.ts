import type { TerminationPolicySettings } from '../../../fleet/aws-function-settings.ts';
import { inOrder, isIn } from '../../../fleet/choose-victims.ts';
import type { FleetQuestion, MemoryReading } from '../../../fleet/registry.ts';
import { type Digest, isWholeFleetRead } from '../digest.ts';
import { decidedNodes, isOnlyKnown } from './decide.ts';
import type { TerminationRequest } from './request.ts';

/** So many more candidates are read than are asked for: some are not fit any more, and all are read in a moment. */
const SPARE = 200;

/** What is known before the registry is read. */
export interface Asked {
  request: TerminationRequest;
  memory: MemoryReading;
  digest: Digest | undefined;
  now: number;
}

/**
 * Pure: what of the registry is read, and what first. Of a large group, first whoever may be on its way out: those were
 * decided, or are not offered. Then candidates, as the digest orders them; who is not read is unknown. Without a digest
 * they come as they are listed, until time is up.
 */
export function questionOf(
  { request, memory, digest, now }: Asked,
  settings: TerminationPolicySettings,
): FleetQuestion {
  const decided = decidedNodes(memory);
  const { machines, demands, cause } = request;
  if (isWholeFleetRead(machines.length)) return { lastWordsOf: decided };
  const offered = new Map(machines.map((machine) => [machine.node, machine]));
  const wanted = (digest ?? []).filter(({ node }) => {
    const machine = offered.get(node);
    return machine !== undefined && demands.some((demand) => demand.count > 0 && isIn(machine, demand));
  });
  const ordered = inOrder(wanted, settings, now);
  const turns = new Map(ordered.map(({ node }, index) => [node, 1 + index]));
  const firstOf = demands.map((demand) => {
    const its = ordered.filter(({ node }) => {
      const machine = offered.get(node);
      return machine !== undefined && isIn(machine, demand);
    });
    return { demand, first: its.slice(0, SPARE + demand.count) };
  });
  const isRead = new Set(firstOf.flatMap(({ first }) => first.map(({ node }) => node)));
  // A cause that takes unknown nodes too must know of as many as it can: one of them may be protected.
  // A digest of other machines than these says nothing of whom to leave out.
  const hasEnough = firstOf.every(({ demand, first }) => first.length >= demand.count);
  const leavesOut = digest !== undefined && hasEnough && isOnlyKnown(cause);
  return {
    lastWordsOf: decided,
    listFirst: leavesOut,
    expected: machines.map(({ node }) => node),
    turnOf(node) {
      if (!offered.has(node) || decided.has(node)) return 0;
      const turn = turns.get(node);
      if (!leavesOut) return turn ?? turns.size + 1;
      return isRead.has(node) ? turn : undefined;
    },
  };
}
