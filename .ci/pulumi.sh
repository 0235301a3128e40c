#!/bin/bash
# What only CI has: the Pulumi CLI, from the archive beside the repository where no other is in PATH. Prints what it
# does, and as its last line the folder that has it; nothing where neither is there (its tests are then skipped by name).
set -euo pipefail

cd "$(dirname "$0")/.."
FOLDER="$PWD/.cache/pulumi"

if command -v pulumi >/dev/null; then
  echo "pulumi is there: $(command -v pulumi) ($(pulumi version))" >&2
  dirname "$(command -v pulumi)"
  exit 0
fi
ARCHIVE="$(find ../shared/tools -maxdepth 1 -name 'pulumi-*-linux-x64.tar.xz' 2>/dev/null | sort -V | tail -n 1)"
if [ -z "$ARCHIVE" ]; then
  echo "pulumi is neither in PATH nor beside the repository: what needs it is skipped" >&2
  exit 0
fi
# A folder of another archive, or of one that was unpacked by half, is made anew.
if [ "$(cat "$FOLDER/from" 2>/dev/null)" != "$(basename "$ARCHIVE")" ]; then
  echo "unpacking $(basename "$ARCHIVE")" >&2
  rm -rf "$FOLDER"
  mkdir -p "$FOLDER"
  tar -xJf "$ARCHIVE" -C "$FOLDER"
  basename "$ARCHIVE" >"$FOLDER/from"
fi
[ -x "$FOLDER/pulumi" ] || { echo "pulumi.sh: there is no pulumi in $ARCHIVE" >&2; exit 1; }
echo "pulumi is there: $FOLDER/pulumi ($("$FOLDER/pulumi" version))" >&2
echo "$FOLDER"
