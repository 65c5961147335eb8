// RUN: bpt-opt %s --bpt-tile-chunks --verify-diagnostics

// 'fuse = false' stores a result, but in the chunk.
func.func @conflict(%x: tensor<1x512x64xf32>, %w: tensor<64x64xf32>) -> tensor<1x512x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x512x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  // expected-error@+1 {{asks for chunks of 64 rows, but is computed in a loop over chunks of 128; give both the same 'chunk'}}
  %n = bpt.rms_norm ins(%x : tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #bpt.strategy<chunk = 64, fuse = false>} -> tensor<1x512x64xf32>
  // expected-note@+1 {{the loop computes this result}}
  %y = bpt.linear ins(%n, %w : tensor<1x512x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #bpt.strategy<chunk = 128, fuse = false>} -> tensor<1x512x64xf32>
  return %y : tensor<1x512x64xf32>
}
