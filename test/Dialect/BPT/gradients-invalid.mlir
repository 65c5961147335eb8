// RUN: bpt-opt %s --split-input-file --verify-diagnostics

func.func @weight_rank(%x: tensor<1x5x6xf32>, %dy: tensor<1x5x7xf32>, %z: tensor<6xf32>) {
  // expected-error @+1 {{contracts x [B, S, K...] with cotangent [B, S, N...] into [K..., N...]: a destination of rank 1 does not fit x of rank 3 and a cotangent of rank 3}}
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x5x6xf32>, tensor<1x5x7xf32>) outs(%z : tensor<6xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @weight_sizes(%x: tensor<1x5x6xf32>, %dy: tensor<1x4x7xf32>, %z: tensor<6x7xf32>) {
  // expected-error @+1 {{row size of 'cotangent' (dimension 1) is 4, but that of 'x' (dimension 1) is 5}}
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x5x6xf32>, tensor<1x4x7xf32>) outs(%z : tensor<6x7xf32>) -> tensor<6x7xf32>
  return
}

// -----

func.func @weight_types(%x: tensor<1x5x6xf32>, %dy: tensor<1x5x7xf16>, %z: tensor<6x7xf32>) {
  // expected-error @+1 {{element type of 'cotangent' is 'f16', but that of 'x' is 'f32'; they must be equal}}
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x5x6xf32>, tensor<1x5x7xf16>) outs(%z : tensor<6x7xf32>) -> tensor<6x7xf32>
  return
}

// -----

func.func @weight_strategy(%x: tensor<1x5x6xf32>, %z: tensor<6x6xf32>) {
  // expected-error @+1 {{does not read strategy option 'keys'; it reads: rows, chunk, columns}}
  %dw = bpt.linear_weight_gradient ins(%x, %x : tensor<1x5x6xf32>, tensor<1x5x6xf32>) outs(%z : tensor<6x6xf32>) {bpt.strategy = #bpt.strategy<keys = 8>} -> tensor<6x6xf32>
  return
}

// -----

func.func @cotangent_type(%q: tensor<1x5x1x8xf32>, %do: tensor<1x5x1x8xf16>, %r: tensor<1x5x1xf32>) {
  // expected-error @+1 {{element type of 'output_cotangent' is 'f16', but that of 'query' is 'f32'; they must be equal}}
  %d:3 = bpt.attention_backward ins(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>)
      statistics(%r, %r : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%do, %r : tensor<1x5x1x8xf16>, tensor<1x5x1xf32>)
      outs(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>) -> tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>
  return
}

// -----

func.func @two_destinations(%q: tensor<1x5x1x8xf32>, %r: tensor<1x5x1xf32>) {
  // expected-error @+1 {{has 2 destinations, but gradients of 'all' go to 3 or 4}}
  %d:2 = bpt.attention_backward ins(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>)
      statistics(%r, %r : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %r : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>) -> tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>
  return
}

// -----

func.func @query_destinations(%q: tensor<1x5x1x8xf32>, %r: tensor<1x5x1xf32>) {
  // expected-error @+1 {{has 3 destinations, but gradients of 'query' go to 1 or 2}}
  %d:3 = bpt.attention_backward ins(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>)
      statistics(%r, %r : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %r : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>)
      {gradients = #bpt.attention_gradients<query>} -> tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>
  return
}

// -----

func.func @key_value_destinations(%q: tensor<1x5x1x8xf32>, %r: tensor<1x5x1xf32>, %b: tensor<1x1x5x5xf32>) {
  // expected-error @+1 {{has 3 destinations, but gradients of 'key_value' go to 2}}
  %d:3 = bpt.attention_backward ins(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>)
      bias(%b : tensor<1x1x5x5xf32>)
      statistics(%r, %r : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %r : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%q, %q, %b : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x1x5x5xf32>)
      {gradients = #bpt.attention_gradients<key_value>} -> tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x1x5x5xf32>
  return
}

// -----

func.func @key_destinations(%q: tensor<1x5x1x8xf32>, %r: tensor<1x5x1xf32>) {
  // expected-error @+1 {{has 2 destinations, but gradients of 'key' go to 1}}
  %d:2 = bpt.attention_backward ins(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>)
      statistics(%r, %r : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %r : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>)
      {gradients = #bpt.attention_gradients<key>} -> tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>
  return
}

// -----

func.func @no_destination(%q: tensor<1x5x1x8xf32>, %r: tensor<1x5x1xf32>) {
  // expected-error @+1 {{has 0 destinations, but gradients of 'query' go to 1 or 2}}
  "bpt.attention_backward"(%q, %q, %q, %r, %r, %q, %r) <{causal, gradients = #bpt.attention_gradients<query>, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0>}> : (tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1xf32>, tensor<1x5x1xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1xf32>) -> ()
  return
}

// -----

func.func @bias_gradient_without_bias(%q: tensor<1x5x1x8xf32>, %r: tensor<1x5x1xf32>, %b: tensor<1x1x5x5xf32>) {
  // expected-error @+1 {{a gradient of the bias needs a 'bias'}}
  %d:4 = bpt.attention_backward ins(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>)
      statistics(%r, %r : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %r : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%q, %q, %q, %b : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x1x5x5xf32>) -> tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x1x5x5xf32>
  return
}

// -----

func.func @bias_gradient_shape(%q: tensor<2x5x1x8xf32>, %r: tensor<2x5x1xf32>, %b: tensor<1x1x5x5xf32>, %db: tensor<2x1x5x5xf32>) {
  // expected-error @+1 {{gradient of the bias has size 2 in dimension 0, but the bias has 1}}
  %d:4 = bpt.attention_backward ins(%q, %q, %q : tensor<2x5x1x8xf32>, tensor<2x5x1x8xf32>, tensor<2x5x1x8xf32>)
      bias(%b : tensor<1x1x5x5xf32>)
      statistics(%r, %r : tensor<2x5x1xf32>, tensor<2x5x1xf32>)
      cotangent(%q, %r : tensor<2x5x1x8xf32>, tensor<2x5x1xf32>)
      outs(%q, %q, %q, %db : tensor<2x5x1x8xf32>, tensor<2x5x1x8xf32>, tensor<2x5x1x8xf32>, tensor<2x1x5x5xf32>) -> tensor<2x5x1x8xf32>, tensor<2x5x1x8xf32>, tensor<2x5x1x8xf32>, tensor<2x1x5x5xf32>
  return
}

// -----

func.func @backward_positions(%q: tensor<1x5x1x8xf32>, %r: tensor<1x5x1xf32>, %i: index) {
  // expected-error @+1 {{'at' takes 4 positions, got 3}}
  %d:3 = bpt.attention_backward ins(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>)
      at(%i, %i, %i)
      statistics(%r, %r : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %r : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>) -> tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>
  return
}

// -----

func.func @vocabulary(%h: tensor<1x5x8xf32>, %w: tensor<8x11xf32>, %dw: tensor<8x12xf32>, %y: tensor<1x5xi32>, %r: tensor<1x5xf32>) {
  // expected-error @+1 {{vocabulary size of 'weight_init' (dimension 1) is 12, but that of 'weight' (dimension 1) is 11}}
  %d:2 = bpt.cross_entropy_backward ins(%h, %w, %y : tensor<1x5x8xf32>, tensor<8x11xf32>, tensor<1x5xi32>)
      cotangent(%r, %r : tensor<1x5xf32>, tensor<1x5xf32>)
      outs(%h, %dw : tensor<1x5x8xf32>, tensor<8x12xf32>) -> tensor<1x5x8xf32>, tensor<8x12xf32>
  return
}

// -----

func.func @table_width(%ids: tensor<1x5xi32>, %dx: tensor<1x5x8xf32>, %z: tensor<9x7xf32>) {
  // expected-error @+1 {{output size of 'init' (dimension 1) is 7, but that of 'cotangent' (dimension 2) is 8}}
  %dt = bpt.embedding_gradient ins(%ids, %dx : tensor<1x5xi32>, tensor<1x5x8xf32>) outs(%z : tensor<9x7xf32>) -> tensor<9x7xf32>
  return
}

// -----

func.func @blocks_of_what_is_not_stored(%h: tensor<1x5x8xf32>, %w: tensor<8x11xf32>, %y: tensor<1x5xi32>, %r: tensor<1x5xf32>) {
  // expected-error @+1 {{does not read strategy option 'rows'; it reads: chunk, vocab, store_hidden}}
  %d:2 = bpt.cross_entropy_backward ins(%h, %w, %y : tensor<1x5x8xf32>, tensor<8x11xf32>, tensor<1x5xi32>)
      cotangent(%r, %r : tensor<1x5xf32>, tensor<1x5xf32>)
      outs(%h, %w : tensor<1x5x8xf32>, tensor<8x11xf32>) {bpt.strategy = #bpt.strategy<rows = 4>} -> tensor<1x5x8xf32>, tensor<8x11xf32>
  return
}
