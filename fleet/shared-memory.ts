import { describeError } from './error.ts';
import type { ObjectStore, VersionedStore } from './object-store.ts';
import type { MemoryReading } from './registry.ts';

/** A memory as it was read, and the version by which it can be replaced (undefined: there was none). */
export interface SharedMemoryReading {
  memory: MemoryReading;
  version: string | undefined;
}

/** What several runs of one function remember together, of which two may run at once. */
export interface SharedMemory {
  /** Never rejects. */
  read(signal?: AbortSignal): Promise<SharedMemoryReading>;
  /** false where another run has written since `version` was read. Rejects where it is not known. */
  replace(memory: unknown, version: string | undefined, signal?: AbortSignal): Promise<boolean>;
}

export function createSharedMemory(store: VersionedStore, name: string): SharedMemory {
  return {
    read: (signal) => readMemoryObject(store, name, signal),
    replace: (memory, version, signal) =>
      store.replace(memoryKey(name), JSON.stringify(memory), version, signal),
  };
}

export function memoryKey(name: string): string {
  return `memory/${name}.json`;
}

export async function readMemoryObject(
  store: ObjectStore,
  name: string,
  signal?: AbortSignal,
): Promise<SharedMemoryReading> {
  const key = memoryKey(name);
  try {
    const object = await store.get(key, signal);
    if (object === undefined) return { memory: { kind: 'none' }, version: undefined };
    return { memory: parse(key, object.body), version: object.version };
  } catch (cause) {
    return { memory: { kind: 'unknown', reason: `${key}: ${describeError(cause)}` }, version: undefined };
  }
}

function parse(key: string, body: string): MemoryReading {
  try {
    return { kind: 'found', memory: JSON.parse(body) };
  } catch (cause) {
    return { kind: 'corrupt', reason: `${key}: ${describeError(cause)}` };
  }
}
