export interface SnippetArgs {
  pool: string;
  /** Of the node's script, in the pool's store. */
  key: string;
  sha256: string;
  /** Bash that puts the script into "$file", with the machine's own rights. */
  get: string;
}

/**
 * For user-data that is somebody else's: fetches the node's script, takes it only with this sum, and runs it. The rest of the
 * user-data goes on whatever becomes of it. Pure.
 */
export function fetchingSnippet({ pool, key, sha256, get }: SnippetArgs): string {
  const path = `/opt/ebbtide/${key.slice(key.lastIndexOf('/') + 1)}`;
  return `#!/bin/bash
# Makes this machine a node of Ebbtide's pool ${pool}. It may run again at any time.
bash -euo pipefail <<'EBBTIDE' || echo "ebbtide: this machine is no node of the pool ${pool}" >&2
file="\${EBBTIDE_ROOT:-}${path}"
get() {
${get}
}
is_right() { echo "${sha256}  $file" | sha256sum --check --status; }
mkdir -p "\${file%/*}"
for attempt in $(seq 40); do
  if [ -e "$file" ] && is_right; then exec bash "$file" </dev/null; fi
  (get) || true
  if [ -e "$file" ] && is_right; then continue; fi
  sleep 15
done
echo "ebbtide: ${key} could not be fetched, or is not what it was: ${sha256}" >&2
exit 1
EBBTIDE
`;
}
