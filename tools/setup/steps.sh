# Named, timed steps and a summary of them. Sourced by the scripts.

STEP_NAMES=()
STEP_RESULTS=()
STEPS_BEGAN=$SECONDS

# step TITLE COMMAND...: runs the command and returns its status. Do not call it
# in a condition: the shell would ignore `set -e` within the command.
step() {
  local title=$1 began=$SECONDS status
  shift
  printf '\n== %s\n' "$title"
  set +e
  (set -e; "$@")
  status=$?
  set -e
  STEP_NAMES+=("$title")
  if [ "$status" -eq 0 ]; then
    STEP_RESULTS+=("ok      $((SECONDS - began)) s")
  else
    STEP_RESULTS+=("FAILED  $((SECONDS - began)) s (exit code $status)")
  fi
  LAST_STATUS=$status
}

# required TITLE COMMAND...: a step without which the rest makes no sense.
required() {
  step "$@"
  if [ "$LAST_STATUS" -ne 0 ]; then
    summary
    exit "$LAST_STATUS"
  fi
}

summary() {
  local i
  printf '\n== Summary\n'
  for i in "${!STEP_NAMES[@]}"; do
    printf '  %-44s %s\n' "${STEP_NAMES[$i]}" "${STEP_RESULTS[$i]}"
  done
  printf '  %-44s         %s s\n' "total" "$((SECONDS - STEPS_BEGAN))"
}
