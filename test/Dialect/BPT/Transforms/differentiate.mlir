// RUN: bpt-opt %s --split-input-file --bpt-differentiate | FileCheck %s
// RUN: bpt-opt %s --split-input-file --bpt-differentiate=keep=everything | FileCheck %s --check-prefix=EVERYTHING

// The arguments of main, a cotangent, its results, the gradients.
// CHECK-LABEL: func @main(
// CHECK-LABEL: func @main_vjp(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x?x6xf32> {bpt.name = "x"}, %[[W:[^:]*]]: tensor<6x7xf32> {bpt.name = "w"}, %[[B:[^:]*]]: tensor<7xf32> {bpt.name = "b"}, %{{[^:]*}}: index, %[[DY:[^:]*]]: tensor<1x?x7xf32> {bpt.name = "cotangent"}
// CHECK-SAME: -> (tensor<1x?x7xf32>, tensor<1x?x6xf32>, tensor<6x7xf32>, tensor<7xf32>)
// CHECK: %[[Y:.*]] = bpt.linear ins(%[[X]], %[[W]]
// CHECK: %[[WT:.*]] = linalg.transpose ins(%[[W]]
// CHECK: %[[DX:.*]] = bpt.linear ins(%[[DY]], %[[WT]]
// CHECK: %[[AGAIN:.*]] = bpt.barrier %[[X]] after %[[DY]]
// CHECK: %[[DW:.*]] = bpt.linear_weight_gradient ins(%[[AGAIN]], %[[DY]]
// CHECK: %[[DB:.*]] = linalg.generic
// CHECK: return %[[Y]], %[[DX]], %[[DW]], %[[DB]]
func.func @main(%x: tensor<1x?x6xf32> {bpt.name = "x"}, %w: tensor<6x7xf32> {bpt.name = "w"}, %b: tensor<7xf32> {bpt.name = "b"}, %e: index) -> tensor<1x?x7xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%e) : tensor<1x?x7xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x?x7xf32>) -> tensor<1x?x7xf32>
  %y = bpt.linear ins(%x, %w : tensor<1x?x6xf32>, tensor<6x7xf32>) bias(%b : tensor<7xf32>) outs(%fill : tensor<1x?x7xf32>) -> tensor<1x?x7xf32>
  return %y : tensor<1x?x7xf32>
}

// -----

// What attention needs is computed again from the input, behind a barrier, or
// kept; its statistics are asked for.
// CHECK-LABEL: func @main_vjp(
// CHECK: %[[K:.*]] = bpt.barrier
// CHECK: %{{.*}}, %[[M:.*]], %[[L:.*]] = bpt.attention ins(%[[K]], {{.*}} {causal}
// CHECK: bpt.attention_backward {{.*}} statistics(%[[M]], %[[L]] : {{.*}} {causal}
// EVERYTHING-LABEL: func @main_vjp(
// EVERYTHING: %{{.*}}, %[[M:.*]], %[[L:.*]] = bpt.attention {{.*}} {causal}
// EVERYTHING-NOT: bpt.attention ins
// EVERYTHING: %[[KEPT:.*]] = bpt.barrier %[[M]]
// EVERYTHING: bpt.attention_backward {{.*}} statistics(%[[KEPT]], %{{.*}}
func.func @main(%q: tensor<1x8x2x4xf32>, %k: tensor<1x8x1x4xf32>, %v: tensor<1x8x1x4xf32>) -> tensor<1x8x2x4xf32> {
  %e = tensor.empty() : tensor<1x8x2x4xf32>
  %o = bpt.attention ins(%q, %k, %v : tensor<1x8x2x4xf32>, tensor<1x8x1x4xf32>, tensor<1x8x1x4xf32>) outs(%e : tensor<1x8x2x4xf32>) {causal} -> tensor<1x8x2x4xf32>
  return %o : tensor<1x8x2x4xf32>
}

// -----

// A result that depends on no argument gives zeros; integers have no gradient.
// CHECK-LABEL: func @main_vjp(
// CHECK-SAME: -> (tensor<2xf32>, tensor<2xi32>, tensor<2xf32>)
// CHECK: %[[ZEROS:.*]] = linalg.fill
// CHECK: return %{{.*}}, %{{.*}}, %[[ZEROS]]
func.func @main(%x: tensor<2xf32>, %ids: tensor<2xi32>) -> (tensor<2xf32>, tensor<2xi32>) {
  %c = arith.constant dense<1.0> : tensor<2xf32>
  return %c, %ids : tensor<2xf32>, tensor<2xi32>
}

// -----

// Two results have two cotangents; a value used twice sums what comes back.
// CHECK-LABEL: func @main_vjp(
// CHECK-SAME: %{{.*}}: tensor<f32> {bpt.name = "cotangent.0"}, %{{.*}}: tensor<f32> {bpt.name = "cotangent.1"}
// CHECK: linalg.generic
// CHECK: arith.addf
func.func @main(%x: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  return %x, %x : tensor<f32>, tensor<f32>
}

// -----

// Arithmetic and slices outside of linalg.
// CHECK-LABEL: func @main_vjp(
// CHECK: %[[COS:.*]] = math.cos
// CHECK: arith.mulf %{{.*}}, %{{.*}} : tensor<2xf32>
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[1] [2] [1] : tensor<2xf32> into tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> tensor<2xf32> {
  %s = tensor.extract_slice %x[1] [2] [1] : tensor<4xf32> to tensor<2xf32>
  %y = math.sin %s : tensor<2xf32>
  return %y : tensor<2xf32>
}
