import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sha256Of } from './bundle.ts';

/** Files that settings name. Undefined where there is no such file. */
export interface SettingsFiles {
  text(path: string): string | undefined;
  sha256(path: string): string | undefined;
}

/** Paths are seen from `root`, the folder of Pulumi.yaml, wherever the program runs. */
export function createSettingsFiles(root: string): SettingsFiles {
  return {
    text: (path) => read(root, path)?.toString('utf8'),
    sha256(path) {
      const content = read(root, path);
      return content === undefined ? undefined : sha256Of(content);
    },
  };
}

function read(root: string, path: string): Buffer | undefined {
  try {
    return readFileSync(resolve(root, path));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'EISDIR') return undefined;
    throw new Error(`${path} cannot be read`, { cause });
  }
}
