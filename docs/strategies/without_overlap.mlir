// Leaves out that products run during the softmax, on GPUs that have it. Applied after
// the strategy of the chip: --strategy=chip,docs/strategies/without_overlap.mlir
// A schedule takes the place of that of the chip, in which blocks of attention take one
// item of work each as well.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @leave_out(%op: !transform.any_op {transform.readonly}) {
    %schedule = transform.param.constant #bpt_tile.schedule<overlap = false, persistent = false> -> !transform.any_param
    transform.annotate %op "bpt_tile.schedule" = %schedule : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %annotated = transform.foreach_match in %module
        @is_attention -> @leave_out : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
