#!/bin/bash
# Installs what is missing (Debian 12), builds, and runs the demo.
#
#   tools/quickstart.sh [--no-demo | arguments of the demo]
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/setup/steps.sh
. tools/setup/setup.sh

demo() {
  PYTHONPATH=build/python .venv/bin/python3 -m bpt.demo "$@"
}

setup
if [ "${1-}" = --no-demo ]; then
  summary
  exit 0
fi
step "demo" demo "$@"
summary
exit "$LAST_STATUS"
