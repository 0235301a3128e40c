#!/bin/bash
# What only CI has: podman, whose socket speaks Docker's API, and runc. The tests start it themselves, each with storage
# and settings of its own: nothing of the machine's is touched. Prints what it does.
set -euo pipefail

fail() {
  echo "podman.sh: $*" >&2
  exit 1
}

if command -v podman >/dev/null && command -v runc >/dev/null; then
  echo "podman is there: $(podman --version)" >&2
  exit 0
fi
command -v apt-get >/dev/null || fail "podman or runc is not in PATH, and there is no apt-get to install them with"
SUDO=()
[ "$(id -u)" = 0 ] || SUDO=(sudo)
echo "installing podman and runc" >&2
{ "${SUDO[@]}" apt-get update -q && "${SUDO[@]}" apt-get install -qy --no-install-recommends podman runc; } >&2 ||
  fail "podman and runc could not be installed, see above"
echo "podman is there: $(podman --version)" >&2
