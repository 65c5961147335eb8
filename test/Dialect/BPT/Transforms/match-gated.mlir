// RUN: bpt-opt %s --transform-interpreter --verify-diagnostics

// Networks with a gate; others, and other operations, are no match.
func.func @main(%x: tensor<1x4x8xf32>, %w1: tensor<8x16xf32>, %w2: tensor<16x8xf32>, %w: tensor<8x8xf32>) -> (tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>) {
  // expected-remark@+1 {{gated}}
  %0 = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x4x8xf32>, tensor<8x16xf32>, tensor<16x8xf32>) gate(%w1 : tensor<8x16xf32>) outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<silu>} -> tensor<1x4x8xf32>
  %1 = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x4x8xf32>, tensor<8x16xf32>, tensor<16x8xf32>) outs(%x : tensor<1x4x8xf32>) {activation = #bpt.activation<silu>} -> tensor<1x4x8xf32>
  %2 = bpt.linear ins(%x, %w : tensor<1x4x8xf32>, tensor<8x8xf32>) outs(%x : tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return %0, %1, %2 : tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_gated(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.bpt.match.gated %op : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @say_gated(%op: !transform.any_op {transform.readonly}) {
    transform.debug.emit_remark_at %op, "gated" : !transform.any_op
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %0 = transform.foreach_match in %module
        @is_gated -> @say_gated
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
