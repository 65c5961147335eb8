// RUN: bpt-opt %s --bpt-split-loss-gradients | FileCheck %s

// CHECK-LABEL: @split
// CHECK-SAME: %[[H:[a-z0-9]+]]: tensor<2x64x32xbf16>, %[[W:[a-z0-9]+]]: tensor<32x1000xbf16>, %[[Y:[a-z0-9]+]]: tensor<2x64xi32>, %[[LSE:[a-z0-9]+]]: tensor<2x64xf32>
// CHECK: scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[DH:.*]] = %{{.*}}, %[[DW:.*]] = %{{.*}})
// CHECK:   %[[BLOCK:.*]] = tensor.extract_slice %[[W]][0, %[[FIRST]]] [32, %{{.*}}] [1, 1]
// CHECK:   %[[Z:.*]] = bpt.linear ins(%[[H]], %[[BLOCK]] {{.*}} {bpt.strategy = #bpt.strategy<rows = 32, columns = 64, fuse = false>} -> tensor<2x64x?xf32>
// CHECK:   %[[G:.*]] = linalg.generic {{.*}} ins(%[[LSE]], %[[Y]], %{{.*}}, %[[Z]] {{.*}} outs(%{{.*}} : tensor<2x64x?xbf16>)
// CHECK:     arith.addi %{{.*}}, %[[FIRST]]
// CHECK:   %[[T:.*]] = linalg.transpose ins(%[[BLOCK]]
// CHECK:   bpt.linear ins(%[[G]], %[[T]] {{.*}} outs(%[[DH]] : tensor<2x64x32xf32>) {bpt.strategy = #bpt.strategy<rows = 32, columns = 64, fuse = false>}
// CHECK:   %[[PART:.*]] = tensor.extract_slice %[[DW]][0, %[[FIRST]]]
// CHECK:   bpt.linear_weight_gradient ins(%[[H]], %[[G]] {{.*}} outs(%[[PART]] {{.*}} {bpt.strategy = #bpt.strategy<rows = 32, columns = 64>}
func.func @split(%h: tensor<2x64x32xbf16>, %w: tensor<32x1000xbf16>, %y: tensor<2x64xi32>, %lse: tensor<2x64xf32>,
                 %c: tensor<2x64xf32>, %dh: tensor<2x64x32xf32>, %dw: tensor<32x1000xf32>) -> (tensor<2x64x32xf32>, tensor<32x1000xf32>) {
  %d:2 = bpt.cross_entropy_backward ins(%h, %w, %y : tensor<2x64x32xbf16>, tensor<32x1000xbf16>, tensor<2x64xi32>)
      cotangent(%lse, %c : tensor<2x64xf32>, tensor<2x64xf32>)
      outs(%dh, %dw : tensor<2x64x32xf32>, tensor<32x1000xf32>)
      {bpt.strategy = #bpt.strategy<rows = 32, columns = 64, vocab = 128, store_hidden = true>}
      -> tensor<2x64x32xf32>, tensor<32x1000xf32>
  return %d#0, %d#1 : tensor<2x64x32xf32>, tensor<32x1000xf32>
}

// Without store_hidden it stays.
// CHECK-LABEL: @stays
// CHECK: bpt.cross_entropy_backward
func.func @stays(%h: tensor<2x64x32xf32>, %w: tensor<32x1000xf32>, %y: tensor<2x64xi32>, %lse: tensor<2x64xf32>,
                 %c: tensor<2x64xf32>, %dh: tensor<2x64x32xf32>, %dw: tensor<32x1000xf32>) -> (tensor<2x64x32xf32>, tensor<32x1000xf32>) {
  %d:2 = bpt.cross_entropy_backward ins(%h, %w, %y : tensor<2x64x32xf32>, tensor<32x1000xf32>, tensor<2x64xi32>)
      cotangent(%lse, %c : tensor<2x64xf32>, tensor<2x64xf32>)
      outs(%dh, %dw : tensor<2x64x32xf32>, tensor<32x1000xf32>)
      {bpt.strategy = #bpt.strategy<vocab = 128>} -> tensor<2x64x32xf32>, tensor<32x1000xf32>
  return %d#0, %d#1 : tensor<2x64x32xf32>, tensor<32x1000xf32>
}
