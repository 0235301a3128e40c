import type { Metadata, MetadataReading } from '../../../fleet/gcp/metadata.ts';

/** One value of the metadata server, which is waited for and not asked for again and again. */
export interface Watch {
  /** What it last was; undefined before the first answer. */
  latest(): MetadataReading | undefined;
  /** Its first value at once, from then on its change, or that it has not changed for a while. Never rejects. */
  next(): Promise<MetadataReading>;
}

/** A broken line is noticed by then: a change that it swallowed is seen no later. */
const WAIT_MS = 10_000;

/** However many wait for it, one request is under way. After one that failed, the next does not wait for a change. */
export function createWatch(metadata: Metadata, path: string): Watch {
  let latest: MetadataReading | undefined;
  let pending: Promise<MetadataReading> | undefined;

  async function read(): Promise<MetadataReading> {
    const query = latest?.kind === 'found' ? { change: { lastEtag: latest.etag, waitMs: WAIT_MS } } : {};
    latest = await metadata.read(path, query);
    return latest;
  }

  return {
    latest: () => latest,
    next() {
      pending ??= read().finally(() => {
        pending = undefined;
      });
      return pending;
    },
  };
}
