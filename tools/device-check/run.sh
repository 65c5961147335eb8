#!/bin/sh
# Checks BPT's kernels on this machine's GPU and times them, beside PyTorch where
# there is one; takes less than 8 minutes. Leaves RESULTS/table.md and
# RESULTS/results.json.
#
#   run.sh [RESULTS]      (default: results, beside this script)
#
# Exit code 1 if a result is wrong, 2 if there is no GPU. The variable PYTHON names
# the Python that has PyTorch and NumPy; default: python3.

here=$(cd "$(dirname "$0")" && pwd)
results=${1:-$here/results}
python=${PYTHON:-python3}
check=$here/check
"$check" --list >/dev/null 2>&1 || check=$here/check-static
"$check" --probe || exit 2
mkdir -p "$results" || exit 2
status=0

# So long at most, where the system can say so.
limit() {
  seconds=$1
  shift
  if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

: >"$results/peers.tsv"
peers="there is no PyTorch for this GPU"
if "$python" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
  peers=$(limit 90 "$python" "$here/peers.py" "$here/peers.json" "$results/peers.tsv" 2>&1 | tail -n 1)
fi

limit 260 "$check" --seconds=180 --peers="$results/peers.tsv" \
  --table="$results/table.md" --json="$results/results.json" || status=$?

# Single instructions, and the kernels of the emulator's tests.
conformance="left out: there is no NumPy"
kernels=$conformance
if "$python" -c 'import numpy' 2>/dev/null; then
  conformance=$(limit 60 "$python" "$here/emulator/Conformance/Inputs/run_conformance.py" \
    ${CONFORMANCE_GROUPS-} --backend=cuda 2>&1) || status=1
  kernels=$(limit 30 "$python" "$here/emulator/Kernels/Inputs/run_kernels.py" \
    ${CONFORMANCE_KERNELS-} --backend=cuda --schedules=1 2>&1) || status=1
fi
{
  echo
  echo "Measured on $(date -u +%Y-%m-%d). PyTorch: $peers."
  echo
  echo "The emulator's conformance cases: $(echo "$conformance" | tail -n 1)"
  echo "$conformance" | grep FAIL | sed 's/^/- /'
  echo
  echo "The kernels of its tests: $(echo "$kernels" | tail -n 1)"
  echo "$kernels" | grep FAIL | sed 's/^/- /'
} | tee -a "$results/table.md"
exit $status
