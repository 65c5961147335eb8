// RUN: bpt-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{strategy option 'rows' is -1, but a block size is at least 1, or 0 for a dimension that is not cut}}
#negative = #bpt.strategy<rows = -1>

// -----

// expected-error @+1 {{strategy option 'chunk' is -4096, but a block size is at least 1, or 0 for a dimension that is not cut}}
#negative_chunk = #bpt.strategy<rows = 1, chunk = -4096>

// -----

// expected-error @+1 {{strategy option 'separate_values' needs 'separate = true': it separates further what that separates}}
#strategy = #bpt.strategy<rows = 64, separate_values = true>

// -----

func.func @not_a_strategy(%x: tensor<1x4x8xf32>) {
  // expected-error @+1 {{attribute 'bpt.strategy' must be a #bpt.strategy<...>, got 64 : i64}}
  %n = bpt.rms_norm ins(%x : tensor<1x4x8xf32>) outs(%x : tensor<1x4x8xf32>)
      {eps = 1.0e-5 : f32, bpt.strategy = 64 : i64} -> tensor<1x4x8xf32>
  return
}

// -----

// expected-error @+1 {{is not a blocked operation, so it cannot carry 'bpt.strategy'}}
func.func @not_blocked() attributes {bpt.strategy = #bpt.strategy<rows = 4>} {
  return
}

// -----

func.func @keys_of_a_norm(%x: tensor<1x4x8xf32>) {
  // expected-error @+1 {{does not read strategy option 'keys'; it reads: rows, chunk, fuse}}
  %n = bpt.rms_norm ins(%x : tensor<1x4x8xf32>) outs(%x : tensor<1x4x8xf32>)
      {eps = 1.0e-5 : f32, bpt.strategy = #bpt.strategy<keys = 4>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @hidden_of_attention(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{does not read strategy option 'hidden'; it reads: rows, chunk, keys, heads, score_rows, group_heads, fuse}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) {bpt.strategy = #bpt.strategy<hidden = 4>} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @vocab_of_feed_forward(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>) {
  // expected-error @+1 {{does not read strategy option 'vocab'; it reads: rows, chunk, hidden, store_hidden, fuse}}
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>)
      outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<vocab = 4>}
      -> tensor<1x4x8xf32>
  return
}

// -----

// What is not stored is summed over blocks of hidden units.
func.func @columns_of_a_sum(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>) {
  // expected-error @+1 {{does not read strategy option 'columns'; it reads: rows, chunk, hidden, store_hidden, fuse}}
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>)
      outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<columns = 4>}
      -> tensor<1x4x8xf32>
  return
}

// -----

func.func @blocks_of_what_is_stored(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>) {
  // expected-error @+1 {{does not read strategy option 'hidden'; it reads: rows, chunk, columns, store_hidden, fuse}}
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>)
      outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<hidden = 4, store_hidden = true>}
      -> tensor<1x4x8xf32>
  return
}

// -----

func.func @stored_units_of_a_projection(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>) {
  // expected-error @+1 {{does not read strategy option 'store_hidden'; it reads: rows, chunk, columns, fuse}}
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xf32>, tensor<8x8xf32>)
      outs(%x : tensor<1x4x8xf32>) {bpt.strategy = #bpt.strategy<store_hidden = true>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @keys_of_a_loss(%h: tensor<1x4x8xf32>, %w: tensor<8x10xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) {
  // expected-error @+1 {{does not read strategy option 'keys'; it reads: rows, chunk, vocab, fuse}}
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x10xf32>, tensor<1x4xi32>)
      outs(%e : tensor<1x4xf32>) {bpt.strategy = #bpt.strategy<keys = 2>} -> tensor<1x4xf32>
  return
}

// -----

// expected-error @+1 {{attribute 'bpt.name' of argument 0 must be a string, got 3 : i64}}
func.func @name(%x: tensor<4xf32> {bpt.name = 3 : i64}) {
  return
}
