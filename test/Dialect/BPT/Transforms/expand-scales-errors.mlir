// RUN: bpt-opt %s --bpt-decompose --verify-diagnostics

// A block of columns has one scale, and a tile of them may have several.
func.func @not_expanded(%x: tensor<1x4x64xf8E4M3FN>, %w: tensor<64x8xf8E4M3FN>, %xs: tensor<f32>,
                        %ws: tensor<1x2xf32>, %e: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  // expected-error @+2 {{has no decomposition into linalg}}
  // expected-error @+1 {{has a scale for several rows or columns; bpt-expand-scales gives each its own}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x64xf8E4M3FN>, tensor<64x8xf8E4M3FN>)
      scales(%xs, %ws : tensor<f32>, tensor<1x2xf32>) outs(%e : tensor<1x4x8xf32>)
      {weight_blocks = array<i64: 0, 4>} -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}

// A block of rows of a head, too.
func.func @rows_not_expanded(%q: tensor<1x8x1x8xf8E4M3FN>, %qs: tensor<1x2x1x1xf32>, %s: tensor<f32>, %e: tensor<1x8x1x8xf32>) -> tensor<1x8x1x8xf32> {
  // expected-error @+2 {{has no decomposition into linalg}}
  // expected-error @+1 {{has a scale for several rows; bpt-expand-scales gives each its own}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x8x1x8xf8E4M3FN>, tensor<1x8x1x8xf8E4M3FN>, tensor<1x8x1x8xf8E4M3FN>)
      scales(%qs, %s, %s : tensor<1x2x1x1xf32>, tensor<f32>, tensor<f32>) outs(%e : tensor<1x8x1x8xf32>)
      {query_blocks = array<i64: 1, 4, 1, 0>} -> tensor<1x8x1x8xf32>
  return %o : tensor<1x8x1x8xf32>
}
