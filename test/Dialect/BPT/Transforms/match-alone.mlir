// RUN: bpt-opt %s --transform-interpreter --verify-diagnostics

// Attention that nothing is fused with; the loop of the other one computes the
// projection as well, and one that is not blocked has no loop.
func.func @main(%q: tensor<1x4x2x8xf32>, %w: tensor<2x8x16xf32>, %y: tensor<1x4x16xf32>) -> (tensor<1x4x2x8xf32>, tensor<1x4x16xf32>, tensor<1x4x16xf32>) {
  // expected-remark@+1 {{alone}}
  %0 = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>) outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  %1 = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>) outs(%q : tensor<1x4x2x8xf32>) {causal} -> tensor<1x4x2x8xf32>
  %2 = bpt.linear ins(%1, %w : tensor<1x4x2x8xf32>, tensor<2x8x16xf32>) outs(%y : tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
  %3 = linalg.exp ins(%y : tensor<1x4x16xf32>) outs(%y : tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
  return %0, %2, %3 : tensor<1x4x2x8xf32>, tensor<1x4x16xf32>, tensor<1x4x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_alone(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.bpt.match.alone %op : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @say_alone(%op: !transform.any_op {transform.readonly}) {
    transform.debug.emit_remark_at %op, "alone" : !transform.any_op
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %0 = transform.foreach_match in %module
        @is_alone -> @say_alone
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
