// RUN: bpt-opt %s --bpt-lower-assertions | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal constant @[[FIRST:bpt_message.*]]("first\00")
// CHECK-DAG: llvm.mlir.global internal constant @[[SECOND:bpt_message.*]]("second\00")
// CHECK-DAG: llvm.func @bptReportFailure(!llvm.ptr)

// CHECK-LABEL: func @two
// CHECK: %[[FAILS:.*]] = arith.xori %arg0, %true
// CHECK: scf.if %[[FAILS]]
// CHECK:   %[[TEXT:.*]] = llvm.mlir.addressof @[[FIRST]]
// CHECK:   llvm.call @bptReportFailure(%[[TEXT]])
// CHECK: llvm.mlir.addressof @[[SECOND]]
func.func @two(%a: i1, %b: i1) {
  cf.assert %a, "first"
  cf.assert %b, "second"
  return
}
