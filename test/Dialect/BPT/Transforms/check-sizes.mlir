// RUN: bpt-opt %s --pass-pipeline='builtin.module(func.func(bpt-check-sizes),resolve-ranked-shaped-type-result-dims,func.func(cse,canonicalize))' | FileCheck %s

// Sizes that two operands share are compared; the message says where and which.
// CHECK-LABEL: func @dynamic_sizes
// CHECK-SAME: %[[X:.*]]: tensor<1x?x?xf32>, %[[W:.*]]: tensor<64x8xf32>
// CHECK-DAG: %[[INPUTS:.*]] = tensor.dim %[[X]], %c2
// CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[INPUTS]], %c64
// CHECK: cf.assert %[[SAME]], "{{.*}}check-sizes.mlir:[[# @LINE + 3]]:8: error: 'bpt.linear' op {{.*}} size of 'weight' (dimension 0) is not that of 'x' (dimension 2)"
// CHECK: bpt.linear
func.func @dynamic_sizes(%x: tensor<1x?x?xf32>, %w: tensor<64x8xf32>, %z: tensor<1x?x8xf32>) -> tensor<1x?x8xf32> {
  %r = bpt.linear ins(%x, %w : tensor<1x?x?xf32>, tensor<64x8xf32>) outs(%z : tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  return %r : tensor<1x?x8xf32>
}

// Of scales there is one for every 128 inputs, and one for those that are left.
// CHECK-LABEL: func @scales
// CHECK: %[[INPUTS:.*]] = tensor.dim %arg0, %c2
// CHECK: %[[MORE:.*]] = arith.addi %[[INPUTS]], %c127
// CHECK: %[[BLOCKS:.*]] = arith.divui %[[MORE]], %c128
// CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[BLOCKS]], %{{.*}}
// CHECK: cf.assert %[[SAME]], "{{.*}}input size of 'x_scale' (dimension 2) is not 1/128 of that of 'x' (dimension 2)"
func.func @scales(%x: tensor<1x4x?xf8E4M3FN>, %w: tensor<?x8xf8E4M3FN>, %xs: tensor<1x4x?xf32>, %ws: tensor<f32>,
                  %z: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  %r = bpt.linear ins(%x, %w : tensor<1x4x?xf8E4M3FN>, tensor<?x8xf8E4M3FN>) scales(%xs, %ws : tensor<1x4x?xf32>, tensor<f32>)
      outs(%z : tensor<1x4x8xf32>) {x_blocks = array<i64: 1, 1, 128>} -> tensor<1x4x8xf32>
  return %r : tensor<1x4x8xf32>
}

// Grouped heads: one key head for every two query heads.
// CHECK-LABEL: func @groups
// CHECK-NOT: cf.assert
// CHECK: return
func.func @groups(%q: tensor<1x7x8x16xf32>, %kv: tensor<1x7x4x16xf32>) -> tensor<1x7x8x16xf32> {
  %e = tensor.empty() : tensor<1x7x8x16xf32>
  %r = bpt.attention ins(%q, %kv, %kv : tensor<1x7x8x16xf32>, tensor<1x7x4x16xf32>, tensor<1x7x4x16xf32>)
      outs(%e : tensor<1x7x8x16xf32>) -> tensor<1x7x8x16xf32>
  return %r : tensor<1x7x8x16xf32>
}

// What is known to be equal is not compared, and results are no sources of
// sizes: they would have to exist for it.
// CHECK-LABEL: func @known_sizes
// CHECK-NOT: cf.assert
// CHECK: return
func.func @known_sizes(%x: tensor<1x?x64xf32>, %w: tensor<64x64xf32>) -> tensor<1x?x64xf32> {
  %c1 = arith.constant 1 : index
  %d = tensor.dim %x, %c1 : tensor<1x?x64xf32>
  %e = tensor.empty(%d) : tensor<1x?x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x?x64xf32>) outs(%e : tensor<1x?x64xf32>) {eps = 1.0e-5 : f32} -> tensor<1x?x64xf32>
  %m = bpt.rms_norm ins(%n : tensor<1x?x64xf32>) outs(%e : tensor<1x?x64xf32>) {eps = 1.0e-5 : f32} -> tensor<1x?x64xf32>
  return %m : tensor<1x?x64xf32>
}

// A score region is computed for every pair: nothing is inserted there.
// CHECK-LABEL: func @score_region
// CHECK: bpt.attention
// CHECK-NOT: cf.assert
// CHECK: return
func.func @score_region(%q: tensor<1x7x8x16xf32>, %table: tensor<?xf32>) -> tensor<1x7x8x16xf32> {
  %e = tensor.empty() : tensor<1x7x8x16xf32>
  %r = bpt.attention ins(%q, %q, %q : tensor<1x7x8x16xf32>, tensor<1x7x8x16xf32>, tensor<1x7x8x16xf32>)
      outs(%e : tensor<1x7x8x16xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %slope = tensor.extract %table[%h] : tensor<?xf32>
      %t = arith.mulf %s, %slope : f32
      bpt.yield %t : f32
  } -> tensor<1x7x8x16xf32>
  return %r : tensor<1x7x8x16xf32>
}

// Upstream's operations are checked by their own rules.
// CHECK-LABEL: func @slice
// CHECK: cf.assert {{.*}} "{{.*}}error: 'tensor.extract_slice' op extract_slice runs out-of-bounds along dimension 0"
func.func @slice(%table: tensor<512x4xf32>, %n: index) -> tensor<?x4xf32> {
  %s = tensor.extract_slice %table[0, 0] [%n, 4] [1, 1] : tensor<512x4xf32> to tensor<?x4xf32>
  return %s : tensor<?x4xf32>
}

// CHECK-LABEL: func @dropout
// CHECK: cf.assert {{.*}} "{{.*}}error: 'bpt.dropout' op {{.*}}row size of 'init' (dimension 1) is not that of 'x' (dimension 1)"
func.func @dropout(%x: tensor<1x?x8xf32>, %seed: tensor<i64>, %e: tensor<1x?x8xf32>) -> tensor<1x?x8xf32> {
  %d = bpt.dropout ins(%x : tensor<1x?x8xf32>) seed(%seed) outs(%e : tensor<1x?x8xf32>)
      {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x?x8xf32>
  return %d : tensor<1x?x8xf32>
}
