import { stringify } from 'yaml';
import { gzipped } from './gzipped.ts';
import type { NodeFile } from './node-file.ts';
import { assertFits, BOOT_SCRIPT, type NodeSetup, type SizeLimit, setupFiles } from './node-setup.ts';

/** A file as cloud-init writes it. Without an encoding its content is text as it is. */
export interface WrittenFile extends NodeFile {
  permissions: string;
  encoding?: 'gz+b64';
}

/**
 * cloud-config whose only command is one script that it wrote. Nothing in it is secret: secrets are parameters that the
 * boot program reads with the node's own rights.
 */
export function renderUserData(setup: NodeSetup): string {
  return renderCloudConfig(
    setupFiles(setup).map((file) => ({ ...file, permissions: '0644' })),
    setup.keys,
  );
}

/** The boot script is among the files. `keys`: those by which the image's own user can be logged in as. */
export function renderCloudConfig(files: readonly WrittenFile[], keys: readonly string[] = []): string {
  const config = {
    ...(keys.length === 0 ? {} : { ssh_authorized_keys: keys }),
    write_files: files.map(({ path, permissions, encoding, content }) => ({
      path,
      permissions,
      ...(encoding === undefined ? {} : { encoding }),
      content,
    })),
    runcmd: [['/bin/bash', BOOT_SCRIPT]],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0, version: '1.1' })}`;
}

/** gzip, which cloud-init opens by itself. */
export function packUserData(text: string): Buffer {
  return gzipped(text);
}

/** Throws where the cloud would refuse the user-data. The limit is of what it is before base64. */
export function assertUserDataFits(setup: NodeSetup, limit: SizeLimit): void {
  const bytes = packUserData(renderUserData(setup)).length;
  assertFits(setup, { what: 'user-data', bytes, as: ' packed' }, limit);
}
