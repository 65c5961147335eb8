// RUN: bpt-opt %s --split-input-file --bpt-expand-loss | FileCheck %s
// RUN: bpt-opt %s --split-input-file --bpt-decompose | FileCheck %s --check-prefix=DECOMPOSED --implicit-check-not=bpt.cross_entropy

// CHECK-LABEL: func @smoothing(
// CHECK: %[[P:.*]], %[[LSE:.*]] = bpt.cross_entropy {{.*}} outs(%{{.*}}, %{{.*}} : tensor<1x?xf32>, tensor<1x?xf32>) {bpt.strategy = {{.*}}} -> tensor<1x?xf32>, tensor<1x?xf32>
// The mean of a row's logits is a product with the mean of the columns.
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%arg1 : tensor<64x1000xf32>) outs(%{{.*}} : tensor<64xf32>)
// CHECK: arith.addf
// CHECK: %[[COLUMNS:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<64xf32>)
// CHECK: arith.divf
// CHECK: %[[MEAN:.*]] = linalg.generic {{.*}} ins(%arg0, %[[COLUMNS]] : tensor<1x?x64xf32>, tensor<64xf32>)
// CHECK: %[[L:.*]] = linalg.generic {{.*}} ins(%[[P]], %[[LSE]], %arg2, %[[MEAN]] :
// CHECK: arith.select
// CHECK: return %[[L]]
func.func @smoothing(%h: tensor<1x?x64xf32>, %w: tensor<64x1000xf32>, %y: tensor<1x?xi32>, %e: tensor<1x?xf32>) -> tensor<1x?xf32> {
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x?x64xf32>, tensor<64x1000xf32>, tensor<1x?xi32>)
      outs(%e : tensor<1x?xf32>) {label_smoothing = 0.1 : f32, bpt.strategy = #bpt.strategy<rows = 8>} -> tensor<1x?xf32>
  return %l : tensor<1x?xf32>
}

// -----

// The log-sum-exp that is there is used.
// CHECK-LABEL: func @z_loss(
// CHECK: %[[P:.*]], %[[LSE:.*]] = bpt.cross_entropy {{.*}} outs(%arg3, %arg4 :
// CHECK-NOT: tensor<64xf32>
// CHECK: %[[L:.*]] = linalg.generic {{.*}} ins(%[[P]], %[[LSE]], %arg2 :
// CHECK: return %[[L]], %[[LSE]]
func.func @z_loss(%h: tensor<1x4x64xf32>, %w: tensor<64x1000xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>, %f: tensor<1x4xf32>)
    -> (tensor<1x4xf32>, tensor<1x4xf32>) {
  %l:2 = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x64xf32>, tensor<64x1000xf32>, tensor<1x4xi32>)
      outs(%e, %f : tensor<1x4xf32>, tensor<1x4xf32>) {z_loss = 1.0e-4 : f32} -> tensor<1x4xf32>, tensor<1x4xf32>
  return %l#0, %l#1 : tensor<1x4xf32>, tensor<1x4xf32>
}

// -----

// CHECK-LABEL: func @none(
// CHECK-NEXT: bpt.cross_entropy
// CHECK-NEXT: return
func.func @none(%h: tensor<1x4x64xf32>, %w: tensor<64x1000xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x64xf32>, tensor<64x1000xf32>, tensor<1x4xi32>)
      outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %l : tensor<1x4xf32>
}

// -----

// Without the pass, a loss decomposes with what its options add.
// DECOMPOSED-LABEL: func @smoothing(
// DECOMPOSED: arith.divf
// DECOMPOSED-LABEL: func @z_loss(
// DECOMPOSED: arith.constant 9.99999974E-5 : f32
// DECOMPOSED-LABEL: func @none(
