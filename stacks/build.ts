import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CLOUD_NAMES, type CloudName } from '../fleet/clouds.ts';
import { createBundler, repositoryRoot } from './bundle.ts';

/** Writes what the stacks install into `dist/`, byte for byte as they install it; the agent as a file to be run. */
const bundler = createBundler();
const programs = [
  { file: 'ebbtide-agent.cjs', bundle: bundler.agent(), executable: true },
  ...CLOUD_NAMES.flatMap((cloud) => [
    { file: `boot-${cloud}.cjs`, bundle: bundler.boot(cloud), executable: false },
    ...functionsOf(cloud).map((name) => ({
      file: `functions/${cloud}/${name}/index.cjs`,
      bundle: bundler.functionOf(cloud, name),
      executable: false,
    })),
  ]),
  { file: 'functions/azure/scale-in.py', bundle: bundler.azureRunbook(), executable: false },
];

for (const { file, bundle, executable } of programs) {
  const { code } = await bundle;
  const path = join(repositoryRoot, 'dist', file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, code);
  if (executable) await chmod(path, 0o755);
  process.stdout.write(`dist/${file}  ${(code.length / 1024).toFixed(0)} KB\n`);
}

/** Those in JavaScript. */
function functionsOf(cloud: CloudName): string[] {
  const folder = join(repositoryRoot, 'functions', cloud);
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'handler.ts')));
}
