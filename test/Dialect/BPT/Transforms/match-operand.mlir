// RUN: bpt-opt %s --transform-interpreter --verify-diagnostics

// Attention with dropout; neither attention without, nor what is not blocked.
func.func @main(%q: tensor<1x4x2x8xf32>, %seed: tensor<i64>) -> (tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>) {
  // expected-remark@+1 {{has a seed}}
  %0 = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>) seed(%seed) outs(%q : tensor<1x4x2x8xf32>) {dropout = #bpt.dropout<rate = 0.5>} -> tensor<1x4x2x8xf32>
  %1 = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>) outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  %2 = linalg.exp ins(%q : tensor<1x4x2x8xf32>) outs(%q : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return %0, %1, %2 : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @has_seed(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.bpt.match.operand %op "seed" : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @say(%op: !transform.any_op {transform.readonly}) {
    transform.debug.emit_remark_at %op, "has a seed" : !transform.any_op
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %0 = transform.foreach_match in %module
        @has_seed -> @say
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
