import { createHash } from 'node:crypto';
import type { BootSourceSettings } from '../../fleet/boot-manifest.ts';
import { FinalError } from './retry.ts';

/** `leaves`: it was decided before it could take calls. */
export type Welcome = 'serves' | 'leaves';

/** What a boot takes from the cloud that its node is in. Each rejects with an error that names what was asked for. */
export interface BootSource {
  /** What the machine knows of itself, by the placeholder that it fills in. */
  facts: Readonly<Record<string, () => Promise<string>>>;
  /** An object of the pool's bucket; a `FinalError` where the store says that there is none. */
  fetch(key: string): Promise<Buffer>;
  /** Placeholder name → name of the secret that fills it in. */
  secretNames: Readonly<Record<string, string>>;
  /** Secrets by their names; all of them or none. */
  readSecrets(names: string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Where whoever ends machines must have heard of one before it takes calls: tells him.
   */
  announce?(): Promise<Welcome>;
}

/** Of a store whose secrets are objects as all else is. */
export function secretsAmongFiles(fetch: BootSource['fetch']): BootSource['readSecrets'] {
  return async (names) =>
    new Map(await Promise.all(names.map(async (name) => [name, (await fetch(name)).toString()] as const)));
}

/**
 * Reaches the cloud that the manifest names; throws where this program is of another cloud. `root`: what every path of
 * the node is under.
 */
export type ConnectSource = (
  settings: BootSourceSettings,
  environment: Readonly<Record<string, string | undefined>>,
  root: string,
) => BootSource;

/** Reads an object of the pool's bucket, and gives it only if it is the one that the stack pinned. */
export async function fetchVerified(
  { fetch }: Pick<BootSource, 'fetch'>,
  { key, sha256 }: { key: string; sha256: string },
): Promise<Buffer> {
  const content = await fetch(key);
  const found = sha256Of(content);
  if (found === sha256) return content;
  throw new FinalError(
    `${key} in the pool's bucket is not what was deployed: its sha256 is ${found}, not ${sha256}`,
  );
}

export function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** What a metadata service told; rejects where it does not tell (yet). */
export async function readFact(
  metadata: { read(path: string): Promise<FactReading> },
  path: string,
): Promise<string> {
  const reading = await metadata.read(path);
  if (reading.kind === 'found') return reading.text;
  throw new Error(
    `the metadata service: ${reading.kind === 'absent' ? `there is no ${path}` : reading.reason}`,
  );
}

type FactReading = { kind: 'found'; text: string } | { kind: 'absent' } | { kind: 'unknown'; reason: string };
