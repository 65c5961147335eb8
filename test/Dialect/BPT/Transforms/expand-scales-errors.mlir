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
