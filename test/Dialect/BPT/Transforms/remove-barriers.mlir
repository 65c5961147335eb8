// RUN: bpt-opt %s --bpt-remove-barriers | FileCheck %s

// CHECK-LABEL: func @kept(
// CHECK-SAME: %[[X:[^:]*]]: tensor<4xf32>
// CHECK-NEXT: return %[[X]]
func.func @kept(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %again = bpt.barrier %x after %y : tensor<4xf32>, tensor<4xf32>
  return %again : tensor<4xf32>
}
