import * as v from 'valibot';
import { type Decision, decisionSchema } from './decision.ts';
import { describeError } from './error.ts';
import type { ObjectStore } from './object-store.ts';
import {
  type DecisionReading,
  type FleetReading,
  type MemoryReading,
  type NodeReading,
  type Registry,
  STALE_AFTER_MS,
} from './registry.ts';
import { statusSchema } from './status.ts';

const STATUSES = 'statuses/';
const DECISIONS = 'decisions/';
const MEMORY = 'memory/';
/** Reads under way at once. 1,000 statuses from a store that answers in 20 ms must fit in 1 s. */
const PARALLEL_READS = 64;

export interface BucketRegistryOptions {
  store: ObjectStore;
  /** The name that the cloud binds to the one node, without `.json`; by default the node id itself. */
  statusName?: (node: string) => string;
}

/** The registry on the pool's own private object store: `statuses/`, `decisions/` and `memory/`, one object each. */
export function createBucketRegistry(options: BucketRegistryOptions): Registry {
  const { store } = options;
  const statusName = options.statusName ?? ((node) => node);
  return {
    readFleet: (signal, lastWordsOf = new Set()) => readFleet(store, lastWordsOf, signal),
    writeStatus: (status) => store.put(`${STATUSES}${statusName(status.node)}.json`, JSON.stringify(status)),
    readDecision: (node) => readDecision(store, node),
    async writeDecision(decision, signal) {
      const body = JSON.stringify(v.parse(decisionSchema, decision));
      await store.put(`${DECISIONS}${decision.node}.json`, body, signal);
    },
    readMemory: (name, signal) => readMemory(store, name, signal),
    writeMemory: (name, memory, signal) => store.put(memoryKey(name), JSON.stringify(memory), signal),
  };
}

/** The node that a status key belongs to: on AWS `statuses/ROLEID:i-1.json` is of `i-1`, elsewhere the name itself. */
export function nodeOfStatusKey(key: string): string {
  const name = key.slice(STATUSES.length).replace(/\.json$/, '');
  return name.slice(name.indexOf(':') + 1);
}

/**
 * Lists to the end while reading what is listed, and does not let slow reads hold up the list: a list that is complete
 * knows at least of every node that there is one.
 */
async function readFleet(
  store: ObjectStore,
  lastWordsOf: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<FleetReading> {
  const nodes = new Map<string, NodeReading>();
  const waiting: { key: string; node: string }[] = [];
  const readers = new Set<Promise<void>>();

  async function readAllWaiting(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      nodes.set(next.node, await readStatus(store, next.key, next.node, signal));
    }
  }

  let problem: string | undefined;
  try {
    for await (const page of store.list(STATUSES, signal)) {
      for (const { key, ageMs } of page) {
        if (!key.endsWith('.json')) continue;
        const node = nodeOfStatusKey(key);
        // Whatever an old one says is of the past: it is not worth a read, and hides none that is fresh.
        if (ageMs <= STALE_AFTER_MS || lastWordsOf.has(node)) waiting.push({ key, node });
        else if (!nodes.has(node)) nodes.set(node, { kind: 'stale', ageMs });
      }
      while (waiting.length > 0 && readers.size < PARALLEL_READS) {
        const reader: Promise<void> = readAllWaiting().finally(() => readers.delete(reader));
        readers.add(reader);
      }
    }
  } catch (cause) {
    problem = describeError(cause);
  }
  await Promise.all(readers);
  return problem === undefined ? { nodes, complete: true } : { nodes, complete: false, problem };
}

async function readStatus(
  store: ObjectStore,
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
    if (object.ageMs > STALE_AFTER_MS) return { kind: 'stale', ageMs: object.ageMs, phase: status.phase };
    return { kind: 'fresh', status, ageMs: object.ageMs };
  } catch (cause) {
    return { kind: 'unreadable', reason: `${key}: ${describeError(cause)}` };
  }
}

async function readMemory(store: ObjectStore, name: string, signal?: AbortSignal): Promise<MemoryReading> {
  let body: string | undefined;
  try {
    body = (await store.get(memoryKey(name), signal))?.body;
  } catch (cause) {
    return { kind: 'unknown', reason: `${memoryKey(name)}: ${describeError(cause)}` };
  }
  if (body === undefined) return { kind: 'none' };
  try {
    return { kind: 'found', memory: JSON.parse(body) };
  } catch (cause) {
    return { kind: 'corrupt', reason: `${memoryKey(name)}: ${describeError(cause)}` };
  }
}

function memoryKey(name: string): string {
  return `${MEMORY}${name}.json`;
}

async function readDecision(store: ObjectStore, node: string): Promise<DecisionReading> {
  const key = `${DECISIONS}${node}.json`;
  try {
    const object = await store.get(key);
    if (object === undefined) return { kind: 'none' };
    const decision: Decision = v.parse(decisionSchema, JSON.parse(object.body));
    if (decision.node !== node) return { kind: 'unknown', reason: `${key} speaks of ${decision.node}` };
    return { kind: 'decided', decision };
  } catch (cause) {
    return { kind: 'unknown', reason: `${key}: ${describeError(cause)}` };
  }
}
