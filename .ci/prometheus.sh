#!/bin/bash
# What only CI must have: Prometheus' own parser of its text format. Prints what it does, and as its last line the way to
# a python that has it.
set -euo pipefail

cd "$(dirname "$0")/.."
. .ci/shared.sh
VENV="$PWD/.cache/prometheus"

python_package "$VENV" prometheus-client 0.23.1

echo "$VENV/bin/python"
