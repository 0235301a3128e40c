import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as pulumi from '@pulumi/pulumi';
import { build } from 'esbuild';
import type { CloudName } from '../fleet/clouds.ts';
import { joinPython } from './joined-python.ts';
import { objectFile } from './object-file.ts';

/** One file of JavaScript without node_modules. */
export interface Bundle {
  code: string;
  sha256: string;
}

/** Makes the programs that a stack installs: bundled from their sources, by path. */
export interface Bundler {
  agent(): Promise<Bundle>;
  /** User-data is small on some clouds: a boot program holds one cloud's part only. */
  boot(cloud: CloudName): Promise<Bundle>;
  /** `functions/CLOUD/NAME` */
  functionOf(cloud: CloudName, name: string): Promise<Bundle>;
  /** One file of Python. */
  azureRunbook(): Promise<Bundle>;
  /** The path of a file with that content, for clouds that take objects from files only. `fetch` puts it there. */
  fileOf(asset: pulumi.asset.Asset, sha256: string, options: { fetch: boolean }): Promise<string>;
}

/** Under the Pulumi CLI the working directory is stacks/: everything is found from the repository's root. */
export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

export function createBundler(): Bundler {
  return {
    agent: () => bundle('node-agent/main.ts', 'node18', '#!/usr/bin/env node'),
    boot: (cloud) => bundle(`node-agent/boot/${cloud}-main.ts`, 'node18'),
    functionOf: (cloud, name) => bundle(`functions/${cloud}/${name}/handler.ts`, 'node22'),
    azureRunbook: async () => azureRunbook(),
    fileOf: (asset, sha256, { fetch }) =>
      objectFile(asset, sha256, { folder: join(repositoryRoot, 'dist/objects'), fetch }),
  };
}

/** The same sources give the same bytes, so that an unchanged program changes nothing in the cloud. */
async function bundle(entryPoint: string, target: string, banner?: string): Promise<Bundle> {
  const result = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: [entryPoint],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target,
    minify: true,
    ...(banner === undefined ? {} : { banner: { js: banner } }),
    legalComments: 'none',
    logLevel: 'silent',
  });
  const code = result.outputFiles[0]?.text;
  if (code === undefined) throw new Error(`bundling ${entryPoint} gave no file`);
  return { code, sha256: sha256Of(code) };
}

/** What Azure Automation runs, to the letter. */
export function azureRunbook(): Bundle {
  const code = joinPython(join(repositoryRoot, 'functions/azure/scale-in/scale_in.py'));
  return { code, sha256: sha256Of(code) };
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
