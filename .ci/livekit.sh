#!/bin/bash
# What only CI has: the real LiveKit server and Redis. Prints what it does, and as its last line the way to the server.
set -euo pipefail

VERSION=1.13.5
cd "$(dirname "$0")/.."
BIN="$PWD/.cache/bin"
SERVER="$BIN/livekit-server"

fail() {
  echo "livekit.sh: $*" >&2
  exit 1
}

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

if ! command -v redis-server >/dev/null; then
  command -v apt-get >/dev/null || fail "redis-server is not in PATH, and there is no apt-get to install it with"
  echo "installing redis-server" >&2
  SUDO=()
  [ "$(id -u)" = 0 ] || SUDO=(sudo)
  # Not as a service: each test starts its own.
  { "${SUDO[@]}" apt-get update -q && "${SUDO[@]}" apt-get install -qy --no-install-recommends redis-server; } >&2 ||
    fail "redis-server could not be installed, see above"
fi
echo "redis-server is there: $(command -v redis-server)" >&2

echo "$SERVER"
