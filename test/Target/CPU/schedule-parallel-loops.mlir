// RUN: bpt-opt %s --allow-unregistered-dialect --bpt-schedule-parallel-loops --canonicalize | FileCheck %s

// The last iteration first: of 0, 128, .., 896 the variable is mirrored at 896.

// CHECK-LABEL: func @blocks
// CHECK-DAG: %[[LAST:.+]] = arith.constant 896 : index
// CHECK: omp.wsloop schedule(dynamic)
// CHECK:   omp.loop_nest (%[[I:.+]]) : index = (%c0) to (%c1000) step (%c128)
// CHECK:     %[[MIRRORED:.+]] = arith.subi %[[LAST]], %[[I]]
// CHECK:     "test.use"(%[[MIRRORED]])
func.func @blocks() {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  %c1000 = arith.constant 1000 : index
  omp.parallel {
    omp.wsloop {
      omp.loop_nest (%i) : index = (%c0) to (%c1000) step (%c128) {
        "test.use"(%i) : (index) -> ()
        omp.yield
      }
    }
    omp.terminator
  }
  return
}

// A schedule that is stated stays, and so does the order.

// CHECK-LABEL: func @stated
// CHECK: omp.wsloop schedule(static)
// CHECK:   omp.loop_nest (%[[I:.+]]) : index
// CHECK:     "test.use"(%[[I]])
func.func @stated(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  omp.parallel {
    omp.wsloop schedule(static) {
      omp.loop_nest (%i) : index = (%c0) to (%n) step (%c1) {
        "test.use"(%i) : (index) -> ()
        omp.yield
      }
    }
    omp.terminator
  }
  return
}
