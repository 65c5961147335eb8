// Leaves out that blocks take one item of work after the other, on GPUs that have it: a
// launch then has a block for each. Applied after the strategy of the chip:
// --strategy=chip,docs/strategies/without_persistence.mlir
module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_product(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention", "bpt.linear", "bpt.feed_forward"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @leave_out(%op: !transform.any_op {transform.readonly}) {
    %schedule = transform.param.constant #bpt_tile.schedule<persistent = false> -> !transform.any_param
    transform.annotate %op "bpt_tile.schedule" = %schedule : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %annotated = transform.foreach_match in %module
        @is_product -> @leave_out : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
