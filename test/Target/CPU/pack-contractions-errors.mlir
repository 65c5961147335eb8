// RUN: bpt-opt %s --bpt-pack-contractions="panel-width=7" --verify-diagnostics
// RUN: not bpt-opt %s --bpt-pack-contractions="panel-height=0" 2>&1 | FileCheck %s

// CHECK: error: option panel-height is 0, but a panel has at least 1 row

// expected-error@+1 {{option panel-width is 7, but must be an even number of columns}}
func.func @odd() {
  return
}
