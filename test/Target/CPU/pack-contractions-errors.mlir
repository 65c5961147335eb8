// RUN: bpt-opt %s --bpt-pack-contractions="panel-width=7" --verify-diagnostics

// expected-error@+1 {{option panel-width is 7, but must be an even number of columns}}
func.func @odd() {
  return
}
