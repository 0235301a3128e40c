#!/bin/bash
# What only CI must have: moto, somebody else's S3. Prints what it does, and as its last line the way to its server.
set -euo pipefail

cd "$(dirname "$0")/.."
. .ci/shared.sh
VENV="$PWD/.cache/moto"
SERVER="$VENV/bin/moto_server"

if command -v moto_server >/dev/null && moto_server --help >/dev/null 2>&1; then
  SERVER="$(command -v moto_server)"
  echo "moto_server is there: $SERVER" >&2
else
  python_package "$VENV" moto 5.2.1 server
fi

echo "$SERVER"
