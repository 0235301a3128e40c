import * as v from 'valibot';
import { path, secretNames } from '../node-schemas.ts';

/** What an agent is told of DigitalOcean. */
export const digitalOceanCloud = v.strictObject({
  kind: v.literal('digitalocean'),
  region: v.pipe(v.string(), v.regex(/^[a-z0-9]+$/, 'must be a region, such as "fra1"')),
  /**
   * The id of the droplet that this file was made for. A name and the keys that go with it are told by a file, not by the
   * cloud: in an image of the droplet they would be taken for another's.
   */
  madeFor: v.pipe(v.string(), v.regex(/^\d+$/, 'must be the id of a droplet')),
  /** The bucket that nodes write into. Keys for a bucket know no prefixes: `registry.bucket` they only read. */
  statusBucket: v.string(),
  /** Holds the node's name and its keys (see `DropletFile`), which are nobody else's to read. */
  dropletFile: path,
});

/** Where a droplet has its files from. Its secrets are objects of the bucket of code. */
export const digitalOceanSource = v.strictObject({
  kind: v.literal('digitalocean'),
  region: v.string(),
  /** The bucket of code. The keys for it are in the droplet's own file. */
  bucket: v.string(),
  secrets: secretNames,
});
