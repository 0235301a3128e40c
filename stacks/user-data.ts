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

/** gzip, which cloud-init opens by itself. */
export function packUserData(text: string): Buffer {
  return gzipped(text);
}

/** How much of it a cloud takes, before base64. */
export interface UserDataLimit {
  bytes: number;
  taker: string;
}

/** Throws where the cloud would refuse the user-data, and says what makes it big. */
export function assertUserDataFits(setup: NodeSetup, { bytes, taker }: UserDataLimit): void {
  const size = packUserData(renderUserData(setup)).length;
  if (size <= bytes) return;
  throw new Error(
    `the nodes' user-data has ${size} bytes packed, and ${taker} takes ${bytes}. ${whatIsBig(setup)}`,
  );
}
