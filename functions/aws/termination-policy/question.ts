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
  const turns = new Map(inOrder(wanted, settings, now).map(({ node }, index) => [node, 1 + index]));
  // A cause that takes unknown nodes too must know of as many as it can: one of them may be protected.
  const leavesOut = digest !== undefined && isOnlyKnown(cause);
  const most = SPARE + demands.reduce((sum, { count }) => sum + count, 0);
  return {
    lastWordsOf: decided,
    listFirst: leavesOut,
    expected: machines.map(({ node }) => node),
    turnOf(node) {
      if (!offered.has(node) || decided.has(node)) return 0;
      const turn = turns.get(node);
      if (!leavesOut) return turn ?? turns.size + 1;
      return turn !== undefined && turn <= most ? turn : undefined;
    },
  };
}
