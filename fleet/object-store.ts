/** An object as it lies in the store, with its age by the store's own clock. */
export interface StoredObject {
  key: string;
  ageMs: number;
}

export interface ReadObject extends StoredObject {
  body: string;
}

/**
 * The little that the `bucket` registry needs of an object store. Every member rejects with an `Error` that names the
 * object and keeps its cause; a failure is never reported as an empty list or an absent object.
 */
export interface ObjectStore {
  /** Every object under a prefix, page by page to the end. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject[]>;
  /** undefined only when the store said that there is no such object. */
  get(key: string, signal?: AbortSignal): Promise<ReadObject | undefined>;
  put(key: string, body: string, signal?: AbortSignal): Promise<void>;
}
