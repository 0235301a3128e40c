import { gzipped } from './gzipped.ts';
import { assertFits, BOOT_SCRIPT, type NodeSetup, setupFiles } from './node-setup.ts';

/** For clouds that have no cloud-init and run one script at every boot. Of one value of a machine's metadata on GCP. */
const METADATA = { bytes: 256 * 1024, taker: "a machine's metadata" };
/** No line of base64 has it. */
const END = 'END_OF_FILE';

/**
 * One bash script that carries the node's files and then runs the same boot script as everywhere. It runs as root at
 * every boot: a file is put in its place whole, the same as before, and the boot script leaves alone what is done. Nothing
 * in it is secret: secrets are read by the boot program with the node's own rights.
 */
export function renderStartupScript(setup: NodeSetup): string {
  const files = setupFiles(setup).map(({ path, content }) => {
    const lines = gzipped(content)
      .toString('base64')
      .replace(/.{1,76}/g, '$&\n');
    return `place ${path} <<'${END}'\n${lines}${END}\n`;
  });
  return `#!/bin/bash
set -euo pipefail
ROOT="\${EBBTIDE_ROOT:-}"

# What was cut short by a power failure has another name, or is put there again.
place() {
  mkdir -p "$ROOT\${1%/*}"
  base64 -d | gzip -d > "$ROOT$1.part"
  chmod 0644 "$ROOT$1.part"
  mv -f "$ROOT$1.part" "$ROOT$1"
}

${files.join('\n')}
exec /bin/bash "$ROOT${BOOT_SCRIPT}"
`;
}

/** Throws where the cloud would refuse the script. */
export function assertStartupScriptFits(setup: NodeSetup): void {
  const bytes = Buffer.byteLength(renderStartupScript(setup));
  assertFits(setup, { what: 'startup script', bytes }, METADATA);
}
