import * as v from 'valibot';
import { secretNames } from '../node-schemas.ts';

/** What an agent is told of GCP. */
export const gcpCloud = v.strictObject({
  kind: v.literal('gcp'),
  /** The function that takes empty machines away. `url` is where a node wakes it, and for whom its token is made. */
  pruner: v.strictObject({ url: v.pipe(v.string(), v.url()) }),
});

/** Where a node on GCP has its files from. Its secrets are Secret Manager's. */
export const gcpSource = v.strictObject({
  kind: v.literal('gcp'),
  project: v.string(),
  bucket: v.string(),
  secrets: secretNames,
});
