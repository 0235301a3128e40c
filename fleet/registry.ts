import type { Decision } from './decision.ts';
import type { NodeStatus } from './status.ts';
import type { StatusSignature } from './status-signature.ts';

/**
 * How old the word of a node may be that it is empty, where a machine is ended for it: one that boots again is not back
 * sooner, and its media server takes rooms at once. A node that waits for its end says it anew every `EMPTY_EVERY_MS`.
 */
export const EMPTY_WORD_MS = 12_000;
export const EMPTY_EVERY_MS = 5_000;

/** Older than this, by the store's clock, a status says nothing about the present. Nodes write every 20 s. */
export const STALE_AFTER_MS = 60_000;

/**
 * What a reader knows of one node. Only `fresh` is knowledge; all else is unknown, and unknown is never empty.
 * `ageMs` is by the store's clock. `last` of a stale one: its last words, where they were asked for. `signature`: only
 * where statuses are signed; of one that is not believed, why.
 */
export type NodeReading =
  | { kind: 'fresh'; status: NodeStatus; ageMs: number; signature?: StatusSignature }
  | { kind: 'stale'; ageMs: number; last?: NodeStatus }
  | { kind: 'missing' }
  | { kind: 'unreadable'; reason: string; signature?: Exclude<StatusSignature, 'right'> };

/**
 * `complete: false` says that the list was not read to its end (`problem` says why): absence then proves nothing. An
 * object that could not be read is there as `unreadable`.
 */
export interface FleetReading {
  nodes: Map<string, NodeReading>;
  complete: boolean;
  problem?: string;
}

export type DecisionReading =
  | { kind: 'decided'; decision: Decision }
  | { kind: 'none' }
  | { kind: 'unknown'; reason: string };

/** The decisions about some nodes. `complete: false`: the list was not read to its end, so absence proves nothing. */
export interface DecisionsReading {
  decisions: Map<string, DecisionReading>;
  complete: boolean;
  problem?: string;
}

/** `corrupt`: it was read and makes no sense. `unknown`: it could not be read, and may be there. */
export type MemoryReading =
  | { kind: 'found'; memory: unknown }
  | { kind: 'none' }
  | { kind: 'corrupt'; reason: string }
  | { kind: 'unknown'; reason: string };

/** What of a fleet is to be read, where that is not all of it. */
export interface FleetQuestion {
  /** Whose stale statuses are read. */
  lastWordsOf?: ReadonlySet<string>;
  /** Stale statuses of anybody are read, so old at most: some of them, where they are many. */
  lastWordsWithinMs?: number;
  /** Whose status is read first: the smallest. undefined: it is not read at all, and that node is unknown. */
  turnOf?: (node: string) => number | undefined;
  /** Nothing is read before the list is: where it must be whole, reads only take its time. */
  listFirst?: boolean;
  /** Who has probably a status: a long list is read in parts, from one of these to another, side by side. */
  expected?: readonly string[];
}

/** Where nodes say how they are, and where functions, routers and people read it. */
export interface Registry {
  /**
   * Reads the statuses that there are, all of them where nothing else is asked, until `signal` aborts: what was not read
   * by then is unknown. Stale ones are read only as far as their last words are asked for. Never rejects.
   */
  readFleet(signal?: AbortSignal, question?: FleetQuestion): Promise<FleetReading>;
  /** Writes a node's own status. Rejects when the store did not take it. */
  writeStatus(status: NodeStatus): Promise<void>;
  readDecision(node: string): Promise<DecisionReading>;
  /** What is decided about any of these nodes: listed first, so that only what is there is read. Never rejects. */
  readDecisions(nodes: ReadonlySet<string>, signal?: AbortSignal): Promise<DecisionsReading>;
  /** Rejects when the store did not take it. */
  writeDecision(decision: Decision, signal?: AbortSignal): Promise<void>;
  /** A function's own memory between its runs. Never rejects. */
  readMemory(name: string, signal?: AbortSignal): Promise<MemoryReading>;
  /** Rejects when the store did not take it. */
  writeMemory(name: string, memory: unknown, signal?: AbortSignal): Promise<void>;
}

/** The decision about one node: absent from an incomplete reading is not the same as none. */
export function decisionOf(
  { decisions, complete, problem }: DecisionsReading,
  node: string,
): DecisionReading {
  const none: DecisionReading = complete
    ? { kind: 'none' }
    : { kind: 'unknown', reason: `the decisions were not read to their end: ${problem ?? 'unknown cause'}` };
  return decisions.get(node) ?? none;
}

/** The reading of one node out of a fleet reading: absent from an incomplete reading is not the same as missing. */
export function readingOf(fleet: FleetReading, node: string): NodeReading {
  const reading = fleet.nodes.get(node);
  if (reading) return reading;
  if (fleet.complete) return { kind: 'missing' };
  return {
    kind: 'unreadable',
    reason: `the registry was not read to its end: ${fleet.problem ?? 'unknown cause'}`,
  };
}
