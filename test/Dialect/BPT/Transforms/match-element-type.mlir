// RUN: bpt-opt %s --transform-interpreter --verify-diagnostics

// Operations on f32, and those that are not blocked, are no match.
func.func @main(%x: tensor<1x4x8xf16>, %w: tensor<8xf16>, %y: tensor<1x4x8xf32>, %v: tensor<8xf32>) {
  // expected-remark@+1 {{16 bits}}
  %0 = bpt.rms_norm ins(%x : tensor<1x4x8xf16>) weight(%w : tensor<8xf16>) outs(%x : tensor<1x4x8xf16>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf16>
  // expected-remark@+1 {{other}}
  %1 = bpt.rms_norm ins(%y : tensor<1x4x8xf32>) weight(%v : tensor<8xf32>) outs(%y : tensor<1x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf32>
  return
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_narrow(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_norm(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.rms_norm"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @say_narrow(%op: !transform.any_op {transform.readonly}) {
    transform.debug.emit_remark_at %op, "16 bits" : !transform.any_op
    transform.yield
  }
  transform.named_sequence @say_other(%op: !transform.any_op {transform.readonly}) {
    transform.debug.emit_remark_at %op, "other" : !transform.any_op
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %0 = transform.foreach_match in %module
        @is_narrow -> @say_narrow,
        @is_norm -> @say_other
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
