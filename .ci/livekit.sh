#!/bin/bash
# What only CI has: the real LiveKit server and Redis. Prints what it does, and as its last line the way to the server.
set -euo pipefail

cd "$(dirname "$0")/.."
. .ci/shared.sh
VERSION=1.13.5
BIN="$PWD/.cache/bin"
SERVER="$BIN/livekit-server"

if [ -x "$SERVER" ] && "$SERVER" --version | grep -qF "$VERSION"; then
  echo "livekit-server $VERSION is there: $SERVER" >&2
else
  command -v go >/dev/null || fail "livekit-server $VERSION has to be built, and Go is not in PATH: install Go 1.24 or later"
  echo "building livekit-server $VERSION (some minutes the first time)" >&2
  mkdir -p "$BIN"
  # go install names the program after its folder, cmd/server.
  CGO_ENABLED=0 GOBIN="$BIN" go install "github.com/livekit/livekit-server/cmd/server@v$VERSION" >&2 ||
    fail "go install of livekit-server $VERSION failed, see above"
  mv "$BIN/server" "$SERVER"
fi

# Not as a service: each test starts its own.
command -v redis-server >/dev/null || apt_install redis-server
echo "redis-server is there: $(command -v redis-server)" >&2

echo "$SERVER"
