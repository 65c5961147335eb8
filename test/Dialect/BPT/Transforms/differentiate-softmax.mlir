// RUN: bpt-opt %s --bpt-differentiate=keep=everything | FileCheck %s

// The gradient reads the probabilities; the scores are not kept.
// CHECK-LABEL: func.func @main_vjp(
// CHECK-SAME: %[[X:.*]]: tensor<3x5x7xf32>, %[[DP:.*]]: tensor<3x5x7xf32>
// CHECK: %[[P:.*]] = linalg.softmax dimension(1)
// CHECK: %[[KEPT:.*]] = bpt.barrier %[[P]]
// CHECK: %[[SUM:.*]] = linalg.generic {indexing_maps = [#[[XMAP:.*]], #[[XMAP]], #{{.*}}], iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[KEPT]], %[[DP]] :
// CHECK: %[[DX:.*]] = linalg.generic {{.*}} ins(%[[KEPT]], %[[DP]], %[[SUM]] :
// CHECK: arith.subf
// CHECK: arith.mulf
// CHECK: return %[[P]], %[[DX]]
func.func @main(%x: tensor<3x5x7xf32>) -> tensor<3x5x7xf32> {
  %e = tensor.empty() : tensor<3x5x7xf32>
  %p = linalg.softmax dimension(1) ins(%x : tensor<3x5x7xf32>) outs(%e : tensor<3x5x7xf32>) -> tensor<3x5x7xf32>
  return %p : tensor<3x5x7xf32>
}
