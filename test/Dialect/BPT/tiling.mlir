// RUN: bpt-opt %s -split-input-file -transform-interpreter -canonicalize -cse | FileCheck %s

// Upstream's transform operations tile bpt operations through TilingInterface.

// Query rows. Without masks nothing depends on the position, so none is kept.
// CHECK-LABEL: func @rows(
// CHECK: scf.forall (%[[I:.*]]) in (4)
// CHECK:   %[[ROW:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK:   tensor.extract_slice %{{.*}}[0, %[[ROW]], 0, 0] [1, 32, 8, 64]
// CHECK:   bpt.attention ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<1x32x8x64xf32>, tensor<1x128x8x64xf32>, tensor<1x128x8x64xf32>) outs(
func.func @rows(%q: tensor<1x128x8x64xf32>, %k: tensor<1x128x8x64xf32>, %e: tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32> {
  %o = bpt.attention ins(%q, %k, %k : tensor<1x128x8x64xf32>, tensor<1x128x8x64xf32>, tensor<1x128x8x64xf32>)
      outs(%e : tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32>
  return %o : tensor<1x128x8x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 32] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// With a causal mask the tile knows its row and the alignment of the whole.
// CHECK-LABEL: func @causal_rows(
// CHECK: %[[DIAGONAL:.*]] = arith.constant 32 : index
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: %[[ROW:.*]] = affine.apply
// CHECK: bpt.attention {{.*}} at(%[[ZERO]], %[[ROW]], %[[ZERO]]) diagonal(%[[DIAGONAL]]) outs({{.*}}) {causal} -> tensor<1x32x8x64xf32>
func.func @causal_rows(%q: tensor<1x128x8x64xf32>, %k: tensor<1x160x8x64xf32>, %e: tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32> {
  %o = bpt.attention ins(%q, %k, %k : tensor<1x128x8x64xf32>, tensor<1x160x8x64xf32>, tensor<1x160x8x64xf32>)
      outs(%e : tensor<1x128x8x64xf32>) {causal} -> tensor<1x128x8x64xf32>
  return %o : tensor<1x128x8x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 32] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Tiled twice, positions add up and the alignment stays that of the whole.
// CHECK-LABEL: func @rows_twice(
// CHECK: %[[DIAGONAL:.*]] = arith.constant 32 : index
// CHECK: scf.forall (%[[I:.*]]) in (4)
// CHECK:   scf.for %[[J:.*]] = %{{.*}} to %{{.*}} step
// CHECK:     %[[ROW:.*]] = affine.apply #{{.*}}(%[[J]], %[[I]])
// CHECK:     bpt.attention {{.*}} at(%{{.*}}, %[[ROW]], %{{.*}}) diagonal(%[[DIAGONAL]]) {{.*}} -> tensor<1x8x8x64xf32>
func.func @rows_twice(%q: tensor<1x128x8x64xf32>, %k: tensor<1x160x8x64xf32>, %e: tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32> {
  %o = bpt.attention ins(%q, %k, %k : tensor<1x128x8x64xf32>, tensor<1x160x8x64xf32>, tensor<1x160x8x64xf32>)
      outs(%e : tensor<1x128x8x64xf32>) {causal} -> tensor<1x128x8x64xf32>
  return %o : tensor<1x128x8x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 32] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %again, %inner = transform.structured.tile_using_for %tiled tile_sizes [0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Dynamic sizes: the last tile is smaller, and the alignment is computed once.
// CHECK-LABEL: func @dynamic(
//  CHECK-SAME:   %[[Q:[a-z0-9]+]]: tensor<?x?x8x64xf32>, %[[K:[a-z0-9]+]]: tensor<?x?x8x64xf32>
// CHECK-DAG: %[[ROWS:.*]] = tensor.dim %[[Q]], %c1
// CHECK: scf.forall (%[[B:.*]], %[[I:.*]]) in
// CHECK:   %[[ROW:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK:   %[[SIZE:.*]] = affine.min #{{.*}}(%[[I]])[%[[ROWS]]]
// CHECK:   tensor.extract_slice %[[Q]][%[[B]], %[[ROW]], 0, 0] [1, %[[SIZE]], 8, 64]
// CHECK:   %[[KEYS:.*]] = tensor.dim %[[K]], %c1
// CHECK:   tensor.extract_slice %[[K]][%[[B]], 0, 0, 0] [1, %[[KEYS]], 8, 64]
// CHECK:   %[[DIAGONAL:.*]] = affine.apply #{{.*}}()[%[[KEYS]], %[[ROWS]]]
// CHECK:   bpt.attention {{.*}} at(%[[B]], %[[ROW]], %{{.*}}) diagonal(%[[DIAGONAL]]) {{.*}} -> tensor<1x?x8x64xf32>
func.func @dynamic(%q: tensor<?x?x8x64xf32>, %k: tensor<?x?x8x64xf32>, %e: tensor<?x?x8x64xf32>) -> tensor<?x?x8x64xf32> {
  %o = bpt.attention ins(%q, %k, %k : tensor<?x?x8x64xf32>, tensor<?x?x8x64xf32>, tensor<?x?x8x64xf32>)
      outs(%e : tensor<?x?x8x64xf32>) {window = 16 : i64} -> tensor<?x?x8x64xf32>
  return %o : tensor<?x?x8x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [1, 32] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Whole groups of query heads take as many key/value heads as there are groups.
// CHECK-LABEL: func @whole_groups(
// CHECK: scf.forall (%[[I:.*]]) in (2)
// CHECK:   tensor.extract_slice %{{.*}}[0, 0, %[[I]], 0] [1, 128, 1, 64] {{.*}} tensor<1x128x2x64xf32>
// CHECK:   bpt.attention {{.*}} : tensor<1x128x4x64xf32>, tensor<1x128x1x64xf32>, tensor<1x128x1x64xf32>)
func.func @whole_groups(%q: tensor<1x128x8x64xf32>, %k: tensor<1x128x2x64xf32>, %e: tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32> {
  %o = bpt.attention ins(%q, %k, %k : tensor<1x128x8x64xf32>, tensor<1x128x2x64xf32>, tensor<1x128x2x64xf32>)
      outs(%e : tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32>
  return %o : tensor<1x128x8x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A tile inside a group takes the group's one key/value head.
// CHECK-LABEL: func @inside_a_group(
// CHECK: scf.forall (%[[I:.*]]) in (4)
// CHECK:   %[[HEAD:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK:   %[[KV:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK:   tensor.extract_slice %{{.*}}[0, 0, %[[KV]], 0] [1, 128, 1, 64] {{.*}} tensor<1x128x2x64xf32>
// CHECK:   bpt.attention {{.*}} : tensor<1x128x2x64xf32>, tensor<1x128x1x64xf32>, tensor<1x128x1x64xf32>)
func.func @inside_a_group(%q: tensor<1x128x8x64xf32>, %k: tensor<1x128x2x64xf32>, %e: tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32> {
  %o = bpt.attention ins(%q, %k, %k : tensor<1x128x8x64xf32>, tensor<1x128x2x64xf32>, tensor<1x128x2x64xf32>)
      outs(%e : tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32>
  return %o : tensor<1x128x8x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A broadcast bias is taken whole where it has size 1; segment ids follow rows.
// CHECK-LABEL: func @bias_and_segments(
// CHECK: scf.forall (%[[B:.*]], %[[I:.*]], %[[J:.*]]) in (2, 4, 4)
// CHECK:   %[[ROW:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK:   %[[HEAD:.*]] = affine.apply #{{.*}}(%[[J]])
// CHECK:   tensor.extract_slice %{{.*}}[0, %[[HEAD]], %[[ROW]], 0] [1, 2, 32, 128] {{.*}} tensor<1x8x128x128xf32>
// CHECK:   tensor.extract_slice %[[IDS:.*]][%[[B]], %[[ROW]]] [1, 32] [1, 1]
// CHECK:   tensor.extract_slice %[[IDS]][%[[B]], 0] [1, 128] [1, 1]
// CHECK:   bpt.attention {{.*}} bias({{.*}} : tensor<1x2x32x128xf32>) segments({{.*}} : tensor<1x32xi32>, tensor<1x128xi32>)
func.func @bias_and_segments(%q: tensor<2x128x8x64xf32>, %bias: tensor<1x8x128x128xf32>, %ids: tensor<2x128xi32>, %e: tensor<2x128x8x64xf32>) -> tensor<2x128x8x64xf32> {
  %o = bpt.attention ins(%q, %q, %q : tensor<2x128x8x64xf32>, tensor<2x128x8x64xf32>, tensor<2x128x8x64xf32>)
      bias(%bias : tensor<1x8x128x128xf32>) segments(%ids, %ids : tensor<2x128xi32>, tensor<2x128xi32>)
      outs(%e : tensor<2x128x8x64xf32>) -> tensor<2x128x8x64xf32>
  return %o : tensor<2x128x8x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [1, 32, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Both results are tiled at once.
// CHECK-LABEL: func @two_results(
// CHECK: scf.forall {{.*}} -> (tensor<1x128x8x64xf32>, tensor<1x128x8xf32>)
// CHECK:   %[[O:.*]], %[[L:.*]] = bpt.attention
// CHECK-NOT: bpt.attention
// CHECK:   tensor.parallel_insert_slice %[[O]]
// CHECK:   tensor.parallel_insert_slice %[[L]]
func.func @two_results(%q: tensor<1x128x8x64xf32>, %e: tensor<1x128x8x64xf32>, %lse: tensor<1x128x8xf32>) -> (tensor<1x128x8x64xf32>, tensor<1x128x8xf32>) {
  %o:2 = bpt.attention ins(%q, %q, %q : tensor<1x128x8x64xf32>, tensor<1x128x8x64xf32>, tensor<1x128x8x64xf32>)
      outs(%e, %lse : tensor<1x128x8x64xf32>, tensor<1x128x8xf32>) -> tensor<1x128x8x64xf32>, tensor<1x128x8xf32>
  return %o#0, %o#1 : tensor<1x128x8x64xf32>, tensor<1x128x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 32] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Keys are a reduction: the loop carries the state, and the key's position grows.
// CHECK-LABEL: func @keys(
//  CHECK-SAME:   %[[AT:[a-z0-9]+]]: index
// CHECK: scf.for %[[J:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[ACC:.*]] = %{{.*}}, %[[M:.*]] = %{{.*}}, %[[L:.*]] = %{{.*}})
// CHECK:   %[[SIZE:.*]] = affine.min #{{.*}}(%[[J]])
// CHECK:   %[[K:.*]] = tensor.extract_slice %{{.*}}[0, %[[J]], 0, 0] [1, %[[SIZE]], 8, 64]
// CHECK:   %[[KEY:.*]] = affine.apply #{{.*}}(%[[J]])[%[[AT]]]
// CHECK:   bpt.online_attention ins(%{{.*}}, %[[K]], %[[K]] : {{.*}}) at(%[[AT]], %[[AT]], %[[AT]], %[[KEY]]) diagonal(%[[AT]]) outs(%[[ACC]], %[[M]], %[[L]] :
// CHECK:   scf.yield %acc, %max, %sum
func.func @keys(%q: tensor<1x128x8x64xf32>, %k: tensor<1x100x8x64xf32>, %acc: tensor<1x128x8x64xf32>, %m: tensor<1x128x8xf32>, %at: index) -> (tensor<1x128x8x64xf32>, tensor<1x128x8xf32>, tensor<1x128x8xf32>) {
  %r:3 = bpt.online_attention ins(%q, %k, %k : tensor<1x128x8x64xf32>, tensor<1x100x8x64xf32>, tensor<1x100x8x64xf32>)
      at(%at, %at, %at, %at) diagonal(%at)
      outs(%acc, %m, %m : tensor<1x128x8x64xf32>, tensor<1x128x8xf32>, tensor<1x128x8xf32>) {causal}
      -> tensor<1x128x8x64xf32>, tensor<1x128x8xf32>, tensor<1x128x8xf32>
  return %r#0, %r#1, %r#2 : tensor<1x128x8x64xf32>, tensor<1x128x8xf32>, tensor<1x128x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.online_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 32] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// So are hidden units: the loop carries the partial sum.
// CHECK-LABEL: func @hidden(
// CHECK: scf.for %[[F:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[SUM:.*]] = %{{.*}})
// CHECK-DAG: %[[W1:.*]] = tensor.extract_slice %{{.*}}[0, %[[F]]] [32, 32] {{.*}} tensor<32x96xf32>
// CHECK-DAG: %[[W2:.*]] = tensor.extract_slice %{{.*}}[%[[F]], 0] [32, 32] {{.*}} tensor<96x32xf32>
// CHECK-DAG: %[[B1:.*]] = tensor.extract_slice %{{.*}}[%[[F]]] [32]
// CHECK: %[[NEXT:.*]] = bpt.feed_forward ins(%{{.*}}, %[[W1]], %[[W2]] : {{.*}}) up_bias(%[[B1]] : {{.*}} outs(%[[SUM]] :
// CHECK: scf.yield %[[NEXT]]
func.func @hidden(%x: tensor<1x64x32xf32>, %w1: tensor<32x96xf32>, %w2: tensor<96x32xf32>, %b1: tensor<96xf32>, %w3: tensor<32x96xf32>, %e: tensor<1x64x32xf32>) -> tensor<1x64x32xf32> {
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x64x32xf32>, tensor<32x96xf32>, tensor<96x32xf32>)
      up_bias(%b1 : tensor<96xf32>) gate(%w3 : tensor<32x96xf32>)
      outs(%e : tensor<1x64x32xf32>) {activation = #bpt.activation<silu>} -> tensor<1x64x32xf32>
  return %y : tensor<1x64x32xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.feed_forward"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 0, 32] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The bias of the result is added once: legal while the hidden units are whole.
// CHECK-LABEL: func @feed_forward_rows(
// CHECK: scf.forall {{.*}} in (4)
// CHECK:   bpt.feed_forward ins({{.*}} : tensor<1x16x32xf32>, tensor<32x96xf32>, tensor<96x32xf32>) down_bias({{.*}} : tensor<32xf32>)
func.func @feed_forward_rows(%x: tensor<1x64x32xf32>, %w1: tensor<32x96xf32>, %w2: tensor<96x32xf32>, %b2: tensor<32xf32>, %e: tensor<1x64x32xf32>) -> tensor<1x64x32xf32> {
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x64x32xf32>, tensor<32x96xf32>, tensor<96x32xf32>)
      down_bias(%b2 : tensor<32xf32>)
      outs(%e : tensor<1x64x32xf32>) {activation = #bpt.activation<relu>} -> tensor<1x64x32xf32>
  return %y : tensor<1x64x32xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.feed_forward"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Rows, then an output dimension (heads), then an input dimension.
// CHECK-LABEL: func @linear(
// CHECK: scf.for %[[ROW:[a-z0-9]+]] =
// CHECK:   scf.for %[[HEAD:[a-z0-9]+]] =
// CHECK:     scf.for %[[IN:[a-z0-9]+]] = {{.*}} iter_args(%[[SUM:[a-z0-9]+]] =
// CHECK:       tensor.extract_slice %{{.*}}[0, %[[ROW]], %[[IN]]] [1, 16, 8]
// CHECK:       tensor.extract_slice %{{.*}}[%[[IN]], %[[HEAD]], 0] [8, 2, 8]
// CHECK:       %[[INIT:.*]] = tensor.extract_slice %[[SUM]][0, %[[ROW]], %[[HEAD]], 0] [1, 16, 2, 8]
// CHECK:       bpt.linear {{.*}} outs(%[[INIT]] : tensor<1x16x2x8xf32>)
func.func @linear(%x: tensor<1x64x32xf32>, %w: tensor<32x4x8xf32>, %e: tensor<1x64x4x8xf32>) -> tensor<1x64x4x8xf32> {
  %y = bpt.linear ins(%x, %w : tensor<1x64x32xf32>, tensor<32x4x8xf32>)
      outs(%e : tensor<1x64x4x8xf32>) -> tensor<1x64x4x8xf32>
  return %y : tensor<1x64x4x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.linear"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:3 = transform.structured.tile_using_for %op tile_sizes [0, 16, 2, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The bias of a projection follows the outputs.
// CHECK-LABEL: func @linear_bias(
// CHECK: scf.forall {{.*}} in (4, 2)
// CHECK:   %[[BIAS:.*]] = tensor.extract_slice %{{.*}}[%{{.*}}, 0] [2, 8] {{.*}} tensor<4x8xf32>
// CHECK:   bpt.linear ins({{.*}}) bias(%[[BIAS]] : tensor<2x8xf32>) outs({{.*}} : tensor<1x16x2x8xf32>)
func.func @linear_bias(%x: tensor<1x64x32xf32>, %w: tensor<32x4x8xf32>, %b: tensor<4x8xf32>, %e: tensor<1x64x4x8xf32>) -> tensor<1x64x4x8xf32> {
  %y = bpt.linear ins(%x, %w : tensor<1x64x32xf32>, tensor<32x4x8xf32>) bias(%b : tensor<4x8xf32>)
      outs(%e : tensor<1x64x4x8xf32>) -> tensor<1x64x4x8xf32>
  return %y : tensor<1x64x4x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.linear"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 16, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The normalised dimension stays whole.
// CHECK-LABEL: func @layer_norm(
//  CHECK-SAME:   %{{[a-z0-9]+}}: tensor<1x64x32xf32>, %[[W:[a-z0-9]+]]: tensor<32xf32>
// CHECK: scf.forall {{.*}} in (4)
// CHECK:   bpt.layer_norm ins({{.*}} : tensor<1x16x32xf32>) weight(%[[W]] : tensor<32xf32>)
func.func @layer_norm(%x: tensor<1x64x32xf32>, %w: tensor<32xf32>, %e: tensor<1x64x32xf32>) -> tensor<1x64x32xf32> {
  %n = bpt.layer_norm ins(%x : tensor<1x64x32xf32>) weight(%w : tensor<32xf32>)
      outs(%e : tensor<1x64x32xf32>) {eps = 1.0e-5 : f32} -> tensor<1x64x32xf32>
  return %n : tensor<1x64x32xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.layer_norm"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Per-head norm: heads are loops as well.
// CHECK-LABEL: func @rms_norm(
// CHECK: scf.forall {{.*}} in (4, 4)
// CHECK:   bpt.rms_norm ins({{.*}} : tensor<1x16x1x8xf32>)
func.func @rms_norm(%x: tensor<1x64x4x8xf32>, %e: tensor<1x64x4x8xf32>) -> tensor<1x64x4x8xf32> {
  %n = bpt.rms_norm ins(%x : tensor<1x64x4x8xf32>)
      outs(%e : tensor<1x64x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x64x4x8xf32>
  return %n : tensor<1x64x4x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.rms_norm"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 16, 1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Rotary angles are those of the position in the whole.
// CHECK: #[[$AT:.*]] = affine_map<(d0)[s0] -> (d0 * 16 + s0)>
// CHECK-LABEL: func @rotary(
//  CHECK-SAME:   %[[PAST:[a-z0-9]+]]: index
// CHECK: scf.forall (%[[I:.*]], %{{.*}}) in (4, 2)
// CHECK:   %[[ROW:.*]] = affine.apply #[[$AT]](%[[I]])[%[[PAST]]]
// CHECK:   bpt.rotary_embedding ins({{.*}} : tensor<1x16x2x8xf32>) at(%[[ROW]])
func.func @rotary(%x: tensor<1x64x4x8xf32>, %past: index, %e: tensor<1x64x4x8xf32>) -> tensor<1x64x4x8xf32> {
  %r = bpt.rotary_embedding ins(%x : tensor<1x64x4x8xf32>) at(%past)
      outs(%e : tensor<1x64x4x8xf32>) {kind = #bpt.rotary_kind<half>} -> tensor<1x64x4x8xf32>
  return %r : tensor<1x64x4x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.rotary_embedding"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 16, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Random numbers are those of the element's place in the whole.
// CHECK-LABEL: func @dropout(
//  CHECK-SAME:   %[[BATCH:[a-z0-9]+]]: index, %[[ROW:[a-z0-9]+]]: index, %[[COLUMN:[a-z0-9]+]]: index
// CHECK: scf.forall (%[[I:.*]], %[[J:.*]]) in (4, 2)
// CHECK-DAG: %[[S:.*]] = affine.apply #{{.*}}(%[[I]])[%[[ROW]]]
// CHECK-DAG: %[[E:.*]] = affine.apply #{{.*}}(%[[J]])[%[[COLUMN]]]
// CHECK:   bpt.dropout ins({{.*}} : tensor<1x16x4xf32>) seed(%{{.*}}) at(%[[BATCH]], %[[S]], %[[E]])
func.func @dropout(%x: tensor<1x64x8xf32>, %seed: tensor<i64>, %b: index, %s: index, %e: index) -> tensor<1x64x8xf32> {
  %y = bpt.dropout ins(%x : tensor<1x64x8xf32>) seed(%seed) at(%b, %s, %e) outs(%x : tensor<1x64x8xf32>)
      {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x64x8xf32>
  return %y : tensor<1x64x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.dropout"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 16, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// CHECK-LABEL: func @embedding(
// CHECK: scf.forall {{.*}} in (4)
// CHECK:   bpt.embedding ins({{.*}} : tensor<1x16xi32>, tensor<100x8xf32>) outs({{.*}} : tensor<1x16x8xf32>)
func.func @embedding(%ids: tensor<1x64xi32>, %table: tensor<100x8xf32>, %e: tensor<1x64x8xf32>) -> tensor<1x64x8xf32> {
  %x = bpt.embedding ins(%ids, %table : tensor<1x64xi32>, tensor<100x8xf32>)
      outs(%e : tensor<1x64x8xf32>) -> tensor<1x64x8xf32>
  return %x : tensor<1x64x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.embedding"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// CHECK-LABEL: func @cross_entropy(
// CHECK: scf.forall {{.*}} in (4)
// CHECK:   bpt.cross_entropy ins({{.*}} : tensor<1x16x8xf32>, tensor<8x100xf32>, tensor<1x16xi32>) outs({{.*}} : tensor<1x16xf32>)
func.func @cross_entropy(%h: tensor<1x64x8xf32>, %w: tensor<8x100xf32>, %y: tensor<1x64xi32>, %e: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x64x8xf32>, tensor<8x100xf32>, tensor<1x64xi32>)
      outs(%e : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %l : tensor<1x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.cross_entropy"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %forall = transform.structured.tile_using_forall %op tile_sizes [0, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A layer's tail into one loop over rows, with upstream's fusion: the norm and
// the projection that the feed-forward reads are computed at the block's rows.
// CHECK-LABEL: func @fuse(
// CHECK-NOT: = bpt.
// CHECK: scf.forall {{.*}} in (4)
// CHECK:   bpt.linear ins({{.*}} : tensor<1x16x4x8xf32>, tensor<4x8x32xf32>)
// CHECK:   bpt.layer_norm ins({{.*}} : tensor<1x16x32xf32>)
// CHECK:   bpt.feed_forward ins({{.*}} : tensor<1x16x32xf32>, tensor<32x96xf32>, tensor<96x32xf32>)
// CHECK:   scf.forall.in_parallel
// CHECK-NOT: = bpt.
func.func @fuse(%o: tensor<1x64x4x8xf32>, %wo: tensor<4x8x32xf32>, %w1: tensor<32x96xf32>, %w2: tensor<96x32xf32>,
                %e: tensor<1x64x32xf32>) -> tensor<1x64x32xf32> {
  %h = bpt.linear ins(%o, %wo : tensor<1x64x4x8xf32>, tensor<4x8x32xf32>)
      outs(%e : tensor<1x64x32xf32>) -> tensor<1x64x32xf32>
  %n = bpt.layer_norm ins(%h : tensor<1x64x32xf32>)
      outs(%e : tensor<1x64x32xf32>) {eps = 1.0e-5 : f32} -> tensor<1x64x32xf32>
  %y = bpt.feed_forward ins(%n, %w1, %w2 : tensor<1x64x32xf32>, tensor<32x96xf32>, tensor<96x32xf32>)
      outs(%e : tensor<1x64x32xf32>) {activation = #bpt.activation<gelu>} -> tensor<1x64x32xf32>
  return %y : tensor<1x64x32xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %ffn = transform.structured.match ops{["bpt.feed_forward"]} in %root : (!transform.any_op) -> !transform.any_op
    %norm = transform.structured.match ops{["bpt.layer_norm"]} in %root : (!transform.any_op) -> !transform.any_op
    %linear = transform.structured.match ops{["bpt.linear"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %ffn tile_sizes [0, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %fused, %loop2 = transform.structured.fuse_into_containing_op %norm into %loop : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    %fused2, %loop3 = transform.structured.fuse_into_containing_op %linear into %loop2 : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Attention reads its query at the block's rows, its keys whole.
// CHECK-LABEL: func @fuse_query(
// CHECK: bpt.rotary_embedding {{.*}} -> tensor<1x64x4x8xf32>
// CHECK: scf.forall (%[[I:.*]]) in (4)
// CHECK:   %[[ROW:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK:   bpt.rotary_embedding {{.*}} at(%[[ROW]]) {{.*}} -> tensor<1x16x4x8xf32>
// CHECK:   bpt.attention {{.*}} : tensor<1x16x4x8xf32>, tensor<1x64x4x8xf32>, tensor<1x64x4x8xf32>) at(%{{.*}}, %[[ROW]], %{{.*}})
func.func @fuse_query(%q: tensor<1x64x4x8xf32>, %k: tensor<1x64x4x8xf32>, %e: tensor<1x64x4x8xf32>) -> tensor<1x64x4x8xf32> {
  %rk = bpt.rotary_embedding ins(%k : tensor<1x64x4x8xf32>)
      outs(%e : tensor<1x64x4x8xf32>) {kind = #bpt.rotary_kind<half>} -> tensor<1x64x4x8xf32>
  %rq = bpt.rotary_embedding ins(%q : tensor<1x64x4x8xf32>)
      outs(%e : tensor<1x64x4x8xf32>) {kind = #bpt.rotary_kind<half>, query} -> tensor<1x64x4x8xf32>
  %o = bpt.attention ins(%rq, %rk, %k : tensor<1x64x4x8xf32>, tensor<1x64x4x8xf32>, tensor<1x64x4x8xf32>)
      outs(%e : tensor<1x64x4x8xf32>) {causal} -> tensor<1x64x4x8xf32>
  return %o : tensor<1x64x4x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %attention = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %query = transform.structured.match attributes{query} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %attention tile_sizes [0, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %fused, %loop2 = transform.structured.fuse_into_containing_op %query into %loop : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
