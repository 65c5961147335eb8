// RUN: bpt-opt %s --bpt-transpose-values | FileCheck %s

// The scales are transposed with the values.
// CHECK-LABEL: func @values(
// CHECK: %[[V:.*]] = linalg.transpose ins(%arg1 : tensor<1x64x2x32xf8E4M3FN>) outs(%{{.*}} : tensor<1x2x32x64xf8E4M3FN>) permutation = [0, 2, 3, 1]
// CHECK: %[[S:.*]] = linalg.transpose ins(%arg3 : tensor<1x4x2x1xf32>) outs(%{{.*}} : tensor<1x2x1x4xf32>) permutation = [0, 2, 3, 1]
// CHECK: bpt.attention ins(%arg0, %arg1, %[[V]] : {{.*}}) scales(%arg2, %arg2, %[[S]] : {{.*}}) {{.*}} {value_blocks = array<i64: 1, 1, 0, 16>, value_transposed}
func.func @values(%q: tensor<1x?x4x32xf8E4M3FN>, %k: tensor<1x64x2x32xf8E4M3FN>, %s: tensor<f32>, %vs: tensor<1x4x2x1xf32>,
                  %e: tensor<1x?x4x32xf16>) -> tensor<1x?x4x32xf16> {
  %o = bpt.attention ins(%q, %k, %k : tensor<1x?x4x32xf8E4M3FN>, tensor<1x64x2x32xf8E4M3FN>, tensor<1x64x2x32xf8E4M3FN>)
      scales(%s, %s, %vs : tensor<f32>, tensor<f32>, tensor<1x4x2x1xf32>) outs(%e : tensor<1x?x4x32xf16>)
      {value_blocks = array<i64: 1, 16, 1, 0>} -> tensor<1x?x4x32xf16>
  return %o : tensor<1x?x4x32xf16>
}

// Warpgroups take 64 rows, whole chunks of keys, and heads of 128 components.
// CHECK-LABEL: func @kept(
// CHECK-NOT: linalg.transpose
func.func @kept(%q: tensor<1x32x1x32xf8E4M3FN>, %k: tensor<1x64x1x32xf8E4M3FN>, %l: tensor<1x60x1x32xf8E4M3FN>, %w: tensor<1x64x1x256xf8E4M3FN>,
                %x: tensor<1x64x1x32xf16>, %e: tensor<1x32x1x32xf32>, %f: tensor<1x64x1x32xf32>, %g: tensor<1x64x1x256xf32>, %seed: tensor<i64>) {
  %0 = bpt.attention ins(%q, %k, %k : tensor<1x32x1x32xf8E4M3FN>, tensor<1x64x1x32xf8E4M3FN>, tensor<1x64x1x32xf8E4M3FN>)
      outs(%e : tensor<1x32x1x32xf32>) -> tensor<1x32x1x32xf32>
  %1 = bpt.attention ins(%k, %l, %l : tensor<1x64x1x32xf8E4M3FN>, tensor<1x60x1x32xf8E4M3FN>, tensor<1x60x1x32xf8E4M3FN>)
      outs(%f : tensor<1x64x1x32xf32>) -> tensor<1x64x1x32xf32>
  %2 = bpt.attention ins(%k, %k, %w : tensor<1x64x1x32xf8E4M3FN>, tensor<1x64x1x32xf8E4M3FN>, tensor<1x64x1x256xf8E4M3FN>)
      outs(%g : tensor<1x64x1x256xf32>) -> tensor<1x64x1x256xf32>
  %3 = bpt.attention ins(%x, %x, %x : tensor<1x64x1x32xf16>, tensor<1x64x1x32xf16>, tensor<1x64x1x32xf16>)
      outs(%f : tensor<1x64x1x32xf32>) -> tensor<1x64x1x32xf32>
  %4 = bpt.attention ins(%k, %k, %k : tensor<1x64x1x32xf8E4M3FN>, tensor<1x64x1x32xf8E4M3FN>, tensor<1x64x1x32xf8E4M3FN>)
      seed(%seed) outs(%f : tensor<1x64x1x32xf32>) {dropout = #bpt.dropout<rate = 0.5>} -> tensor<1x64x1x32xf32>
  return
}
