import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { parse } from 'yaml';

const stackFileSchema = v.object({ config: v.record(v.string(), v.unknown()) });
const sectionSchema = v.record(v.string(), v.unknown());

/** What only this rehearsal knows. */
export interface Occasion {
  /** How the media server comes to a node. */
  server: { artifact: { file: string; sha256: string } } | { image: string };
  keys: Readonly<Record<string, string>>;
  /** HOST:PORT */
  redis: string;
  /** Other sections that are secret, whole. */
  secrets?: Readonly<Record<string, unknown>> | undefined;
}

export interface StackConfig {
  /** As Pulumi keeps it: full keys, objects as JSON. */
  values: Record<string, string>;
  secrets: string[];
}

/** A stack file as the Pulumi CLI would read it, with what the occasion adds. */
export function readStackConfig(file: string, occasion: Occasion): StackConfig {
  const { config } = v.parse(stackFileSchema, parse(readFileSync(file, 'utf8')));
  const media = v.parse(sectionSchema, config['ebbtide:media']);
  const { server, keys, redis, secrets = {} } = occasion;
  const template = readFileSync(new URL('livekit.yaml', import.meta.url), 'utf8');
  const whole = {
    ...config,
    'ebbtide:media': { ...media, ...server, config: template },
    'ebbtide:mediaSecrets': { keys, redis },
    ...secrets,
  };
  const values = Object.entries(whole).map(([key, value]) => [
    key,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  return { values: Object.fromEntries(values), secrets: ['ebbtide:mediaSecrets', ...Object.keys(secrets)] };
}
