// RUN: bpt-opt %s -split-input-file -verify-diagnostics

func.func @rank(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{expects 'x' of shape [B, S, ..., E], got rank 2}}
  %n = bpt.layer_norm ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<4x8xf32>
  return
}

// -----

func.func @scalar(%x: tensor<f32>) {
  // expected-error @+1 {{expects 'x' of shape [B, S, ..., E], got rank 0}}
  %n = bpt.rms_norm ins(%x : tensor<f32>) outs(%x : tensor<f32>) {eps = 1.0e-5 : f32} -> tensor<f32>
  return
}

// -----

func.func @destination_rank(%x: tensor<1x4x8xf32>, %e: tensor<1x4x8x1xf32>) {
  // expected-error @+1 {{expects 'init' of rank 3, got rank 4}}
  %n = bpt.rms_norm ins(%x : tensor<1x4x8xf32>) outs(%e : tensor<1x4x8x1xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8x1xf32>
  return
}

// -----

func.func @negative_eps(%x: tensor<1x4x8xf32>) {
  // expected-error @+1 {{'eps' must be finite and not negative}}
  %n = bpt.layer_norm ins(%x : tensor<1x4x8xf32>) outs(%x : tensor<1x4x8xf32>) {eps = -1.0e-5 : f32} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @nan_eps(%x: tensor<1x4x8xf32>) {
  // expected-error @+1 {{'eps' must be finite and not negative}}
  %n = bpt.rms_norm ins(%x : tensor<1x4x8xf32>) outs(%x : tensor<1x4x8xf32>) {eps = 0x7FC00000 : f32} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @weight_size(%x: tensor<1x4x8xf32>, %w: tensor<7xf32>) {
  // expected-error @+1 {{normalised size of 'weight' (dimension 0) is 7, but that of 'x' (dimension 2) is 8}}
  %n = bpt.layer_norm ins(%x : tensor<1x4x8xf32>) weight(%w : tensor<7xf32>)
      outs(%x : tensor<1x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @bias_type(%x: tensor<1x4x8xf32>, %b: tensor<8xf16>) {
  // expected-error @+1 {{element type of 'bias' is 'f16', but that of 'x' is 'f32'; they must be equal}}
  %n = bpt.layer_norm ins(%x : tensor<1x4x8xf32>) bias(%b : tensor<8xf16>)
      outs(%x : tensor<1x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @destination_type(%x: tensor<1x4x8xf32>, %e: tensor<1x4x8xf16>) {
  // expected-error @+1 {{element type of the destination is 'f16'; it must be that of the inputs, 'f32', or f32}}
  %n = bpt.rms_norm ins(%x : tensor<1x4x8xf32>) outs(%e : tensor<1x4x8xf16>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf16>
  return
}
