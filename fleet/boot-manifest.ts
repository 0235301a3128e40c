import * as v from 'valibot';
import { bootSourceSchema } from './clouds.ts';

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be a sha256 in hex'));

/** Something from the pool's bucket: verified against its sha256 before it is put in place. */
const fetchedFile = v.strictObject({
  key: v.string(),
  sha256,
  to: v.string(),
  mode: v.string(),
  /** Where the object is a tar.gz: the one file in it that is wanted. */
  member: v.optional(v.string()),
});

/** A file on the node whose `{{name}}` placeholders are filled in. */
const template = v.strictObject({ from: v.string(), to: v.string(), mode: v.string() });

export type BootSourceSettings = v.InferOutput<typeof bootSourceSchema>;

/**
 * `/etc/ebbtide/boot.json`: what the boot program does on a new node, in this order: `first` (the agent), its
 * templates, then the media server. Placeholders come from `placeholders`, from the node itself (`node`: its id in the
 * registry; `instanceId`: the cloud's own id of the machine; `nodeIp`, `zone`, `root`), from `/etc/ebbtide/node.json`
 * where an image has one, and secrets from the source (never written anywhere but into a template's output).
 * All paths are absolute and lie under the root variable `EBBTIDE_ROOT`.
 */
export const bootManifestSchema = v.strictObject({
  source: bootSourceSchema,
  placeholders: v.record(v.string(), v.string()),
  stages: v.array(
    v.strictObject({
      name: v.string(),
      files: v.array(fetchedFile),
      templates: v.array(template),
      /** systemd units to enable and start when the files are in place. */
      start: v.array(v.string()),
    }),
  ),
});
export type BootManifest = v.InferOutput<typeof bootManifestSchema>;
