// RUN: bpt-opt %s -split-input-file -verify-diagnostics

func.func @linear_ranks(%x: tensor<1x4x8xf32>, %w: tensor<8x2x8xf32>) {
  // expected-error @+1 {{contracts x [B, S, K...] with weight [K..., N...] into [B, S, N...]: a weight of rank 3 does not fit x of rank 3 and a destination of rank 3}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf32>, tensor<8x2x8xf32>) outs(%x : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @linear_of_a_matrix(%x: tensor<4x8xf32>, %w: tensor<8xf32>, %e: tensor<1x4x8xf32>) {
  // expected-error @+1 {{a weight of rank 1 does not fit x of rank 2 and a destination of rank 3}}
  %y = bpt.linear ins(%x, %w : tensor<4x8xf32>, tensor<8xf32>) outs(%e : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @linear_scalars(%x: tensor<f32>) {
  // expected-error @+1 {{a weight of rank 0 does not fit x of rank 0 and a destination of rank 0}}
  %y = bpt.linear ins(%x, %x : tensor<f32>, tensor<f32>) outs(%x : tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @linear_unranked(%x: tensor<*xf32>) {
  // expected-error @+1 {{invalid kind of type specified: expected builtin.tensor, but found 'tensor<*xf32>'}}
  %y = bpt.linear ins(%x, %x : tensor<*xf32>, tensor<*xf32>) outs(%x : tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @linear_input_size(%x: tensor<1x4x8xf32>, %w: tensor<7x8xf32>) {
  // expected-error @+1 {{input size of 'weight' (dimension 0) is 7, but that of 'x' (dimension 2) is 8}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf32>, tensor<7x8xf32>) outs(%x : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @linear_output_size(%x: tensor<1x4x8xf32>, %w: tensor<8x9xf32>) {
  // expected-error @+1 {{output size of 'init' (dimension 2) is 8, but that of 'weight' (dimension 1) is 9}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf32>, tensor<8x9xf32>) outs(%x : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

// A bias has the dimensions of the outputs.
func.func @linear_bias_rank(%x: tensor<1x4x8xf32>, %w: tensor<8x2x4xf32>, %b: tensor<8xf32>, %e: tensor<1x4x2x4xf32>) {
  // expected-error @+1 {{expects 'bias' of rank 2, got rank 1}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf32>, tensor<8x2x4xf32>) bias(%b : tensor<8xf32>)
      outs(%e : tensor<1x4x2x4xf32>) -> tensor<1x4x2x4xf32>
  return
}

// -----

func.func @linear_element_type(%x: tensor<1x4x8xbf16>, %w: tensor<8x8xbf16>, %b: tensor<8xf32>) {
  // expected-error @+1 {{element type of 'bias' is 'f32', but that of 'x' is 'bf16'; they must be equal}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xbf16>, tensor<8x8xbf16>) bias(%b : tensor<8xf32>)
      outs(%x : tensor<1x4x8xbf16>) -> tensor<1x4x8xbf16>
  return
}

// -----

func.func @linear_destination_type(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>, %e: tensor<1x4x8xbf16>) {
  // expected-error @+1 {{element type of the destination is 'bf16'; it must be that of the inputs, 'f32', or f32}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf32>, tensor<8x8xf32>) outs(%e : tensor<1x4x8xbf16>) -> tensor<1x4x8xbf16>
  return
}

// -----

func.func @gate_bias_without_gate(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{'gate_bias' needs a 'gate'}}
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>)
      gate_bias(%b : tensor<8xf32>)
      outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<relu>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @hidden_size(%x: tensor<1x4x8xf32>, %w1: tensor<8x16xf32>, %w2: tensor<17x8xf32>) {
  // expected-error @+1 {{hidden size of 'w2' (dimension 0) is 17, but that of 'w1' (dimension 1) is 16}}
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x4x8xf32>, tensor<8x16xf32>, tensor<17x8xf32>)
      outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<relu>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @gate_element_type(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>, %w3: tensor<8x8xf16>) {
  // expected-error @+1 {{element type of 'w3' is 'f16', but that of 'x' is 'f32'; they must be equal}}
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>)
      gate(%w3 : tensor<8x8xf16>)
      outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<relu>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @feed_forward_destination_type(%x: tensor<1x4x8xbf16>, %w: tensor<8x8xbf16>, %e: tensor<1x4x8xf16>) {
  // expected-error @+1 {{element type of the destination is 'f16'; it must be that of the inputs, 'bf16', or f32}}
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x4x8xbf16>, tensor<8x8xbf16>, tensor<8x8xbf16>)
      outs(%e : tensor<1x4x8xf16>) {activation = #bpt.activation<relu>} -> tensor<1x4x8xf16>
  return
}

// -----

func.func @no_activation(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>) {
  // expected-error @+1 {{requires attribute 'activation'}}
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>)
      outs(%x : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @unknown_activation(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>) {
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>)
      // expected-error @+2 {{expected ::mlir::bpt::Activation to be one of: relu, gelu, gelu_tanh, quick_gelu, silu}}
      // expected-error @+1 {{failed to parse BPT_ActivationAttr parameter 'value'}}
      outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<swish>} -> tensor<1x4x8xf32>
  return
}
