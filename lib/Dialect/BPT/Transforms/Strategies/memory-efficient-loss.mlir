// The strategy memory-efficient with BPT's loss: attention and logits in blocks,
// forward and backward, the feed-forward network's hidden activations whole. What
// BPT is compared with, so that what the loss saves is not taken for what the
// feed-forward network in blocks does.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_attention_backward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention_backward"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_cross_entropy(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.cross_entropy"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_cross_entropy_backward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.cross_entropy_backward"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @block_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 128, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_attention_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 128> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_cross_entropy(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, vocab = 1024, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_cross_entropy_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<vocab = 1024> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %annotated = transform.foreach_match in %module
        @is_attention -> @block_attention,
        @is_attention_backward -> @block_attention_backward,
        @is_cross_entropy -> @block_cross_entropy,
        @is_cross_entropy_backward -> @block_cross_entropy_backward
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
