import * as v from 'valibot';

/**
 * `/etc/ebbtide/droplet.json`, mode 0600: what one droplet knows and nobody else is to know. Its user-data brings it, as
 * DigitalOcean gives a droplet no identity of its own to ask with.
 */
export const DROPLET_FILE = '/etc/ebbtide/droplet.json';

const text = v.pipe(v.string(), v.minLength(1));

/** The name that the orchestrator gives a droplet: it is a node's id, a host's name and a part of keys. */
export const DROPLET_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const dropletFileSchema = v.strictObject({
  node: v.pipe(v.string(), v.regex(DROPLET_NAME, 'must be the name of a droplet')),
  /** What this node signs its statuses with: of this one name only. */
  statusKey: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits')),
  /** All nodes have the same: it reads the bucket of code and writes the one of statuses. */
  spaces: v.strictObject({ accessKeyId: text, secretAccessKey: text }),
  /** Whoever knows the secret can make the orchestrator look, and nothing else. */
  wake: v.strictObject({ url: v.pipe(v.string(), v.url()), secret: text }),
});
export type DropletFile = v.InferOutput<typeof dropletFileSchema>;
