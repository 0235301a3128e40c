import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { parse } from 'yaml';
import { sha256Of } from '../../stacks/bundle.ts';
import type { CloudName } from '../cloud/names.ts';
import { REHEARSED } from '../rehearsal/clouds.ts';
import type { StackValues } from './project.ts';

const TEMPLATE = fileURLToPath(new URL('../rehearsal/livekit.yaml', import.meta.url));
/** Twins of LiveKit find each other without Redis: they are told an address and never use it. */
const NO_REDIS = '127.0.0.1:1';

const fileSchema = v.object({ config: v.record(v.string(), v.unknown()) });

/** The rehearsal's pool, in a stack file's own form. `artifact`: the media server's program. */
export function localStackValues(cloud: CloudName, artifact: string): StackValues {
  const { config } = v.parse(fileSchema, parse(readFileSync(REHEARSED[cloud].stackFile, 'utf8')));
  const file = { file: artifact, sha256: sha256Of(readFileSync(artifact)) };
  return {
    ...config,
    'ebbtide:media': { kind: 'livekit', artifact: file, config: readFileSync(TEMPLATE, 'utf8') },
  };
}

/** What `pulumi config set --secret --path` is given, made for the occasion. */
export function localStackSecrets(cloud: CloudName): [path: string, value: string][] {
  return [
    ...cloudSecrets(cloud),
    ['ebbtide:mediaSecrets.keys.lab', randomBytes(32).toString('hex')],
    ['ebbtide:mediaSecrets.redis', NO_REDIS],
  ];
}

/** Those that only this cloud has. */
export function cloudSecrets(cloud: CloudName): [path: string, value: string][] {
  return Object.entries(REHEARSED[cloud].secrets ?? {}).flatMap(([section, values]) =>
    Object.entries(values).map(([name, value]): [string, string] => [`${section}.${name}`, value]),
  );
}
