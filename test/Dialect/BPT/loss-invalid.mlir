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
