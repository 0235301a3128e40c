import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Writes the twin LiveKit as one executable file, which stands wherever an operator's `livekit-server` would. */
export async function buildTwinLiveKit(file: string): Promise<void> {
  const here = dirname(fileURLToPath(import.meta.url));
  const result = await build({
    absWorkingDir: resolve(here, '../..'),
    entryPoints: ['lab/media/twin-livekit/main.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node18',
    format: 'cjs',
    minify: true,
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'silent',
  });
  const bundle = result.outputFiles[0];
  if (bundle === undefined) throw new Error('esbuild wrote nothing for the twin LiveKit');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bundle.contents);
  await chmod(file, 0o755);
}
