import * as v from 'valibot';
import { secretNames } from '../node-schemas.ts';

/** The machine's identity, by its resource id: it may be given others, of which this one has the rights. */
const identity = v.optional(v.string());

/** What an agent is told of Azure. */
export const azureCloud = v.strictObject({
  kind: v.literal('azure'),
  /**
   * The runbook that takes empty machines away. The URL that wakes it is a secret: here is only the key of the object
   * that holds it (`CONTAINER/NAME`), which the agent reads afresh each time.
   */
  runbook: v.strictObject({
    wakeUrlKey: v.pipe(v.string(), v.regex(/^[^/]+\/.+$/, 'must be CONTAINER/NAME')),
  }),
  identity,
});

/**
 * Where a node on Azure has its files from. Its secrets are blobs of a container that only nodes read: a name is
 * CONTAINER/BLOB, as the key of every file is.
 */
export const azureSource = v.strictObject({
  kind: v.literal('azure'),
  /** The blob endpoint of the pool's storage account. */
  store: v.pipe(v.string(), v.url()),
  secrets: secretNames,
  identity,
});
