import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type DropletFile, dropletFileSchema } from '../../../fleet/digitalocean/droplet-file.ts';

/** A small file of this machine, as text. Throws. */
export type ReadText = (path: string) => string;

const readText: ReadText = (path) => readFileSync(path, 'utf8');

/**
 * What this droplet alone knows. Throws where that is not there or not whole, and names what is wrong; what is there may
 * be a key with a slip of the pen in it, and appears in no error.
 */
export function readDroplet(path: string, read: ReadText = readText): DropletFile {
  let text: string;
  try {
    text = read(path);
  } catch (cause) {
    throw new Error(`${path}, which the droplet's user-data brings, cannot be read`, { cause });
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), dropletFileSchema), text);
  if (parsed.success) return parsed.output;
  const wrong = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'all of it');
  throw new Error(
    `${path} is not what a droplet's user-data brings. Wrong in it: ${[...new Set(wrong)].join(', ')}`,
  );
}
