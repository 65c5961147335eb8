// The default strategy for GPUs.
//
// Every loop over blocks becomes one kernel, and a block the work of one group
// of threads: small, so that there are many of them and that what a block holds
// between operations fits on chip. Attention is cut by heads as well and
// projections by columns, for the same reason. Nothing that reads whole rows is
// fused into a loop that is cut by columns: every block would compute it again.
// A feed-forward network is two kernels: the sums of a block of rows over all
// hidden units do not fit on chip, so the activations go through memory.
// Biases, activations, gates and residuals are epilogues of the projections.
//
// What passes from kernel to kernel exists for one chunk of rows at a time.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_feed_forward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.feed_forward"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_cross_entropy(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.cross_entropy"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_linear(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.linear"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_row_wise(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.layer_norm", "bpt.rms_norm", "bpt.rotary_embedding", "bpt.embedding"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }

  transform.named_sequence @block_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, keys = 64, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_feed_forward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, columns = 64, store_hidden = true, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_cross_entropy(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, vocab = 128, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_linear(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, columns = 64, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_rows(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }

  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %annotated = transform.foreach_match in %module
        @is_attention -> @block_attention,
        @is_feed_forward -> @block_feed_forward,
        @is_cross_entropy -> @block_cross_entropy,
        @is_linear -> @block_linear,
        @is_row_wise -> @block_rows
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
