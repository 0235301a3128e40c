/**
 * The one command of user-data. Every path hangs on one root variable, so that a rehearsal runs this very script in a
 * folder. A second run changes nothing that is in place.
 */
export function bootScript(imageHasSoftware: boolean): string {
  return `#!/bin/bash
set -euo pipefail
ROOT="\${EBBTIDE_ROOT:-}"

${imageHasSoftware ? CHECK_SOFTWARE : INSTALL_SOFTWARE}
mkdir -p "$ROOT/opt/ebbtide/media" "$ROOT/etc/ebbtide/media" "$ROOT/etc/systemd/system" \\
  "$ROOT/etc/needrestart/conf.d" "$ROOT/usr/local/bin" "$ROOT/var/lib/ebbtide" "$ROOT/run/ebbtide"
# What a person on the node types.
ln -sf "$ROOT/opt/ebbtide/ebbtide-agent.cjs" "$ROOT/usr/local/bin/ebbtide-agent"

# The media server runs as a user of its own, who may read its config and nothing else of ours.
# A folder that stands in for a machine has no accounts.
if [ -z "$ROOT" ]; then
  id -u ebbtide-media >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin ebbtide-media
  chgrp ebbtide-media /etc/ebbtide/media
  chmod 2750 /etc/ebbtide/media
fi

node "$ROOT/opt/ebbtide/boot.cjs"
`;
}

const INSTALL_SOFTWARE = `export DEBIAN_FRONTEND=noninteractive
command -v node >/dev/null 2>&1 || {
  apt-get update
  apt-get install -y --no-install-recommends nodejs
}
`;

const CHECK_SOFTWARE = `command -v node >/dev/null 2>&1 || {
  echo "ebbtide: the image is said to have the software (pool.imageHasSoftware), but node is missing: install nodejs in it" >&2
  exit 1
}
`;
