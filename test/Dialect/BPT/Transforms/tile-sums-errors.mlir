// RUN: bpt-opt %s --verify-diagnostics --bpt-tile-sums

func.func @chunks(%x: tensor<1x2048x64xf32>, %z: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>) {
  // expected-note @+1 {{this is one of them}}
  %a = bpt.linear_weight_gradient ins(%x, %x : tensor<1x2048x64xf32>, tensor<1x2048x64xf32>) outs(%z : tensor<64x64xf32>) {bpt.strategy = #bpt.strategy<chunk = 512>} -> tensor<64x64xf32>
  // expected-error @+1 {{asks for chunks of 256 rows, but is computed with sums over chunks of 512; give both the same 'chunk'}}
  %b = bpt.linear_weight_gradient ins(%x, %x : tensor<1x2048x64xf32>, tensor<1x2048x64xf32>) outs(%z : tensor<64x64xf32>) {bpt.strategy = #bpt.strategy<chunk = 256>} -> tensor<64x64xf32>
  return %a, %b : tensor<64x64xf32>, tensor<64x64xf32>
}
