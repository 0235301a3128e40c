import * as v from 'valibot';
import { type Decision, decisionSchema } from './decision.ts';
import { describeError } from './error.ts';
import { readListed } from './listed-objects.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import {
  type DecisionReading,
  type DecisionsReading,
  type FleetQuestion,
  type FleetReading,
  type NodeReading,
  type Registry,
  STALE_AFTER_MS,
} from './registry.ts';
import { memoryKey, readMemoryObject } from './shared-memory.ts';
import { statusSchema } from './status.ts';
import { SIGNATURE_METADATA, type SignedStatus, type StatusSignature } from './status-signature.ts';

const STATUSES = 'statuses/';
const DECISIONS = 'decisions/';
/** Where a whole fleet has fallen silent, its last words are not worth as many reads. */
const RECENT_READ = 100;

export interface BucketRegistryOptions {
  store: ObjectStore;
  /** The name that the cloud binds to the one node, without `.json`; by default the node id itself. */
  statusName?: (node: string) => string;
  /** Where statuses are signed: tells whether one is its own node's. */
  verify?: VerifyStatus | undefined;
}

export type VerifyStatus = (status: SignedStatus) => StatusSignature;

/** The registry on the pool's own private object store: `statuses/`, `decisions/` and `memory/`, one object each. */
export function createBucketRegistry(options: BucketRegistryOptions): Registry {
  const { store } = options;
  const statusName = options.statusName ?? ((node) => node);
  return {
    readFleet: (signal, question = {}) => readFleet(options, question, signal),
    writeStatus: (status) => store.put(`${STATUSES}${statusName(status.node)}.json`, JSON.stringify(status)),
    readDecision: (node) => readDecision(store, node),
    readDecisions: (nodes, signal) => readDecisions(store, nodes, signal),
    async writeDecision(decision, signal) {
      const body = JSON.stringify(v.parse(decisionSchema, decision));
      await store.put(`${DECISIONS}${decision.node}.json`, body, signal);
    },
    readMemory: async (name, signal) => (await readMemoryObject(store, name, signal)).memory,
    writeMemory: (name, memory, signal) => store.put(memoryKey(name), JSON.stringify(memory), signal),
  };
}

/** The node that a status key belongs to: on AWS `statuses/ROLEID:i-1.json` is of `i-1`, elsewhere the name itself. */
export function nodeOfStatusKey(key: string): string {
  const name = key.slice(STATUSES.length).replace(/\.json$/, '');
  return name.slice(name.indexOf(':') + 1);
}

async function readFleet(
  options: BucketRegistryOptions,
  { lastWordsOf, lastWordsWithinMs = 0, turnOf = () => 0, expected = [], listFirst }: FleetQuestion,
  signal?: AbortSignal,
): Promise<FleetReading> {
  const nodes = new Map<string, NodeReading>();
  /** Stale ones that are read for nothing but their last words, by their keys. */
  const recent = new Map<string, NodeReading>();
  const turn = ({ key, ageMs }: StoredObject) => {
    const node = nodeOfStatusKey(key);
    if (ageMs > STALE_AFTER_MS && !lastWordsOf?.has(node)) {
      // Whatever an old one says is of the past: it hides none that is fresh.
      const stale = { kind: 'stale', ageMs } as const;
      if (ageMs > lastWordsWithinMs || recent.size >= RECENT_READ) {
        if (!nodes.has(node)) nodes.set(node, stale);
        return undefined;
      }
      recent.set(key, stale);
      return Number.MAX_SAFE_INTEGER;
    }
    const its = turnOf(node);
    if (its === undefined) nodes.set(node, { kind: 'unreadable', reason: `${key}: others were read first` });
    return its;
  };
  const read = async (key: string) => {
    const node = nodeOfStatusKey(key);
    const reading = await readStatus(options, key, node, signal);
    const stale = recent.get(key);
    if (stale === undefined) nodes.set(node, reading);
    else if ((nodes.get(node) ?? stale).kind === 'stale')
      nodes.set(node, reading.kind === 'stale' || reading.kind === 'fresh' ? reading : stale);
  };
  const keysOf = (listed: string) => {
    const before = listed.slice(0, listed.length - `${nodeOfStatusKey(listed)}.json`.length);
    return expected.map((node) => `${before}${node}.json`);
  };
  return {
    nodes,
    ...(await readListed({ store: options.store, prefix: STATUSES, turn, read, keysOf, listFirst, signal })),
  };
}

async function readDecisions(
  store: ObjectStore,
  nodes: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<DecisionsReading> {
  const decisions = new Map<string, DecisionReading>();
  const nodeOf = (key: string) => key.slice(DECISIONS.length, -'.json'.length);
  const read = async (key: string) => {
    const node = nodeOf(key);
    decisions.set(node, await readDecision(store, node, signal));
  };
  // Decisions about nodes that are long gone lie there too.
  const turn = ({ key }: StoredObject) => (nodes.has(nodeOf(key)) ? 0 : undefined);
  return { decisions, ...(await readListed({ store, prefix: DECISIONS, turn, read, signal })) };
}

async function readStatus(
  { store, verify }: BucketRegistryOptions,
  key: string,
  node: string,
  signal?: AbortSignal,
): Promise<NodeReading> {
  try {
    const object = await store.get(key, signal);
    if (object === undefined) return { kind: 'missing' };
    const status = v.parse(statusSchema, JSON.parse(object.body));
    if (status.node !== node) {
      return { kind: 'unreadable', reason: `${key} speaks of ${status.node}, not of its own node` };
    }
    const { ageMs } = object;
    const signed = object.metadata?.[SIGNATURE_METADATA];
    const signature = verify?.({ node, objectKey: key, body: object.body, signature: signed });
    if (ageMs > STALE_AFTER_MS) {
      const isBelieved = signature === undefined || signature === 'right';
      return { kind: 'stale', ageMs, ...(isBelieved ? { last: status } : {}) };
    }
    return { kind: 'fresh', status, ageMs, ...(signature === undefined ? {} : { signature }) };
  } catch (cause) {
    return { kind: 'unreadable', reason: `${key}: ${describeError(cause)}` };
  }
}

async function readDecision(
  store: ObjectStore,
  node: string,
  signal?: AbortSignal,
): Promise<DecisionReading> {
  const key = `${DECISIONS}${node}.json`;
  try {
    const object = await store.get(key, signal);
    if (object === undefined) return { kind: 'none' };
    const decision: Decision = v.parse(decisionSchema, JSON.parse(object.body));
    if (decision.node !== node) return { kind: 'unknown', reason: `${key} speaks of ${decision.node}` };
    return { kind: 'decided', decision };
  } catch (cause) {
    return { kind: 'unknown', reason: `${key}: ${describeError(cause)}` };
  }
}
