#!/bin/bash
# What only CI must have: Prometheus' own parser of its text format. Prints what it does, and as its last line the way to
# a python that has it.
set -euo pipefail

VERSION=0.23.1
cd "$(dirname "$0")/.."
VENV="$PWD/.cache/prometheus"
PYTHON="$VENV/bin/python"

fail() {
  echo "prometheus.sh: $*" >&2
  exit 1
}

if [ -x "$PYTHON" ] && "$PYTHON" -c "import importlib.metadata as m; assert m.version('prometheus-client') == '$VERSION'" 2>/dev/null; then
  echo "prometheus-client $VERSION is there: $PYTHON" >&2
else
  command -v python3 >/dev/null || fail "prometheus-client $VERSION needs python3, and there is none in PATH: install Python 3.9 or later"
  echo "installing prometheus-client $VERSION into $VENV" >&2
  rm -rf "$VENV"
  python3 -m venv "$VENV" >&2 || fail "python3 cannot make a virtual environment, see above (on Debian: apt-get install python3-venv)"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check "prometheus-client==$VERSION" >&2 ||
    fail "prometheus-client $VERSION could not be installed, see above"
fi

echo "$PYTHON"
