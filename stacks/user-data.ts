import { stringify } from 'yaml';
import { gzipped } from './gzipped.ts';
import type { NodeFile } from './node-file.ts';
import { BOOT_SCRIPT, type NodeSetup, setupFiles, whatIsBig } from './node-setup.ts';

/**
 * cloud-config whose only command is one script that it wrote. Nothing in it is secret: secrets are parameters that the
 * boot program reads with the node's own rights.
 */
export function renderUserData(setup: NodeSetup): string {
  return `#cloud-config\n${stringify(cloudConfig(setupFiles(setup)), { lineWidth: 0, version: '1.1' })}`;
}

function cloudConfig(files: NodeFile[]) {
  return {
    write_files: files.map(({ path, content }) => ({ path, permissions: '0644', content })),
    runcmd: [['/bin/bash', BOOT_SCRIPT]],
  };
}

/** What EC2 takes: gzip, which cloud-init opens by itself. */
export function packUserData(text: string): Buffer {
  return gzipped(text);
}

const EC2_LIMIT_BYTES = 16 * 1024;

/** Throws where EC2 would refuse the user-data, and says what makes it big. */
export function assertUserDataFits(setup: NodeSetup): void {
  const size = packUserData(renderUserData(setup)).length;
  if (size <= EC2_LIMIT_BYTES) return;
  throw new Error(
    `the nodes' user-data has ${size} bytes packed, and EC2 takes ${EC2_LIMIT_BYTES}. ${whatIsBig(setup)}`,
  );
}
