import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A deployment package, by its file names, in a new folder of its own. */
export async function unpack(name: string, files: Readonly<Record<string, Buffer>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), `ebbtide-${name}-`));
  for (const [file, body] of Object.entries(files)) {
    const path = join(directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body);
  }
  return directory;
}
