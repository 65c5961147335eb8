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

func.func @transposed_weight_size(%x: tensor<1x4x8xf32>, %w: tensor<8x7xf32>) {
  // expected-error @+1 {{input size of 'weight' (dimension 1) is 7, but that of 'x' (dimension 2) is 8}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf32>, tensor<8x7xf32>) outs(%x : tensor<1x4x8xf32>) {transposed} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @float8_with_another_type(%x: tensor<1x4x8xf8E4M3FN>, %w: tensor<8x8xbf16>, %e: tensor<1x4x8xf32>) {
  // expected-error @+1 {{element type of 'weight' is 'bf16', but that of 'x' is 'f8E4M3FN'; they must be equal}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf8E4M3FN>, tensor<8x8xbf16>) outs(%e : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @float8_result(%x: tensor<1x4x8xf8E4M3FN>, %w: tensor<8x8xf8E4M3FN>) {
  // expected-error @+1 {{operand #2 must be ranked tensor of 32-bit float or 16-bit float or bfloat16 type values, but got 'tensor<1x4x8xf8E4M3FN>'}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf8E4M3FN>, tensor<8x8xf8E4M3FN>) outs(%x : tensor<1x4x8xf8E4M3FN>) -> tensor<1x4x8xf8E4M3FN>
  return
}

// -----

func.func @float8_bias_type(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>, %b: tensor<8xbf16>) {
  // expected-error @+1 {{element type of 'bias' is 'bf16', but that of 'init' is 'f32'; they must be equal}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>)
      scales(%s, %s : tensor<f32>, tensor<f32>) bias(%b : tensor<8xbf16>) outs(%e : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @scales_of_another_type(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{has scales, which f8E4M3FN is multiplied by, and multiplies 'f32'}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf32>, tensor<8x8xf32>) scales(%s, %s : tensor<f32>, tensor<f32>)
      outs(%x : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @one_scale(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>) {
  // expected-error @+1 {{has a scale of one operand; give those of both}}
  %y = "bpt.linear"(%x, %w, %s, %e) {operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 1>}
      : (tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>, tensor<f32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @scale_without_blocks(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>, %l: tensor<4xf32>) {
  // expected-error @+1 {{has a 'x_scale' of rank 1, but without 'x_blocks' a scale is one number, of rank 0}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>)
      scales(%l, %s : tensor<4xf32>, tensor<f32>) outs(%e : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @blocks_without_scale(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>) {
  // expected-error @+1 {{has 'x_blocks', but no scale for them}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>)
      outs(%e : tensor<1x4x8xf32>) {x_blocks = array<i64: 1, 1, 128>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @number_of_blocks(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>, %l: tensor<1x4x2xf32>) {
  // expected-error @+1 {{has 2 'x_blocks' for the 3 dimensions of 'x'}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>)
      scales(%l, %s : tensor<1x4x2xf32>, tensor<f32>) outs(%e : tensor<1x4x8xf32>) {x_blocks = array<i64: 1, 128>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @negative_block(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>, %l: tensor<2x8xf32>) {
  // expected-error @+1 {{has a negative size in 'weight_blocks'; 0 stands for a whole dimension}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>)
      scales(%s, %l : tensor<f32>, tensor<2x8xf32>) outs(%e : tensor<1x4x8xf32>) {weight_blocks = array<i64: -1, 1>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @rank_of_scale(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{has a 'weight_scale' of rank 1, but 'weight' has rank 2; with 'weight_blocks' they are the same}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>)
      scales(%s, %l : tensor<f32>, tensor<2xf32>) outs(%e : tensor<1x4x8xf32>) {weight_blocks = array<i64: 128, 0>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @whole_dimension(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>, %l: tensor<2x8xf32>) {
  // expected-error @+1 {{has 'weight_blocks' of which dimension 1 is whole (0), but there 'weight_scale' has the size 8 instead of 1}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>)
      scales(%s, %l : tensor<f32>, tensor<2x8xf32>) outs(%e : tensor<1x4x8xf32>) {weight_blocks = array<i64: 128, 0>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @count_of_blocks(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>, %l: tensor<1x4x2xf32>) {
  // expected-error @+1 {{input size of 'x_scale' (dimension 2) is 2, but 'x' (dimension 2) asks for 3: one for every 100 of its 256}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>)
      scales(%l, %s : tensor<1x4x2xf32>, tensor<f32>) outs(%e : tensor<1x4x8xf32>) {x_blocks = array<i64: 1, 1, 100>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @blocks_of_inputs(%x: tensor<1x4x256xf8E4M3FN>, %w: tensor<256x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x8xf32>, %l: tensor<1x4x2xf32>, %m: tensor<4x8xf32>) {
  // expected-error @+1 {{has blocks of 128 inputs in x and of 64 in weight; they are the same, or 0 in one of them}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x256xf8E4M3FN>, tensor<256x8xf8E4M3FN>)
      scales(%l, %m : tensor<1x4x2xf32>, tensor<4x8xf32>) outs(%e : tensor<1x4x8xf32>) {x_blocks = array<i64: 1, 1, 128>, weight_blocks = array<i64: 64, 1>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @blocks_of_heads(%x: tensor<1x4x2x64xf8E4M3FN>, %w: tensor<2x64x8xf8E4M3FN>, %s: tensor<f32>, %l: tensor<1x4x2x1xf32>, %e: tensor<1x4x8xf32>) {
  // expected-error @+1 {{has blocks along 2 dimensions K; there may be blocks along one, if it is the only one}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x2x64xf8E4M3FN>, tensor<2x64x8xf8E4M3FN>)
      scales(%l, %s : tensor<1x4x2x1xf32>, tensor<f32>) outs(%e : tensor<1x4x8xf32>)
      {x_blocks = array<i64: 1, 1, 1, 0>} -> tensor<1x4x8xf32>
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
