#!/bin/bash
# What only CI must have: moto, somebody else's S3. Prints what it does, and as its last line the way to its server.
set -euo pipefail

VERSION=5.2.1
cd "$(dirname "$0")/.."
VENV="$PWD/.cache/moto"
SERVER="$VENV/bin/moto_server"

fail() {
  echo "moto.sh: $*" >&2
  exit 1
}

if command -v moto_server >/dev/null && moto_server --help >/dev/null 2>&1; then
  SERVER="$(command -v moto_server)"
  echo "moto_server is there: $SERVER" >&2
elif [ -x "$SERVER" ] && "$VENV/bin/python" -c "import importlib.metadata as m; assert m.version('moto') == '$VERSION'" 2>/dev/null; then
  echo "moto $VERSION is there: $SERVER" >&2
else
  command -v python3 >/dev/null || fail "moto $VERSION needs python3, and there is none in PATH: install Python 3.9 or later"
  echo "installing moto $VERSION into $VENV" >&2
  rm -rf "$VENV"
  python3 -m venv "$VENV" >&2 || fail "python3 cannot make a virtual environment, see above (on Debian: apt-get install python3-venv)"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$VERSION" >&2 ||
    fail "moto $VERSION could not be installed, see above"
fi

echo "$SERVER"
