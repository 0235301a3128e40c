import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createBundler, repositoryRoot } from './bundle.ts';

/** Writes what the stacks install into `dist/`, byte for byte as they install it; the agent as a file to be run. */
const bundler = createBundler();
const programs = [
  { file: 'ebbtide-agent.cjs', bundle: bundler.agent(), executable: true },
  { file: 'boot-aws.cjs', bundle: bundler.boot('aws'), executable: false },
  { file: 'boot-azure.cjs', bundle: bundler.boot('azure'), executable: false },
  { file: 'boot-digitalocean.cjs', bundle: bundler.boot('digitalocean'), executable: false },
  { file: 'boot-gcp.cjs', bundle: bundler.boot('gcp'), executable: false },
  {
    file: 'functions/aws/termination-policy/index.cjs',
    bundle: bundler.awsFunction('termination-policy'),
    executable: false,
  },
  { file: 'functions/aws/watcher/index.cjs', bundle: bundler.awsFunction('watcher'), executable: false },
  { file: 'functions/azure/scale-in.py', bundle: bundler.azureRunbook(), executable: false },
  { file: 'functions/gcp/pruner/index.cjs', bundle: bundler.gcpFunction('pruner'), executable: false },
  {
    file: 'functions/digitalocean/orchestrator/index.cjs',
    bundle: bundler.digitalOceanFunction('orchestrator'),
    executable: false,
  },
  {
    file: 'functions/digitalocean/health/index.cjs',
    bundle: bundler.digitalOceanFunction('health'),
    executable: false,
  },
];

for (const { file, bundle, executable } of programs) {
  const { code } = await bundle;
  const path = join(repositoryRoot, 'dist', file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, code);
  if (executable) await chmod(path, 0o755);
  process.stdout.write(`dist/${file}  ${(code.length / 1024).toFixed(0)} KB\n`);
}
