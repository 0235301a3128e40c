import { createHash } from 'node:crypto';
import type { Changes } from '../cloud/changes.ts';
import type { Container, ProvisionedBlob } from './model.ts';

export interface StoredBlob {
  name: string;
  body: Buffer;
  contentType: string;
  /** Real time, ms since the epoch. */
  createdAt: number;
  modifiedAt: number;
  /** With its quotes; another with every write. */
  etag: string;
  lease?: Lease;
}

/** A lease that has run out may still be renewed by who held it, while nobody has written or leased since. */
export interface Lease {
  id: string;
  /** Undefined: for ever. */
  durationMs: number | undefined;
  until: number;
}

/** What lies in the twin's containers, past all roles. */
export interface Blobs {
  container(account: string, name: string): Container | undefined;
  containers(account: string): Container[];
  get(account: string, container: string, name: string): StoredBlob | undefined;
  put(account: string, container: string, name: string, body: Buffer, contentType?: string): StoredBlob;
  remove(account: string, container: string, name: string): void;
  /** By name, in the store's order. */
  list(account: string, container: string, prefix: string): StoredBlob[];
  /** Called with each blob that is written. */
  onWrite(listener: (container: string, blob: StoredBlob) => void): void;
  /** What was provisioned has changed; what others wrote stays. A container goes with all in it. */
  provision(containers: Changes<Container>, blobs: Changes<ProvisionedBlob>): void;
}

interface OpenContainer {
  container: Container;
  blobs: Map<string, StoredBlob>;
}

export function createBlobs(now: () => number): Blobs {
  const open = new Map<string, OpenContainer>();
  const listeners: ((container: string, blob: StoredBlob) => void)[] = [];
  let writes = 0;
  const keyOf = (account: string, container: string) => `${account}/${container}`;
  const blobsOf = (account: string, container: string) => open.get(keyOf(account, container))?.blobs;

  function put(
    account: string,
    container: string,
    name: string,
    body: Buffer,
    contentType = 'application/octet-stream',
  ): StoredBlob {
    const blobs = blobsOf(account, container);
    if (!blobs) throw new Error(`there is no container ${container} in ${account} of the twin`);
    writes += 1;
    const before = blobs.get(name);
    const blob: StoredBlob = {
      name,
      body,
      contentType,
      createdAt: before?.createdAt ?? now(),
      modifiedAt: now(),
      etag: `"0x8D${createHash('sha256').update(`${name} ${writes}`).digest('hex').slice(0, 12).toUpperCase()}"`,
      ...(before?.lease === undefined ? {} : { lease: before.lease }),
    };
    blobs.set(name, blob);
    for (const listener of listeners) listener(container, blob);
    return blob;
  }

  return {
    container: (account, name) => open.get(keyOf(account, name))?.container,
    containers: (account) =>
      [...open.values()].map(({ container }) => container).filter((each) => each.account === account),
    get: (account, container, name) => blobsOf(account, container)?.get(name),
    put,
    remove: (account, container, name) => {
      blobsOf(account, container)?.delete(name);
    },
    onWrite: (listener) => {
      listeners.push(listener);
    },
    provision(containers, blobs) {
      const present = [...containers.added, ...containers.changed.map(({ after }) => after)];
      for (const container of present) {
        const key = keyOf(container.account, container.name);
        open.set(key, { container, blobs: open.get(key)?.blobs ?? new Map() });
      }
      for (const { account, container, name } of blobs.removed) blobsOf(account, container)?.delete(name);
      const written = [...blobs.added, ...blobs.changed.map(({ after }) => after)];
      for (const { account, container, name, body } of written) put(account, container, name, body);
      for (const { account, name } of containers.removed) open.delete(keyOf(account, name));
    },
    list: (account, container, prefix) =>
      [...(blobsOf(account, container)?.values() ?? [])]
        .filter(({ name }) => name.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))),
  };
}
