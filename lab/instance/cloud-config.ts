import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import { parse } from 'yaml';

const ENCODINGS = [
  'text/plain',
  'b64',
  'base64',
  'gz',
  'gzip',
  'gz+b64',
  'gz+base64',
  'gzip+b64',
  'gzip+base64',
] as const;

const cloudConfigSchema = v.strictObject({
  // Nobody logs in to a folder.
  ssh_authorized_keys: v.optional(v.array(v.string())),
  write_files: v.optional(
    v.array(
      v.strictObject({
        path: v.pipe(v.string(), v.startsWith('/')),
        content: v.optional(v.string(), ''),
        encoding: v.optional(v.picklist(ENCODINGS), 'text/plain'),
        permissions: v.optional(v.pipe(v.string(), v.regex(/^[0-7]{3,4}$/)), '0644'),
      }),
    ),
    [],
  ),
  runcmd: v.strictTuple([v.pipe(v.array(v.string()), v.minLength(1))]),
});

/** What is written, and then run. */
export interface CloudConfig {
  readonly files: readonly { readonly path: string; readonly content: Buffer; readonly mode: number }[];
  /** The one command, as words; it names files by their place on a real machine. */
  readonly command: readonly string[];
}

/** Reads the part of cloud-config that the lab rehearses: files, and exactly one command given as a list of words. */
export function parseCloudConfig(userData: string): CloudConfig {
  if (!userData.startsWith('#cloud-config\n'))
    throw new Error('user-data does not begin with the line #cloud-config');
  const parsed = v.safeParse(cloudConfigSchema, parse(userData, { version: '1.1' }));
  if (!parsed.success) {
    throw new Error(
      `user-data is not what the lab rehearses (write_files, and one runcmd that is a list of words): ${v.summarize(parsed.issues)}`,
    );
  }
  const { write_files, runcmd } = parsed.output;
  return {
    files: write_files.map(({ path, content, encoding, permissions }) => ({
      path,
      content: decode(content, encoding),
      mode: Number.parseInt(permissions, 8),
    })),
    command: runcmd[0],
  };
}

function decode(content: string, encoding: (typeof ENCODINGS)[number]): Buffer {
  const raw =
    encoding.includes('b64') || encoding.includes('base64')
      ? Buffer.from(content, 'base64')
      : Buffer.from(content);
  return encoding.startsWith('gz') ? gunzipSync(raw) : raw;
}
