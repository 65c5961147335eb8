// A spec: attention over many keys gets longer key blocks; every other
// operation gets blocks of 64 rows.
module attributes {transform.with_named_sequence} {
  // Matches attention over 256 keys or more, or over a number known only when
  // the program runs.
  transform.named_sequence @is_short(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    %keys = transform.bpt.match.size %op "key" : (!transform.any_op) -> !transform.param<i64>
    %few = transform.param.constant 256 : i64 -> !transform.param<i64>
    %known = transform.param.constant 0 : i64 -> !transform.param<i64>
    transform.match.param.cmpi lt %keys, %few : !transform.param<i64>
    transform.match.param.cmpi ge %keys, %known : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_feed_forward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.feed_forward"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_row_wise(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.linear", "bpt.layer_norm", "bpt.rms_norm", "bpt.rotary_embedding", "bpt.embedding"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }

  transform.named_sequence @short_keys(%op: !transform.any_op {transform.readonly}) {
    %s = transform.param.constant #bpt.strategy<rows = 64, keys = 64> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %s : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @long_keys(%op: !transform.any_op {transform.readonly}) {
    %s = transform.param.constant #bpt.strategy<rows = 64, keys = 256> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %s : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @hidden_blocks(%op: !transform.any_op {transform.readonly}) {
    %s = transform.param.constant #bpt.strategy<rows = 64, hidden = 512> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %s : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @rows(%op: !transform.any_op {transform.readonly}) {
    %s = transform.param.constant #bpt.strategy<rows = 64> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %s : !transform.any_op, !transform.any_param
    transform.yield
  }

  // The first matcher that succeeds decides.
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %annotated = transform.foreach_match in %module
        @is_short -> @short_keys,
        @is_attention -> @long_keys,
        @is_feed_forward -> @hidden_blocks,
        @is_row_wise -> @rows
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
