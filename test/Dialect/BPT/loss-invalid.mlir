// RUN: bpt-opt %s -split-input-file -verify-diagnostics

func.func @element_types(%h: tensor<1x4x8xf32>, %w: tensor<8x10xbf16>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) {
  // expected-error @+1 {{element type of 'weight' is 'bf16', but that of 'hidden' is 'f32'; they must be equal}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x10xbf16>, tensor<1x4xi32>)
      outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @width(%h: tensor<1x4x8xf32>, %w: tensor<9x10xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) {
  // expected-error @+1 {{hidden width size of 'weight' (dimension 0) is 9, but that of 'hidden' (dimension 2) is 8}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<9x10xf32>, tensor<1x4xi32>)
      outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @labels(%h: tensor<1x4x8xf32>, %w: tensor<8x10xf32>, %y: tensor<1x5xi32>, %e: tensor<1x4xf32>) {
  // expected-error @+1 {{row size of 'labels' (dimension 1) is 5, but that of 'hidden' (dimension 1) is 4}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x10xf32>, tensor<1x5xi32>)
      outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @loss_type(%h: tensor<1x4x8xbf16>, %w: tensor<8x10xbf16>, %y: tensor<1x4xi32>, %e: tensor<1x4xbf16>) {
  // expected-error @+1 {{operand #3 must be 2D tensor of 32-bit float values, but got 'tensor<1x4xbf16>'}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xbf16>, tensor<8x10xbf16>, tensor<1x4xi32>)
      outs(%e : tensor<1x4xbf16>) -> tensor<1x4xbf16>
  return
}

// -----

func.func @results(%h: tensor<1x4x8xf32>, %w: tensor<8x10xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) {
  // expected-error @+1 {{has 1 results for 2 destinations; each destination gives one result}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x10xf32>, tensor<1x4xi32>)
      outs(%e, %e : tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @smoothing(%h: tensor<1x4x8xf32>, %w: tensor<8x10xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) {
  // expected-error @+1 {{'label_smoothing' is 1.000000e+00 : f32, but must be in [0, 1)}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x10xf32>, tensor<1x4xi32>)
      outs(%e : tensor<1x4xf32>) {label_smoothing = 1.0 : f32} -> tensor<1x4xf32>
  return
}

// -----

func.func @negative_smoothing(%h: tensor<1x4x8xf32>, %w: tensor<8x10xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) {
  // expected-error @+1 {{'label_smoothing' is -1.000000e-01 : f32, but must be in [0, 1)}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x10xf32>, tensor<1x4xi32>)
      outs(%e : tensor<1x4xf32>) {label_smoothing = -0.1 : f32} -> tensor<1x4xf32>
  return
}

// -----

func.func @z_loss(%h: tensor<1x4x8xf32>, %w: tensor<8x10xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) {
  // expected-error @+1 {{'z_loss' is 0x7F800000 : f32, but must be finite and at least 0}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x10xf32>, tensor<1x4xi32>)
      outs(%e : tensor<1x4xf32>) {z_loss = 0x7F800000 : f32} -> tensor<1x4xf32>
  return
}

// -----

func.func @negative_z_loss(%h: tensor<1x4x8xf32>, %w: tensor<8x10xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) {
  // expected-error @+1 {{'z_loss' is -1.000000e+00 : f32, but must be finite and at least 0}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x10xf32>, tensor<1x4xi32>)
      outs(%e : tensor<1x4xf32>) {z_loss = -1.0 : f32} -> tensor<1x4xf32>
  return
}
