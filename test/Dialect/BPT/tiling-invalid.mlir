// RUN: bpt-opt %s -split-input-file -verify-diagnostics -transform-interpreter

// After the reason, upstream adds two errors of its own.

// A tile of 3 query heads cuts a group of 4 in two.
func.func @head_tile(%q: tensor<1x128x8x64xf32>, %k: tensor<1x128x2x64xf32>, %e: tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32> {
  // expected-error @+3 {{to tile operation}}
  // expected-error @+2 {{failed to generate tiling loops}}
  // expected-error @+1 {{cannot be tiled here: a tile of 'head' must hold a divisor or a multiple of 4, the entries that share one of 'key'}}
  %o = bpt.attention ins(%q, %k, %k : tensor<1x128x8x64xf32>, tensor<1x128x2x64xf32>, tensor<1x128x2x64xf32>)
      outs(%e : tensor<1x128x8x64xf32>) -> tensor<1x128x8x64xf32>
  return %o : tensor<1x128x8x64xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 0, 3] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The bias of the result would be added once per block of hidden units.
func.func @down_bias(%x: tensor<1x64x32xf32>, %w1: tensor<32x96xf32>, %w2: tensor<96x32xf32>, %b2: tensor<32xf32>, %e: tensor<1x64x32xf32>) -> tensor<1x64x32xf32> {
  // expected-error @+3 {{to tile operation}}
  // expected-error @+2 {{failed to generate tiling loops}}
  // expected-error @+1 {{cannot be tiled along 'hidden': its bias would be added once per tile; add the bias to the destination first}}
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x64x32xf32>, tensor<32x96xf32>, tensor<96x32xf32>)
      down_bias(%b2 : tensor<32xf32>) outs(%e : tensor<1x64x32xf32>) {activation = #bpt.activation<relu>} -> tensor<1x64x32xf32>
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

func.func @linear_bias(%x: tensor<1x64x32xf32>, %w: tensor<32x16xf32>, %b: tensor<16xf32>, %e: tensor<1x64x16xf32>) -> tensor<1x64x16xf32> {
  // expected-error @+3 {{to tile operation}}
  // expected-error @+2 {{failed to generate tiling loops}}
  // expected-error @+1 {{cannot be tiled along 'input': its bias would be added once per tile; add the bias to the destination first}}
  %y = bpt.linear ins(%x, %w : tensor<1x64x32xf32>, tensor<32x16xf32>) bias(%b : tensor<16xf32>)
      outs(%e : tensor<1x64x16xf32>) -> tensor<1x64x16xf32>
  return %y : tensor<1x64x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.linear"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
