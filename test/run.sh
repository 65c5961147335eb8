#!/bin/bash
# Runs all tests, building first what has changed. The last line of the output
# is "N passed, N failed"; the exit code is 0 if none failed.
#
#   test/run.sh [arguments of lit, such as --filter=Dialect]
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/setup/steps.sh
. tools/setup/setup.sh

# Something is always said last, also when the build breaks.
PASSED=0 FAILED=1
trap 'echo "$PASSED passed, $FAILED failed"' EXIT

check_format() {
  git ls-files -z '*.h' '*.cpp' '*.c' |
    xargs -0 /usr/lib/llvm-22/bin/clang-format --dry-run --Werror
  echo "formatted as .clang-format says"
}

RESULTS=build/test/results.json
run_lit() {
  rm -f "$RESULTS"
  # A test that hangs is a failure, not a wait.
  /usr/lib/llvm-22/bin/lit -v --order=smart --timeout=600 --output="$RESULTS" \
    "$@" build/test
}

# Numbers of tests that passed (expected failures count) and that failed.
count_results() {
  python3 - "$RESULTS" <<'PYTHON'
import collections, json, sys
codes = collections.Counter(t["code"] for t in json.load(open(sys.argv[1]))["tests"])
passed = sum(codes[c] for c in ("PASS", "FLAKYPASS", "XFAIL"))
left_out = sum(codes[c] for c in ("UNSUPPORTED", "EXCLUDED", "SKIPPED"))
print(passed, sum(codes.values()) - passed - left_out)
PYTHON
}

setup
step "format" check_format
format=$LAST_STATUS
step "lit tests" run_lit "$@"
lit=$LAST_STATUS

PASSED=0 FAILED=0
if [ -f "$RESULTS" ]; then
  read -r PASSED FAILED < <(count_results)
elif [ "$lit" -ne 0 ]; then
  FAILED=1
fi
if [ "$format" -eq 0 ]; then
  PASSED=$((PASSED + 1))
else
  FAILED=$((FAILED + 1))
fi
summary
[ "$FAILED" -eq 0 ] && [ "$lit" -eq 0 ] && [ "$PASSED" -gt 1 ]
