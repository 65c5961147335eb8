// RUN: bpt-opt %s --bpt-unify-sizes --canonicalize | FileCheck %s

// The values have as many rows as the keys; what has the size already, or a
// static one, stays.
// CHECK-LABEL: func @attention
// CHECK-SAME: %[[Q:.*]]: tensor<1x?x8x64xf16>, %[[K:.*]]: tensor<1x?x2x64xf16>, %[[V:.*]]: tensor<1x?x2x64xf16>
// CHECK: %[[KEYS:.*]] = tensor.dim %[[K]], %c1
// CHECK: %[[VALUES:.*]] = tensor.extract_slice %[[V]][0, 0, 0, 0] [1, %[[KEYS]], 2, 64]
// CHECK: bpt.attention ins(%[[Q]], %[[K]], %[[VALUES]] :
func.func @attention(%q: tensor<1x?x8x64xf16>, %k: tensor<1x?x2x64xf16>, %v: tensor<1x?x2x64xf16>, %e: tensor<1x?x8x64xf16>) -> tensor<1x?x8x64xf16> {
  %r = bpt.attention ins(%q, %k, %v : tensor<1x?x8x64xf16>, tensor<1x?x2x64xf16>, tensor<1x?x2x64xf16>)
      outs(%e : tensor<1x?x8x64xf16>) -> tensor<1x?x8x64xf16>
  return %r : tensor<1x?x8x64xf16>
}

// CHECK-LABEL: func @static
// CHECK-NOT: extract_slice
// CHECK: bpt.rms_norm
func.func @static(%x: tensor<1x4x16xf32>) -> tensor<1x4x16xf32> {
  %n = bpt.rms_norm ins(%x : tensor<1x4x16xf32>) outs(%x : tensor<1x4x16xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x16xf32>
  return %n : tensor<1x4x16xf32>
}
