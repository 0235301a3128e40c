#!/bin/bash
# What only CI has: podman, whose socket speaks Docker's API, and runc. The tests start it themselves, each with storage
# and settings of its own: nothing of the machine's is touched. Prints what it does.
set -euo pipefail

cd "$(dirname "$0")/.."
. .ci/shared.sh

command -v podman >/dev/null && command -v runc >/dev/null || apt_install podman runc
echo "podman is there: $(podman --version)" >&2
