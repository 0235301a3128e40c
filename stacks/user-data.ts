import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import type { BootManifest } from '../fleet/boot-manifest.ts';
import { type BootScriptArgs, bootScript } from './boot-script.ts';
import type { NodeFile } from './node-file.ts';

export interface UserDataArgs {
  /** The boot program, one file of JavaScript. */
  boot: string;
  manifest: BootManifest;
  templates: NodeFile[];
  bootScript: BootScriptArgs;
}

/**
 * cloud-config whose only command is one script that it wrote. Nothing in it is secret: secrets are parameters that the
 * boot program reads with the node's own rights.
 */
export function renderUserData(args: UserDataArgs): string {
  return `#cloud-config\n${stringify(cloudConfig(filesOf(args)), { lineWidth: 0, version: '1.1' })}`;
}

function filesOf({ boot, manifest, templates, bootScript: script }: UserDataArgs): NodeFile[] {
  return [
    { path: '/opt/ebbtide/boot.sh', content: bootScript(script) },
    { path: '/opt/ebbtide/boot.cjs', content: boot },
    { path: '/etc/ebbtide/boot.json', content: `${JSON.stringify(manifest, undefined, 1)}\n` },
    ...templates,
  ];
}

function cloudConfig(files: NodeFile[]) {
  return {
    write_files: files.map(({ path, content }) => ({ path, permissions: '0644', content })),
    runcmd: [['/bin/bash', '/opt/ebbtide/boot.sh']],
  };
}

/** What EC2 takes: gzip, which cloud-init opens by itself. The same text gives the same bytes on every system. */
export function packUserData(text: string): Buffer {
  const packed = gzipSync(text, { level: 9 });
  // The tenth byte of a gzip header names the system that packed it: 255 is "unknown".
  packed[9] = 255;
  return packed;
}

const EC2_LIMIT_BYTES = 16 * 1024;

/** Throws where EC2 would refuse the user-data, and says what makes it big. */
export function assertUserDataFits(args: UserDataArgs): void {
  const size = packUserData(renderUserData(args)).length;
  if (size <= EC2_LIMIT_BYTES) return;
  const parts = filesOf(args)
    .map(({ path, content }) => ({ path, bytes: packUserData(content).length }))
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ path, bytes }) => `${path} ${bytes}`);
  throw new Error(
    `the nodes' user-data has ${size} bytes packed, and EC2 takes ${EC2_LIMIT_BYTES}. ` +
      `By file: ${parts.join(', ')}. What you can shorten is ebbtide:media.config`,
  );
}
