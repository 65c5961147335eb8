module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @block(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 64, keys = 64> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %annotated = transform.foreach_match in %module @is_attention -> @block : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
