// RUN: bpt-opt %s --bpt-expand-scales --canonicalize | FileCheck %s

// Blocks of rows and of columns get a scale for each; blocks of inputs stay. Of
// 200 columns the second block has 72.
// CHECK-LABEL: func @blocks(
// CHECK-SAME: %[[X:.*]]: tensor<2x6x256xf8E4M3FN>, %[[W:.*]]: tensor<256x200xf8E4M3FN>, %[[XS:.*]]: tensor<2x2x2xf32>, %[[WS:.*]]: tensor<2x2xf32>
// CHECK: %[[ROWS:.*]] = linalg.broadcast ins(%[[XS]] : tensor<2x2x2xf32>) outs(%{{.*}} : tensor<2x2x4x2xf32>) dimensions = [2]
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[ROWS]] {{\[}}[0], [1, 2], [3]] : tensor<2x2x4x2xf32> into tensor<2x8x2xf32>
// CHECK: %[[SIX:.*]] = tensor.extract_slice %[[FLAT]][0, 0, 0] [2, 6, 2]
// CHECK: %[[COLUMNS:.*]] = linalg.broadcast ins(%[[WS]] : tensor<2x2xf32>) outs(%{{.*}} : tensor<2x2x128xf32>) dimensions = [2]
// CHECK: %[[EACH:.*]] = tensor.collapse_shape %[[COLUMNS]] {{\[}}[0], [1, 2]] : tensor<2x2x128xf32> into tensor<2x256xf32>
// CHECK: %[[PART:.*]] = tensor.extract_slice %[[EACH]][0, 0] [2, 200]
// CHECK: bpt.linear ins(%[[X]], %[[W]] : {{.*}}) scales(%[[SIX]], %[[PART]] : tensor<2x6x2xf32>, tensor<2x200xf32>)
// CHECK-SAME: {weight_blocks = array<i64: 128, 1>, x_blocks = array<i64: 1, 1, 128>}
func.func @blocks(%x: tensor<2x6x256xf8E4M3FN>, %w: tensor<256x200xf8E4M3FN>, %xs: tensor<2x2x2xf32>,
                  %ws: tensor<2x2xf32>, %e: tensor<2x6x200xbf16>) -> tensor<2x6x200xbf16> {
  %y = bpt.linear ins(%x, %w : tensor<2x6x256xf8E4M3FN>, tensor<256x200xf8E4M3FN>)
      scales(%xs, %ws : tensor<2x2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x6x200xbf16>)
      {x_blocks = array<i64: 1, 4, 128>, weight_blocks = array<i64: 128, 128>} -> tensor<2x6x200xbf16>
  return %y : tensor<2x6x200xbf16>
}

// One scale for all rows, or all columns, stays; so does one for each.
// CHECK-LABEL: func @kept(
// CHECK-NOT: linalg.broadcast
// CHECK: bpt.linear {{.*}} {weight_blocks = array<i64: 64, 1>, x_blocks = array<i64: 1, 0, 64>}
func.func @kept(%x: tensor<1x?x128xf8E4M3FN>, %w: tensor<128x40xf8E4M3FN>, %xs: tensor<1x1x2xf32>,
                %ws: tensor<2x40xf32>, %e: tensor<1x?x40xf32>) -> tensor<1x?x40xf32> {
  %y = bpt.linear ins(%x, %w : tensor<1x?x128xf8E4M3FN>, tensor<128x40xf8E4M3FN>)
      scales(%xs, %ws : tensor<1x1x2xf32>, tensor<2x40xf32>) outs(%e : tensor<1x?x40xf32>)
      {x_blocks = array<i64: 1, 0, 64>, weight_blocks = array<i64: 64, 1>} -> tensor<1x?x40xf32>
  return %y : tensor<1x?x40xf32>
}

// Heads and their components become one dimension of columns: scales of heads are
// repeated for their components.
// CHECK-LABEL: func @heads(
// CHECK: linalg.broadcast ins(%{{.*}} : tensor<1x3x1xf32>) outs(%{{.*}} : tensor<1x3x1x16xf32>) dimensions = [3]
// CHECK: bpt.linear {{.*}} scales(%{{.*}} : tensor<f32>, tensor<1x3x16xf32>) {{.*}} {weight_blocks = array<i64: 0, 1, 1>}
func.func @heads(%x: tensor<1x?x64xf8E4M3FN>, %w: tensor<64x3x16xf8E4M3FN>, %xs: tensor<f32>,
                 %ws: tensor<1x3x1xf32>, %e: tensor<1x?x3x16xf32>) -> tensor<1x?x3x16xf32> {
  %y = bpt.linear ins(%x, %w : tensor<1x?x64xf8E4M3FN>, tensor<64x3x16xf8E4M3FN>)
      scales(%xs, %ws : tensor<f32>, tensor<1x3x1xf32>) outs(%e : tensor<1x?x3x16xf32>)
      {weight_blocks = array<i64: 0, 1, 0>} -> tensor<1x?x3x16xf32>
  return %y : tensor<1x?x3x16xf32>
}

// Of attention every row gets its scale; one for all rows of a head stays.
// CHECK-LABEL: func @attention(
// CHECK: %[[ROWS:.*]] = linalg.broadcast ins(%arg2 : tensor<1x3x4x1xf32>) outs(%{{.*}} : tensor<1x3x16x4x1xf32>) dimensions = [2]
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[ROWS]] {{\[}}[0], [1, 2], [3], [4]] : tensor<1x3x16x4x1xf32> into tensor<1x48x4x1xf32>
// CHECK: %[[FORTY:.*]] = tensor.extract_slice %[[FLAT]][0, 0, 0, 0] [1, 40, 4, 1]
// CHECK: bpt.attention {{.*}} scales(%[[FORTY]], %arg3, %arg4 : tensor<1x40x4x1xf32>, tensor<1x1x2x1xf32>, tensor<f32>) {{.*}} {key_blocks = array<i64: 0, 0, 1, 0>, query_blocks = array<i64: 1, 1, 1, 0>}
func.func @attention(%q: tensor<1x40x4x8xf8E4M3FN>, %k: tensor<1x32x2x8xf8E4M3FN>, %qs: tensor<1x3x4x1xf32>, %ks: tensor<1x1x2x1xf32>,
                     %vs: tensor<f32>, %e: tensor<1x40x4x8xf16>) -> tensor<1x40x4x8xf16> {
  %o = bpt.attention ins(%q, %k, %k : tensor<1x40x4x8xf8E4M3FN>, tensor<1x32x2x8xf8E4M3FN>, tensor<1x32x2x8xf8E4M3FN>)
      scales(%qs, %ks, %vs : tensor<1x3x4x1xf32>, tensor<1x1x2x1xf32>, tensor<f32>) outs(%e : tensor<1x40x4x8xf16>)
      {query_blocks = array<i64: 1, 16, 1, 0>, key_blocks = array<i64: 0, 0, 1, 0>} -> tensor<1x40x4x8xf16>
  return %o : tensor<1x40x4x8xf16>
}
