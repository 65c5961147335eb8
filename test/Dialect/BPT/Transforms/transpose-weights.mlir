// RUN: bpt-opt %s --bpt-transpose-weights | FileCheck %s

// The scale is transposed with the weight.
// CHECK-LABEL: func @heads(
// CHECK: %[[W:.*]] = linalg.transpose ins(%arg1 : tensor<64x3x16xf8E4M3FN>) outs(%{{.*}} : tensor<3x16x64xf8E4M3FN>) permutation = [1, 2, 0]
// CHECK: %[[S:.*]] = linalg.transpose ins(%arg3 : tensor<2x3x1xf32>) outs(%{{.*}} : tensor<3x1x2xf32>) permutation = [1, 2, 0]
// CHECK: bpt.linear ins(%arg0, %[[W]] : {{.*}}) scales(%arg2, %[[S]] : {{.*}}) {{.*}} {transposed, weight_blocks = array<i64: 1, 0, 32>}
func.func @heads(%x: tensor<1x?x64xf8E4M3FN>, %w: tensor<64x3x16xf8E4M3FN>, %xs: tensor<f32>,
                 %ws: tensor<2x3x1xf32>, %e: tensor<1x?x3x16xf32>) -> tensor<1x?x3x16xf32> {
  %y = bpt.linear ins(%x, %w : tensor<1x?x64xf8E4M3FN>, tensor<64x3x16xf8E4M3FN>)
      scales(%xs, %ws : tensor<f32>, tensor<2x3x1xf32>) outs(%e : tensor<1x?x3x16xf32>)
      {weight_blocks = array<i64: 32, 1, 0>} -> tensor<1x?x3x16xf32>
  return %y : tensor<1x?x3x16xf32>
}

// What is transposed already, and other types, stay.
// CHECK-LABEL: func @kept(
// CHECK-NOT: linalg.transpose
func.func @kept(%x: tensor<1x4x64xf8E4M3FN>, %w: tensor<8x64xf8E4M3FN>, %h: tensor<1x4x64xf16>, %v: tensor<64x8xf16>,
                %e: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  %y = bpt.linear ins(%x, %w : tensor<1x4x64xf8E4M3FN>, tensor<8x64xf8E4M3FN>) outs(%e : tensor<1x4x8xf32>)
      {transposed} -> tensor<1x4x8xf32>
  %z = bpt.linear ins(%h, %v : tensor<1x4x64xf16>, tensor<64x8xf16>) outs(%y : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return %z : tensor<1x4x8xf32>
}
