import * as v from 'valibot';
import { RESTART_POLICIES } from './agent-config.ts';

const text = v.pipe(v.string(), v.minLength(1));

/**
 * `/etc/ebbtide/container.json`: the container that the media server runs in, as the stack wants it. Paths are absolute.
 * Nothing in it is secret: the server's own config is a file, which the container is only shown.
 */
export const wantedContainerSchema = v.strictObject({
  /** Where the container engine listens. */
  socketPath: text,
  name: text,
  /** By digest: NAME@sha256:… */
  image: text,
  /** The server's config. */
  config: text,
  /** The account that it runs as, and the file that tells its numbers: an image knows no account of the node's. */
  user: text,
  accounts: text,
  restartPolicy: v.picklist(RESTART_POLICIES),
  /** How many files it may have open; without it, what the engine gives every container. */
  openFiles: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
export type WantedContainer = v.InferOutput<typeof wantedContainerSchema>;
