// RUN: bpt-opt %s -canonicalize -split-input-file | FileCheck %s

// A window that reaches every key is none. With causal, keys behind suffice.
// CHECK-LABEL: func @dead_window(
func.func @dead_window(%q: tensor<1x8x2x4xf32>, %e: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
  // CHECK: bpt.attention
  // CHECK-NOT: window
  // CHECK: return
  %o = bpt.attention ins(%q, %q, %q : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
      outs(%e : tensor<1x8x2x4xf32>) {window = 8 : i64} -> tensor<1x8x2x4xf32>
  return %o : tensor<1x8x2x4xf32>
}

// -----

// CHECK-LABEL: func @live_window(
func.func @live_window(%q: tensor<1x8x2x4xf32>, %e: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
  // CHECK: bpt.attention {{.*}} {window = 7 : i64}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
      outs(%e : tensor<1x8x2x4xf32>) {window = 7 : i64} -> tensor<1x8x2x4xf32>
  return %o : tensor<1x8x2x4xf32>
}

// -----

// Fewer keys than rows: the window must reach ahead as far as the rows do.
// CHECK-LABEL: func @window_of_many_rows(
func.func @window_of_many_rows(%q: tensor<1x8x2x4xf32>, %k: tensor<1x4x2x4xf32>, %e: tensor<1x8x2x4xf32>)
    -> (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>) {
  // CHECK: bpt.attention {{.*}} {window = 4 : i64}
  %o = bpt.attention ins(%q, %k, %k : tensor<1x8x2x4xf32>, tensor<1x4x2x4xf32>, tensor<1x4x2x4xf32>)
      outs(%e : tensor<1x8x2x4xf32>) {window = 4 : i64} -> tensor<1x8x2x4xf32>
  // CHECK: bpt.attention {{.*}} {causal} ->
  %p = bpt.attention ins(%q, %k, %k : tensor<1x8x2x4xf32>, tensor<1x4x2x4xf32>, tensor<1x4x2x4xf32>)
      outs(%e : tensor<1x8x2x4xf32>) {causal, window = 4 : i64} -> tensor<1x8x2x4xf32>
  return %o, %p : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>
}

// -----

// A single query is the last: it sees every key.
// CHECK-LABEL: func @causal_of_one_row(
func.func @causal_of_one_row(%q: tensor<1x1x2x4xf32>, %k: tensor<1x64x2x4xf32>, %e: tensor<1x1x2x4xf32>) -> tensor<1x1x2x4xf32> {
  // CHECK: bpt.attention
  // CHECK-NOT: causal
  // CHECK: return
  %o = bpt.attention ins(%q, %k, %k : tensor<1x1x2x4xf32>, tensor<1x64x2x4xf32>, tensor<1x64x2x4xf32>)
      outs(%e : tensor<1x1x2x4xf32>) {causal} -> tensor<1x1x2x4xf32>
  return %o : tensor<1x1x2x4xf32>
}

// -----

// A tile is aligned at run time: its masks stay.
// CHECK-LABEL: func @masks_of_a_tile(
func.func @masks_of_a_tile(%q: tensor<1x1x2x4xf32>, %k: tensor<1x64x2x4xf32>, %d: index) -> tensor<1x1x2x4xf32> {
  // CHECK: bpt.attention {{.*}} {causal}
  %o = bpt.attention ins(%q, %k, %k : tensor<1x1x2x4xf32>, tensor<1x64x2x4xf32>, tensor<1x64x2x4xf32>)
      diagonal(%d) outs(%q : tensor<1x1x2x4xf32>) {causal} -> tensor<1x1x2x4xf32>
  return %o : tensor<1x1x2x4xf32>
}

// -----

// 1/√16 is what the scale is without saying it; 1/8 is not.
// CHECK-LABEL: func @default_scale(
func.func @default_scale(%q: tensor<1x8x2x16xf32>) -> (tensor<1x8x2x16xf32>, tensor<1x8x2x16xf32>) {
  // CHECK: bpt.attention
  // CHECK-NOT: scale = 2.5
  // CHECK: bpt.attention {{.*}} {scale = 1.250000e-01 : f32}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x8x2x16xf32>, tensor<1x8x2x16xf32>, tensor<1x8x2x16xf32>)
      outs(%q : tensor<1x8x2x16xf32>) {scale = 0.25 : f32} -> tensor<1x8x2x16xf32>
  %p = bpt.attention ins(%q, %q, %q : tensor<1x8x2x16xf32>, tensor<1x8x2x16xf32>, tensor<1x8x2x16xf32>)
      outs(%q : tensor<1x8x2x16xf32>) {scale = 0.125 : f32} -> tensor<1x8x2x16xf32>
  return %o, %p : tensor<1x8x2x16xf32>, tensor<1x8x2x16xf32>
}

// -----

// CHECK-LABEL: func @identity_score(
func.func @identity_score(%q: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
  // CHECK: bpt.attention
  // CHECK-NOT: score
  // CHECK: return
  %o = bpt.attention ins(%q, %q, %q : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
      outs(%q : tensor<1x8x2x4xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      bpt.yield %s : f32
  } -> tensor<1x8x2x4xf32>
  return %o : tensor<1x8x2x4xf32>
}

// -----

// The region may hold operations that only the dead code reads.
// CHECK-LABEL: func @identity_score_with_dead_code(
func.func @identity_score_with_dead_code(%q: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
  // CHECK: bpt.attention
  // CHECK-NOT: arith
  // CHECK-NOT: score
  // CHECK: return
  %o = bpt.attention ins(%q, %q, %q : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
      outs(%q : tensor<1x8x2x4xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %a = arith.mulf %s, %s : f32
      %c = arith.addf %a, %s : f32
      bpt.yield %s : f32
  } -> tensor<1x8x2x4xf32>
  return %o : tensor<1x8x2x4xf32>
}

// -----

// CHECK-LABEL: func @dead_positions(
func.func @dead_positions(%q: tensor<1x8x2x4xf32>, %i: index) -> tensor<1x8x2x4xf32> {
  // CHECK: bpt.attention
  // CHECK-NOT: at(
  // CHECK-NOT: diagonal
  // CHECK: return
  %o = bpt.attention ins(%q, %q, %q : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
      at(%i, %i, %i) diagonal(%i) outs(%q : tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32>
  return %o : tensor<1x8x2x4xf32>
}

// -----

// A score region reads positions, but no diagonal.
// CHECK-LABEL: func @positions_of_a_region(
func.func @positions_of_a_region(%q: tensor<1x8x2x4xf32>, %p: index) -> tensor<1x8x2x4xf32> {
  // CHECK: bpt.attention {{.*}} at({{.*}}) outs(
  %o = bpt.attention ins(%q, %q, %q : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
      at(%p, %p, %p) diagonal(%p) outs(%q : tensor<1x8x2x4xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %a = arith.mulf %s, %s : f32
      bpt.yield %a : f32
  } -> tensor<1x8x2x4xf32>
  return %o : tensor<1x8x2x4xf32>
}

// -----

// The strategy and the region move to the operation without a log-sum-exp.
// CHECK-LABEL: func @unused_lse(
func.func @unused_lse(%q: tensor<1x8x2x4xf32>, %lse: tensor<1x8x2xf32>) -> tensor<1x8x2x4xf32> {
  // CHECK: %[[O:.*]] = bpt.attention {{.*}} outs(%{{[a-z0-9]+}} : tensor<1x8x2x4xf32>) {bpt.strategy = #bpt.strategy<rows = 4>, causal} score {
  // CHECK: arith.mulf
  // CHECK: return %[[O]]
  %o:2 = bpt.attention ins(%q, %q, %q : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
      outs(%q, %lse : tensor<1x8x2x4xf32>, tensor<1x8x2xf32>)
      {causal, bpt.strategy = #bpt.strategy<rows = 4>} score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %a = arith.mulf %s, %s : f32
      bpt.yield %a : f32
  } -> tensor<1x8x2x4xf32>, tensor<1x8x2xf32>
  return %o#0 : tensor<1x8x2x4xf32>
}

// -----

// CHECK-LABEL: func @zero_bias(
func.func @zero_bias(%q: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<1x1x8x8xf32>
  // CHECK: bpt.attention
  // CHECK-NOT: bias
  // CHECK: return
  %o = bpt.attention ins(%q, %q, %q : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
      bias(%zero : tensor<1x1x8x8xf32>) outs(%q : tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32>
  return %o : tensor<1x8x2x4xf32>
}

// -----

// CHECK-LABEL: func @online(
func.func @online(%q: tensor<1x8x2x4xf32>, %m: tensor<1x8x2xf32>, %i: index)
    -> (tensor<1x8x2x4xf32>, tensor<1x8x2xf32>, tensor<1x8x2xf32>) {
  // CHECK: bpt.online_attention
  // CHECK-NOT: at(
  // CHECK-NOT: scale
  // CHECK-NOT: score
  // CHECK: return
  %r:3 = bpt.online_attention ins(%q, %q, %q : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
      at(%i, %i, %i, %i) outs(%q, %m, %m : tensor<1x8x2x4xf32>, tensor<1x8x2xf32>, tensor<1x8x2xf32>)
      {scale = 0.5 : f32} score {
    ^bb0(%s: f32, %b: index, %h: index, %qi: index, %kj: index):
      bpt.yield %s : f32
  } -> tensor<1x8x2x4xf32>, tensor<1x8x2xf32>, tensor<1x8x2xf32>
  return %r#0, %r#1, %r#2 : tensor<1x8x2x4xf32>, tensor<1x8x2xf32>, tensor<1x8x2xf32>
}

// -----

// CHECK-LABEL: func @linear_zero_bias(
func.func @linear_zero_bias(%x: tensor<1x4x8xbf16>, %w: tensor<8x8xbf16>) -> tensor<1x4x8xbf16> {
  %zero = arith.constant dense<0.0> : tensor<8xbf16>
  // CHECK: bpt.linear
  // CHECK-NOT: bias
  // CHECK: return
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xbf16>, tensor<8x8xbf16>) bias(%zero : tensor<8xbf16>)
      outs(%x : tensor<1x4x8xbf16>) -> tensor<1x4x8xbf16>
  return %y : tensor<1x4x8xbf16>
}

// -----

// CHECK-LABEL: func @feed_forward_zero_biases(
func.func @feed_forward_zero_biases(%x: tensor<1x4x8xf32>, %w: tensor<8x8xf32>) -> tensor<1x4x8xf32> {
  %zero = arith.constant dense<0.0> : tensor<8xf32>
  // CHECK: bpt.feed_forward {{.*}} gate(
  // CHECK-NOT: bias
  // CHECK: return
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>)
      up_bias(%zero : tensor<8xf32>) gate(%w : tensor<8x8xf32>) gate_bias(%zero : tensor<8xf32>)
      down_bias(%zero : tensor<8xf32>)
      outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<silu>} -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}

// -----

// A weight of 1 and a bias of 0 change nothing; a weight of 0 does.
// CHECK-LABEL: func @norms(
func.func @norms(%x: tensor<1x4x8xf32>) -> (tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>) {
  %one = arith.constant dense<1.0> : tensor<8xf32>
  %zero = arith.constant dense<0.0> : tensor<8xf32>
  // CHECK: bpt.layer_norm ins({{[^)]*}}) outs(
  %a = bpt.layer_norm ins(%x : tensor<1x4x8xf32>) weight(%one : tensor<8xf32>) bias(%zero : tensor<8xf32>)
      outs(%x : tensor<1x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf32>
  // CHECK: bpt.layer_norm ins({{[^)]*}}) weight({{[^)]*}}) bias(
  %b = bpt.layer_norm ins(%x : tensor<1x4x8xf32>) weight(%zero : tensor<8xf32>) bias(%one : tensor<8xf32>)
      outs(%x : tensor<1x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf32>
  // CHECK: bpt.rms_norm ins({{[^)]*}}) outs(
  %c = bpt.rms_norm ins(%x : tensor<1x4x8xf32>) weight(%one : tensor<8xf32>)
      outs(%x : tensor<1x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf32>
  return %a, %b, %c : tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>
}

// -----

// No component is rotated: the identity, unless the element type changes.
// CHECK-LABEL: func @rotary_of_nothing(
//  CHECK-SAME:   %[[X:[a-z0-9]+]]: tensor<1x4x2x8xbf16>
func.func @rotary_of_nothing(%x: tensor<1x4x2x8xbf16>, %e: tensor<1x4x2x8xbf16>, %f: tensor<1x4x2x8xf32>)
    -> (tensor<1x4x2x8xbf16>, tensor<1x4x2x8xf32>) {
  // CHECK: %[[F:.*]] = bpt.rotary_embedding {{.*}} -> tensor<1x4x2x8xf32>
  %a = bpt.rotary_embedding ins(%x : tensor<1x4x2x8xbf16>) outs(%e : tensor<1x4x2x8xbf16>)
      {kind = #bpt.rotary_kind<half>, dim = 0 : i64} -> tensor<1x4x2x8xbf16>
  %b = bpt.rotary_embedding ins(%x : tensor<1x4x2x8xbf16>) outs(%f : tensor<1x4x2x8xf32>)
      {kind = #bpt.rotary_kind<half>, dim = 0 : i64} -> tensor<1x4x2x8xf32>
  // CHECK: return %[[X]], %[[F]]
  return %a, %b : tensor<1x4x2x8xbf16>, tensor<1x4x2x8xf32>
}

// -----

// CHECK-LABEL: func @cross_entropy_unused_lse(
func.func @cross_entropy_unused_lse(%h: tensor<1x4x8xf32>, %w: tensor<8x10xf32>, %y: tensor<1x4xi32>,
                                    %e: tensor<1x4xf32>) -> tensor<1x4xf32> {
  // CHECK: bpt.cross_entropy {{.*}} outs(%{{[a-z0-9]+}} : tensor<1x4xf32>) {bpt.strategy = #bpt.strategy<vocab = 5>} -> tensor<1x4xf32>{{$}}
  %l:2 = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x10xf32>, tensor<1x4xi32>)
      outs(%e, %e : tensor<1x4xf32>, tensor<1x4xf32>) {bpt.strategy = #bpt.strategy<vocab = 5>}
      -> tensor<1x4xf32>, tensor<1x4xf32>
  return %l#0 : tensor<1x4xf32>
}

// -----

// Operations are pure: an unused one goes, and equal ones are one.
// CHECK-LABEL: func @unused(
func.func @unused(%x: tensor<1x4x8xf32>) {
  // CHECK-NEXT: return
  %a = bpt.rms_norm ins(%x : tensor<1x4x8xf32>) outs(%x : tensor<1x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf32>
  return
}

// -----

// Static sizes reach attention through casts, with and without a region.
// CHECK-LABEL: func @casts(
func.func @casts(%q: tensor<1x8x2x4xf32>, %k: tensor<1x?x2x4xf32>, %e: tensor<1x8x2x4xf32>)
    -> (tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>) {
  %cq = tensor.cast %q : tensor<1x8x2x4xf32> to tensor<1x?x2x4xf32>
  %ce = tensor.cast %e : tensor<1x8x2x4xf32> to tensor<1x?x2x4xf32>
  // CHECK: %[[O:.*]] = bpt.attention {{.*}} : tensor<1x8x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>) {{.*}} -> tensor<1x8x2x4xf32>
  // CHECK: tensor.cast %[[O]] : tensor<1x8x2x4xf32> to tensor<1x?x2x4xf32>
  %o = bpt.attention ins(%cq, %k, %k : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>)
      outs(%ce : tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32>
  // CHECK: bpt.attention {{.*}} score {
  // CHECK: arith.mulf
  // CHECK: } -> tensor<1x8x2x4xf32>
  %p = bpt.attention ins(%cq, %k, %k : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>)
      outs(%ce : tensor<1x?x2x4xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %a = arith.mulf %s, %s : f32
      bpt.yield %a : f32
  } -> tensor<1x?x2x4xf32>
  return %o, %p : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>
}

// -----

// No rows, nothing to compute.

// CHECK-LABEL: func @empty(
// CHECK-SAME: %[[X:.+]]: tensor<1x0x8xf32>, %[[E:.+]]: tensor<1x0x8xf32>
// CHECK-NEXT: return %[[E]]
func.func @empty(%x: tensor<1x0x8xf32>, %e: tensor<1x0x8xf32>) -> tensor<1x0x8xf32> {
  %n = bpt.rms_norm ins(%x : tensor<1x0x8xf32>) outs(%e : tensor<1x0x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x0x8xf32>
  return %n : tensor<1x0x8xf32>
}

// -----

// No keys: every row is empty.

// CHECK-LABEL: func @no_keys(
// CHECK-SAME: %{{.+}}: tensor<1x4x2x8xf32>, %{{.+}}: tensor<1x0x2x8xf32>, %[[E:.+]]: tensor<1x4x2x8xf32>, %[[L:.+]]: tensor<1x4x2xf32>
// CHECK-DAG: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG: %[[NONE:.+]] = arith.constant 0xFF800000 : f32
// CHECK-DAG: linalg.fill ins(%[[ZERO]] : f32) outs(%[[E]]
// CHECK-DAG: linalg.fill ins(%[[NONE]] : f32) outs(%[[L]]
// CHECK-NOT: bpt.
func.func @no_keys(%q: tensor<1x4x2x8xf32>, %k: tensor<1x0x2x8xf32>, %e: tensor<1x4x2x8xf32>,
                   %l: tensor<1x4x2xf32>) -> (tensor<1x4x2x8xf32>, tensor<1x4x2xf32>) {
  %o, %lse = bpt.attention ins(%q, %k, %k : tensor<1x4x2x8xf32>, tensor<1x0x2x8xf32>, tensor<1x0x2x8xf32>)
      outs(%e, %l : tensor<1x4x2x8xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2x8xf32>, tensor<1x4x2xf32>
  return %o, %lse : tensor<1x4x2x8xf32>, tensor<1x4x2xf32>
}

// -----

// A sum over no rows is where it starts.
// CHECK-LABEL: func @empty_sum(
// CHECK-SAME: %[[Z:[^:]*]]: tensor<4x5xf32>
// CHECK: return %[[Z]]
func.func @empty_sum(%z: tensor<4x5xf32>, %x: tensor<2x0x4xf32>, %dy: tensor<2x0x5xf32>) -> tensor<4x5xf32> {
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<2x0x4xf32>, tensor<2x0x5xf32>) outs(%z : tensor<4x5xf32>) -> tensor<4x5xf32>
  return %dw : tensor<4x5xf32>
}
