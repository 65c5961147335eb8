// RUN: bpt-opt %s --split-input-file --verify-diagnostics --bpt-materialize | FileCheck %s

// Heads that share a key head get a dimension of their own; K and V are not
// repeated. Causal: j <= i + (Sk - Sq).
// CHECK-LABEL: func.func @grouped
// CHECK-SAME: (%[[Q:.*]]: tensor<2x?x4x8xbf16>, %[[K:.*]]: tensor<2x7x2x8xbf16>, %[[V:.*]]: tensor<2x7x2x8xbf16>)
// CHECK: %[[SPLIT:.*]] = tensor.expand_shape %[[Q]] {{\[\[}}0], [1], [2, 3], [4]]
// CHECK: %[[PRODUCTS:.*]] = linalg.generic {{.*}} ins(%[[SPLIT]], %[[K]] : {{.*}}) outs({{.*}} : tensor<2x2x2x?x7xf32>)
// CHECK: %[[SCORES:.*]] = linalg.generic {{.*}} ins(%[[PRODUCTS]] :
// CHECK-DAG: %[[ROW:.*]] = linalg.index 3
// CHECK-DAG: %[[COLUMN:.*]] = linalg.index 4
// CHECK: arith.cmpi sle
// CHECK: arith.select
// CHECK: %[[P:.*]] = linalg.softmax dimension(4) ins(%[[SCORES]] : tensor<2x2x2x?x7xf32>)
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[P]], %[[V]] : {{.*}}) outs({{.*}} : tensor<2x?x2x2x8xf32>)
// CHECK: arith.truncf
// CHECK: tensor.collapse_shape
// CHECK-NOT: bpt.attention
func.func @grouped(%q: tensor<2x?x4x8xbf16>, %k: tensor<2x7x2x8xbf16>, %v: tensor<2x7x2x8xbf16>) -> tensor<2x?x4x8xbf16> {
  %c1 = arith.constant 1 : index
  %s = tensor.dim %q, %c1 : tensor<2x?x4x8xbf16>
  %e = tensor.empty(%s) : tensor<2x?x4x8xbf16>
  %o = bpt.attention ins(%q, %k, %v : tensor<2x?x4x8xbf16>, tensor<2x7x2x8xbf16>, tensor<2x7x2x8xbf16>) outs(%e : tensor<2x?x4x8xbf16>) {causal} -> tensor<2x?x4x8xbf16>
  return %o : tensor<2x?x4x8xbf16>
}

// -----

// CHECK-LABEL: func.func @feed_forward
// CHECK: %[[U:.*]] = bpt.linear
// CHECK: %[[Z:.*]] = linalg.generic {{.*}} ins(%[[U]] : tensor<1x5x16xf32>)
// CHECK: bpt.linear ins(%[[Z]],
// CHECK-NOT: bpt.feed_forward
func.func @feed_forward(%x: tensor<1x5x8xf32>, %w1: tensor<8x16xf32>, %w2: tensor<16x8xf32>) -> tensor<1x5x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x5x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x5x8xf32>, tensor<8x16xf32>, tensor<16x8xf32>) outs(%f : tensor<1x5x8xf32>) {activation = #bpt.activation<relu>} -> tensor<1x5x8xf32>
  return %y : tensor<1x5x8xf32>
}

// -----

func.func @lse(%q: tensor<1x5x2x8xf32>) -> tensor<1x5x2xf32> {
  %e = tensor.empty() : tensor<1x5x2x8xf32>
  %l = tensor.empty() : tensor<1x5x2xf32>
  // expected-error @+1 {{'bpt.attention' op cannot be materialized: it gives statistics beside its result}}
  %o:2 = bpt.attention ins(%q, %q, %q : tensor<1x5x2x8xf32>, tensor<1x5x2x8xf32>, tensor<1x5x2x8xf32>) outs(%e, %l : tensor<1x5x2x8xf32>, tensor<1x5x2xf32>) -> tensor<1x5x2x8xf32>, tensor<1x5x2xf32>
  return %o#1 : tensor<1x5x2xf32>
}

// -----

func.func @tile(%q: tensor<1x5x2x8xf32>, %d: index) -> tensor<1x5x2x8xf32> {
  %c0 = arith.constant 0 : index
  %e = tensor.empty() : tensor<1x5x2x8xf32>
  // expected-error @+1 {{'bpt.attention' op cannot be materialized: it is a part of another}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x5x2x8xf32>, tensor<1x5x2x8xf32>, tensor<1x5x2x8xf32>) at(%c0, %c0, %c0) diagonal(%d) outs(%e : tensor<1x5x2x8xf32>) {causal} -> tensor<1x5x2x8xf32>
  return %o : tensor<1x5x2x8xf32>
}

// -----

func.func @scales(%q: tensor<1x4x1x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x1x8xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @+1 {{'bpt.attention' op cannot be materialized: its operands have scales, or its values are transposed}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x1x8xf8E4M3FN>, tensor<1x4x1x8xf8E4M3FN>, tensor<1x4x1x8xf8E4M3FN>)
      scales(%s, %s, %s : tensor<f32>, tensor<f32>, tensor<f32>) outs(%e : tensor<1x4x1x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}
