// RUN: bpt-opt %s -split-input-file -verify-diagnostics

func.func @element_types(%q: tensor<1x4x2x8xf32>, %k: tensor<1x4x2x8xbf16>, %e: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{element type of 'key' is 'bf16', but that of 'query' is 'f32'; they must be equal}}
  %o = bpt.attention ins(%q, %k, %k : tensor<1x4x2x8xf32>, tensor<1x4x2x8xbf16>, tensor<1x4x2x8xbf16>)
      outs(%e : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @destination_element_type(%q: tensor<1x4x2x8xbf16>, %e: tensor<1x4x2x8xf16>) {
  // expected-error @+1 {{element type of the destination is 'f16'; it must be that of the inputs, 'bf16', or f32}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xbf16>, tensor<1x4x2x8xbf16>, tensor<1x4x2x8xbf16>)
      outs(%e : tensor<1x4x2x8xf16>) -> tensor<1x4x2x8xf16>
  return
}

// -----

func.func @one_dynamic_head_count(%q: tensor<1x4x?x8xf32>, %k: tensor<1x4x2x8xf32>, %e: tensor<1x4x?x8xf32>) {
  // expected-error @+1 {{head counts of 'query' and 'key' must be both static, or both dynamic and then equal}}
  %o = bpt.attention ins(%q, %k, %k : tensor<1x4x?x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%e : tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  return
}

// -----

func.func @heads_not_a_multiple(%q: tensor<1x4x8x8xf32>, %k: tensor<1x4x3x8xf32>, %e: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{number of key/value heads (3) must divide the number of query heads (8)}}
  %o = bpt.attention ins(%q, %k, %k : tensor<1x4x8x8xf32>, tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>)
      outs(%e : tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return
}

// -----

func.func @no_key_heads(%q: tensor<1x4x8x8xf32>, %k: tensor<1x4x0x8xf32>, %e: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{number of key/value heads (0) must divide the number of query heads (8)}}
  %o = bpt.attention ins(%q, %k, %k : tensor<1x4x8x8xf32>, tensor<1x4x0x8xf32>, tensor<1x4x0x8xf32>)
      outs(%e : tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return
}

// -----

func.func @head_dim(%q: tensor<1x4x2x8xf32>, %k: tensor<1x4x2x16xf32>, %e: tensor<1x4x2x16xf32>) {
  // expected-error @+1 {{head_dim size of 'key' (dimension 3) is 16, but that of 'query' (dimension 3) is 8}}
  %o = bpt.attention ins(%q, %k, %k : tensor<1x4x2x8xf32>, tensor<1x4x2x16xf32>, tensor<1x4x2x16xf32>)
      outs(%e : tensor<1x4x2x16xf32>) -> tensor<1x4x2x16xf32>
  return
}

// -----

func.func @key_count(%q: tensor<1x4x2x8xf32>, %k: tensor<1x5x2x8xf32>, %v: tensor<1x6x2x8xf32>) {
  // expected-error @+1 {{key size of 'value' (dimension 1) is 6, but that of 'key' (dimension 1) is 5}}
  %o = bpt.attention ins(%q, %k, %v : tensor<1x4x2x8xf32>, tensor<1x5x2x8xf32>, tensor<1x6x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

// The value's heads are counted like the key's.
func.func @value_heads(%q: tensor<1x4x8x8xf32>, %k: tensor<1x5x4x8xf32>, %v: tensor<1x5x2x8xf32>) {
  // expected-error @+1 {{head size of 'value' (dimension 2) is 2, but 'query' (dimension 2) asks for 4: one for every 2 of its 8}}
  %o = bpt.attention ins(%q, %k, %v : tensor<1x4x8x8xf32>, tensor<1x5x4x8xf32>, tensor<1x5x2x8xf32>)
      outs(%q : tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return
}

// -----

func.func @bias_keys(%q: tensor<1x4x2x8xf32>, %bias: tensor<1x1x4x5xf32>) {
  // expected-error @+1 {{key size of 'bias' (dimension 3) is 5, but that of 'key' (dimension 1) is 4}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      bias(%bias : tensor<1x1x4x5xf32>) outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

// A bias has all heads or one.
func.func @bias_heads(%q: tensor<1x4x4x8xf32>, %bias: tensor<1x2x4x4xf32>) {
  // expected-error @+1 {{head size of 'bias' (dimension 1) is 2, but that of 'query' (dimension 2) is 4}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>)
      bias(%bias : tensor<1x2x4x4xf32>) outs(%q : tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
  return
}

// -----

func.func @segment_element_types(%q: tensor<1x4x2x8xf32>, %a: tensor<1x4xi32>, %b: tensor<1x4xi64>) {
  // expected-error @+1 {{segment ids of queries and keys must have one element type}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      segments(%a, %b : tensor<1x4xi32>, tensor<1x4xi64>)
      outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @segments_of_queries_only(%q: tensor<1x4x2x8xf32>, %a: tensor<1x4xi32>) {
  // expected-error @+1 {{'segments' takes both the queries' and the keys'}}
  %o = "bpt.attention"(%q, %q, %q, %a, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}> : (tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4xi32>, tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @segment_count(%q: tensor<1x4x2x8xf32>, %a: tensor<1x3xi32>) {
  // expected-error @+1 {{query row size of 'query_segments' (dimension 1) is 3, but that of 'query' (dimension 1) is 4}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      segments(%a, %a : tensor<1x3xi32>, tensor<1x3xi32>)
      outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @window(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{'window' is 0, but a query sees at least 1 key}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) {window = 0 : i64} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @negative_window(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{'window' is -3, but a query sees at least 1 key}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) {window = -3 : i64} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @scale(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{'scale' must be finite}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) {scale = 0x7F800000 : f32} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @no_default_scale(%q: tensor<1x4x2x0xf32>, %v: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{head_dim is 0, so 'scale' has no default; give one}}
  %o = bpt.attention ins(%q, %q, %v : tensor<1x4x2x0xf32>, tensor<1x4x2x0xf32>, tensor<1x4x2x8xf32>)
      outs(%v : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @number_of_positions(%q: tensor<1x4x2x8xf32>, %i: index) {
  // expected-error @+1 {{'at' takes 3 positions, got 2}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      at(%i, %i) outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @tile_without_diagonal(%q: tensor<1x4x2x8xf32>, %i: index) {
  // expected-error @+1 {{a mask by position on a tile placed with 'at' needs 'diagonal', the alignment of the whole}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      at(%i, %i, %i) outs(%q : tensor<1x4x2x8xf32>) {causal} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @result_type(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{result #0 has type 'tensor<1x4x2x?xf32>', but its destination has type 'tensor<1x4x2x8xf32>'}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x?xf32>
  return
}

// -----

func.func @number_of_results(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{has 2 results for 1 destinations; each destination gives one result}}
  %o:2 = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>, tensor<1x4x2xf32>
  return
}

// -----

func.func @rank(%q: tensor<4x2x8xf32>) {
  // expected-error @+1 {{operand #0 must be 4D tensor of 32-bit float or 16-bit float or bfloat16 type or f8E4M3FN type values, but got 'tensor<4x2x8xf32>'}}
  %o = bpt.attention ins(%q, %q, %q : tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x2x8xf32>)
      outs(%q : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  return
}

// -----

func.func @score_arguments(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{score region takes (score: f32, batch: index, head: index, query: index, key: index)}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) score {
    ^bb0(%s: f32, %b: index):
      bpt.yield %s : f32
  } -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @score_terminator(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{score region must end with 'bpt.yield'}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      llvm.unreachable
  } -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @score_side_effects(%q: tensor<1x4x2x8xf32>, %log: memref<f32>) {
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      // expected-error @+1 {{has side effects, which a score region must not have: it is computed once per score, in no order}}
      memref.store %s, %log[] : memref<f32>
      bpt.yield %s : f32
  } -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @score_type(%q: tensor<1x4x2x8xf32>) {
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q : tensor<1x4x2x8xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      // expected-error @+1 {{operand #0 must be 32-bit float, but got 'index'}}
      "bpt.yield"(%i) : (index) -> ()
  } -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @yield_elsewhere(%s: f32) {
  // expected-error @+1 {{expects parent op to be one of 'bpt.attention, bpt.online_attention, bpt.attention_backward'}}
  bpt.yield %s : f32
}

// -----

func.func @online_without_positions(%q: tensor<1x4x2x8xf32>, %m: tensor<1x4x2xf32>) {
  // expected-error @+1 {{needs 'at' positions: its masks, its score region or its dropout depend on where the tile lies}}
  %r:3 = bpt.online_attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q, %m, %m : tensor<1x4x2x8xf32>, tensor<1x4x2xf32>, tensor<1x4x2xf32>) {causal}
      -> tensor<1x4x2x8xf32>, tensor<1x4x2xf32>, tensor<1x4x2xf32>
  return
}

// -----

func.func @online_number_of_positions(%q: tensor<1x4x2x8xf32>, %m: tensor<1x4x2xf32>, %i: index) {
  // expected-error @+1 {{'at' takes 4 positions, got 3}}
  %r:3 = bpt.online_attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      at(%i, %i, %i) outs(%q, %m, %m : tensor<1x4x2x8xf32>, tensor<1x4x2xf32>, tensor<1x4x2xf32>)
      -> tensor<1x4x2x8xf32>, tensor<1x4x2xf32>, tensor<1x4x2xf32>
  return
}

// -----

// The state is f32 whatever the inputs are.
func.func @online_state_type(%q: tensor<1x4x2x8xbf16>, %m: tensor<1x4x2xf32>) {
  // expected-error @+1 {{operand #3 must be 4D tensor of 32-bit float values, but got 'tensor<1x4x2x8xbf16>'}}
  %r:3 = bpt.online_attention ins(%q, %q, %q : tensor<1x4x2x8xbf16>, tensor<1x4x2x8xbf16>, tensor<1x4x2x8xbf16>)
      outs(%q, %m, %m : tensor<1x4x2x8xbf16>, tensor<1x4x2xf32>, tensor<1x4x2xf32>)
      -> tensor<1x4x2x8xbf16>, tensor<1x4x2xf32>, tensor<1x4x2xf32>
  return
}

// -----

func.func @online_state_shape(%q: tensor<1x4x2x8xf32>, %m: tensor<1x5x2xf32>, %l: tensor<1x4x2xf32>) {
  // expected-error @+1 {{query row size of 'max_init' (dimension 1) is 5, but that of 'query' (dimension 1) is 4}}
  %r:3 = bpt.online_attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>)
      outs(%q, %m, %l : tensor<1x4x2x8xf32>, tensor<1x5x2xf32>, tensor<1x4x2xf32>)
      -> tensor<1x4x2x8xf32>, tensor<1x5x2xf32>, tensor<1x4x2xf32>
  return
}

// -----

func.func @one_statistic(%q: tensor<1x4x2x8xf32>, %m: tensor<1x4x2xf32>) {
  // expected-error @+1 {{'statistics' takes both the maximum and the sum}}
  %o, %a = "bpt.attention"(%q, %q, %q, %q, %m) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0>, resultSegmentSizes = array<i32: 1, 0, 1, 0>}> : (tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2xf32>) -> (tensor<1x4x2x8xf32>, tensor<1x4x2xf32>)
  return
}

// -----

func.func @one_scale(%q: tensor<1x4x2x8xf8E4M3FN>, %s: tensor<f32>, %e: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{has a scale of some operands; give those of query, key and value}}
  %o = "bpt.attention"(%q, %q, %q, %s, %e) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}
      : (tensor<1x4x2x8xf8E4M3FN>, tensor<1x4x2x8xf8E4M3FN>, tensor<1x4x2x8xf8E4M3FN>, tensor<f32>, tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @scale_of_components(%q: tensor<1x4x2x8xf8E4M3FN>, %s: tensor<f32>, %l: tensor<1x1x1x2xf32>, %e: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{has 'key_blocks' that cut the components of a head; there the size is 0, all of them}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf8E4M3FN>, tensor<1x4x2x8xf8E4M3FN>, tensor<1x4x2x8xf8E4M3FN>)
      scales(%s, %l, %s : tensor<f32>, tensor<1x1x1x2xf32>, tensor<f32>) outs(%e : tensor<1x4x2x8xf32>)
      {key_blocks = array<i64: 0, 0, 0, 4>} -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @scale_of_rows(%q: tensor<1x40x2x8xf8E4M3FN>, %s: tensor<f32>, %l: tensor<1x2x1x1xf32>, %e: tensor<1x40x2x8xf32>) {
  // expected-error @+1 {{query row size of 'query_scale' (dimension 1) is 2, but 'query' (dimension 1) asks for 3: one for every 16 of its 40}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x40x2x8xf8E4M3FN>, tensor<1x40x2x8xf8E4M3FN>, tensor<1x40x2x8xf8E4M3FN>)
      scales(%l, %s, %s : tensor<1x2x1x1xf32>, tensor<f32>, tensor<f32>) outs(%e : tensor<1x40x2x8xf32>)
      {query_blocks = array<i64: 1, 16, 0, 0>} -> tensor<1x40x2x8xf32>
  return
}
