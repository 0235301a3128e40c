import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program of the machine's own PATH. Throws where there is none, and says what to do. */
export function findProgram(name: string, todo: string): string {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here: the next folder may have it.
    }
  }
  throw new Error(`there is no ${name} in PATH: ${todo}`);
}
