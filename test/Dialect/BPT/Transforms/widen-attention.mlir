// RUN: bpt-opt %s --bpt-widen-attention | FileCheck %s

// Keys that are values too are widened once. Heads and components are one dimension,
// which no loop over rows computes; the scales stay.
// CHECK-LABEL: func @float8(
// CHECK: %[[LINE:.*]] = tensor.collapse_shape %arg0 {{.*}} : tensor<1x?x4x8xf8E4M3FN> into tensor<1x?x32xf8E4M3FN>
// CHECK: %[[WIDE:.*]] = linalg.generic {{.*}} ins(%[[LINE]] : tensor<1x?x32xf8E4M3FN>) outs(%{{.*}} : tensor<1x?x32xbf16>)
// CHECK: arith.extf %{{.*}} : f8E4M3FN to bf16
// CHECK: %[[Q:.*]] = tensor.expand_shape %[[WIDE]] {{.*}} : tensor<1x?x32xbf16> into tensor<1x?x4x8xbf16>
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<1x32x16xf8E4M3FN>)
// CHECK: %[[K:.*]] = tensor.expand_shape %{{.*}} into tensor<1x32x2x8xbf16>
// CHECK-NOT: linalg.generic
// CHECK: bpt.attention ins(%[[Q]], %[[K]], %[[K]] : {{.*}}) scales(%arg2, %arg2, %arg2 : {{.*}})
func.func @float8(%q: tensor<1x?x4x8xf8E4M3FN>, %k: tensor<1x32x2x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x?x4x8xf16>) -> tensor<1x?x4x8xf16> {
  %o = bpt.attention ins(%q, %k, %k : tensor<1x?x4x8xf8E4M3FN>, tensor<1x32x2x8xf8E4M3FN>, tensor<1x32x2x8xf8E4M3FN>)
      scales(%s, %s, %s : tensor<f32>, tensor<f32>, tensor<f32>) outs(%e : tensor<1x?x4x8xf16>) -> tensor<1x?x4x8xf16>
  return %o : tensor<1x?x4x8xf16>
}

// Without scales the numbers fit f16, if that is what is wanted. Values that are
// transposed are multiplied as they are.
// CHECK-LABEL: func @without_scales(
// CHECK: arith.extf %{{.*}} : f8E4M3FN to f16
// CHECK: bpt.attention ins({{.*}} : tensor<1x64x1x32xf16>, tensor<1x64x1x32xf16>, tensor<1x64x1x32xf16>)
// CHECK: bpt.attention ins({{.*}} : tensor<1x64x1x32xf8E4M3FN>, tensor<1x64x1x32xf8E4M3FN>, tensor<1x1x32x64xf8E4M3FN>)
func.func @without_scales(%q: tensor<1x64x1x32xf8E4M3FN>, %v: tensor<1x1x32x64xf8E4M3FN>, %e: tensor<1x64x1x32xf16>) -> (tensor<1x64x1x32xf16>, tensor<1x64x1x32xf16>) {
  %o = bpt.attention ins(%q, %q, %q : tensor<1x64x1x32xf8E4M3FN>, tensor<1x64x1x32xf8E4M3FN>, tensor<1x64x1x32xf8E4M3FN>)
      outs(%e : tensor<1x64x1x32xf16>) -> tensor<1x64x1x32xf16>
  %p = bpt.attention ins(%q, %q, %v : tensor<1x64x1x32xf8E4M3FN>, tensor<1x64x1x32xf8E4M3FN>, tensor<1x1x32x64xf8E4M3FN>)
      outs(%e : tensor<1x64x1x32xf16>) {value_transposed} -> tensor<1x64x1x32xf16>
  return %o, %p : tensor<1x64x1x32xf16>, tensor<1x64x1x32xf16>
}

// Heads and components of unknown sizes are left apart.
// CHECK-LABEL: func @unknown_heads(
// CHECK-NOT: tensor.collapse_shape
// CHECK: linalg.generic {{.*}} ins(%arg0 : tensor<?x?x?x?xf8E4M3FN>)
func.func @unknown_heads(%q: tensor<?x?x?x?xf8E4M3FN>, %e: tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32> {
  %o = bpt.attention ins(%q, %q, %q : tensor<?x?x?x?xf8E4M3FN>, tensor<?x?x?x?xf8E4M3FN>, tensor<?x?x?x?xf8E4M3FN>)
      outs(%e : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}

// CHECK-LABEL: func @kept(
// CHECK-NOT: linalg.generic
func.func @kept(%q: tensor<1x4x1x8xf16>) -> tensor<1x4x1x8xf16> {
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x1x8xf16>, tensor<1x4x1x8xf16>, tensor<1x4x1x8xf16>) outs(%q : tensor<1x4x1x8xf16>) -> tensor<1x4x1x8xf16>
  return %o : tensor<1x4x1x8xf16>
}
