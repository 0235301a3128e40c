/** An object as it lies in the store, with its age by the store's own clock. */
export interface StoredObject {
  key: string;
  ageMs: number;
}

export interface ReadObject extends StoredObject {
  body: string;
  /** Names this very content, in a store that can replace by it. */
  version?: string | undefined;
  /** What was written beside it, by names in small letters, in a store that keeps such. */
  metadata?: ObjectMetadata | undefined;
}

/** Short words that lie beside an object's body, and come and go with it. */
export type ObjectMetadata = Readonly<Record<string, string>>;

/**
 * The little that the `bucket` registry needs of an object store. Every member rejects with an `Error` that names the
 * object and keeps its cause; a failure is never reported as an empty list or an absent object.
 */
export interface ObjectStore {
  /** Every object under a prefix, page by page to the end. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject[]>;
  /** The same from the first key after this one on, in a store that can begin anywhere; by the order of their letters. */
  listAfter?(prefix: string, after: string, signal?: AbortSignal): AsyncIterable<StoredObject[]>;
  /** undefined only when the store said that there is no such object. */
  get(key: string, signal?: AbortSignal): Promise<ReadObject | undefined>;
  put(key: string, body: string, signal?: AbortSignal): Promise<void>;
}

/** A store that keeps words beside an object, and lets objects be taken away. */
export interface RemovingStore extends ObjectStore {
  put(key: string, body: string, signal?: AbortSignal, metadata?: ObjectMetadata): Promise<void>;
  /** Safe to repeat: what is not there is gone. */
  remove(key: string, signal?: AbortSignal): Promise<void>;
}

/** A store that can also write only where nobody else has written meanwhile. */
export interface VersionedStore extends ObjectStore {
  /**
   * Writes over the content that `version` names; undefined: only where there is no such object. false when there is
   * another content by now. Rejects where it is not known whether it was written.
   */
  replace(key: string, body: string, version: string | undefined, signal?: AbortSignal): Promise<boolean>;
}
