#!/bin/bash
# What only CI must have: fake-gcs-server, somebody else's Cloud Storage. Prints what it does, and as its last line the
# way to the program.
set -euo pipefail

cd "$(dirname "$0")/.."
. .ci/shared.sh
VERSION=1.56.1
BIN="$PWD/.cache/gcs-$VERSION"
SERVER="$BIN/fake-gcs-server"

if command -v fake-gcs-server >/dev/null; then
  SERVER="$(command -v fake-gcs-server)"
  echo "fake-gcs-server is there: $SERVER" >&2
elif [ -x "$SERVER" ]; then
  echo "fake-gcs-server $VERSION is there: $SERVER" >&2
else
  command -v go >/dev/null || fail "fake-gcs-server $VERSION is built with Go, and there is none in PATH: install Go 1.26 or later"
  echo "building fake-gcs-server $VERSION into $BIN" >&2
  mkdir -p "$BIN"
  CGO_ENABLED=0 GOBIN="$BIN" go install "github.com/fsouza/fake-gcs-server@v$VERSION" >&2 ||
    fail "fake-gcs-server $VERSION could not be built, see above"
fi

echo "$SERVER"
