import * as v from 'valibot';
import { type Decision, decisionSchema } from './decision.ts';
import { describeError } from './error.ts';
import type { ObjectStore } from './object-store.ts';
import {
  type DecisionReading,
  type FleetReading,
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
    readFleet: (signal) => readFleet(store, signal),
    writeStatus: (status) => store.put(`${STATUSES}${statusName(status.node)}.json`, JSON.stringify(status)),
    readDecision: (node) => readDecision(store, node),
    writeDecision: (decision) =>
      store.put(`${DECISIONS}${decision.node}.json`, JSON.stringify(v.parse(decisionSchema, decision))),
    async readMemory(name) {
      const object = await store.get(`${MEMORY}${name}.json`);
      return object === undefined ? undefined : JSON.parse(object.body);
    },
    writeMemory: (name, memory) => store.put(`${MEMORY}${name}.json`, JSON.stringify(memory)),
  };
}

/** The node that a status key belongs to: on AWS `statuses/ROLEID:i-1.json` is of `i-1`, elsewhere the name itself. */
export function nodeOfStatusKey(key: string): string {
  const name = key.slice(STATUSES.length).replace(/\.json$/, '');
  return name.slice(name.indexOf(':') + 1);
}

async function readFleet(store: ObjectStore, signal?: AbortSignal): Promise<FleetReading> {
  const nodes = new Map<string, NodeReading>();
  const running = new Set<Promise<void>>();
  let problem: string | undefined;
  try {
    for await (const page of store.list(STATUSES, signal)) {
      for (const object of page) {
        if (!object.key.endsWith('.json')) continue;
        const node = nodeOfStatusKey(object.key);
        if (object.ageMs > STALE_AFTER_MS) {
          // Whatever it says is of the past: it is not worth a read.
          nodes.set(node, { kind: 'stale', ageMs: object.ageMs });
          continue;
        }
        while (running.size >= PARALLEL_READS) await Promise.race(running);
        const read = readStatus(store, object.key, node, signal).then((reading) => {
          nodes.set(node, reading);
          running.delete(read);
        });
        running.add(read);
      }
    }
  } catch (cause) {
    problem = describeError(cause);
  }
  await Promise.all(running);
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
    if (object.ageMs > STALE_AFTER_MS) return { kind: 'stale', ageMs: object.ageMs };
    return { kind: 'fresh', status, ageMs: object.ageMs };
  } catch (cause) {
    return { kind: 'unreadable', reason: `${key}: ${describeError(cause)}` };
  }
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
