// The default strategy for CPUs.
//
// Blocks of 128 rows: the block's activations stay in L2 while the weights,
// packed once, stream past them. 128 keys: a block of scores and the panels of
// its keys stay in L1 and L2. 768 hidden units: the same for the feed-forward.
//
// At most 128 rows are two blocks of 64, for two threads.
//
// Attention that no projection is fused with has no weights to share the caches
// with: one head and many rows, so that keys and values are packed less often,
// and 32 rows of scores at a time, which stay in L1.
//
// Up to 8 rows (decoding) read every key and value once, from memory, and each
// block asks for the next one (bpt-prefetch-blocks): 8 KiB of keys in f32.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_decoding(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    %rows = transform.bpt.match.size %op "query row" : (!transform.any_op) -> !transform.param<i64>
    %none = transform.param.constant 0 : i64 -> !transform.param<i64>
    transform.match.param.cmpi ge %rows, %none : !transform.param<i64>
    %few = transform.param.constant 8 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %rows, %few : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_lone_decoding(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.include @is_decoding failures(propagate) (%op) : (!transform.any_op) -> !transform.any_op
    transform.bpt.match.alone %op : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_wide_decoding(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.include @is_lone_decoding failures(propagate) (%op) : (!transform.any_op) -> !transform.any_op
    %dim = transform.bpt.match.size %op "query head_dim" : (!transform.any_op) -> !transform.param<i64>
    %narrow = transform.param.constant 64 : i64 -> !transform.param<i64>
    transform.match.param.cmpi gt %dim, %narrow : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_lone_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.alone %op : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_attention_backward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention_backward"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_weight_gradient(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.linear_weight_gradient", "bpt.embedding_gradient"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_cross_entropy_backward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.cross_entropy_backward"] : !transform.any_op
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
  transform.named_sequence @is_row_wise(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.linear", "bpt.layer_norm", "bpt.rms_norm", "bpt.rotary_embedding", "bpt.embedding", "bpt.dropout"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }

  transform.named_sequence @is_short_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    %rows = transform.bpt.match.size %op "query row" : (!transform.any_op) -> !transform.param<i64>
    %none = transform.param.constant 0 : i64 -> !transform.param<i64>
    transform.match.param.cmpi ge %rows, %none : !transform.param<i64>
    %two = transform.param.constant 128 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %rows, %two : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_short_feed_forward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.feed_forward"] : !transform.any_op
    %rows = transform.bpt.match.size %op "row" : (!transform.any_op) -> !transform.param<i64>
    %none = transform.param.constant 0 : i64 -> !transform.param<i64>
    transform.match.param.cmpi ge %rows, %none : !transform.param<i64>
    %two = transform.param.constant 128 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %rows, %two : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_short_cross_entropy(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.cross_entropy"] : !transform.any_op
    %rows = transform.bpt.match.size %op "row" : (!transform.any_op) -> !transform.param<i64>
    %none = transform.param.constant 0 : i64 -> !transform.param<i64>
    transform.match.param.cmpi ge %rows, %none : !transform.param<i64>
    %two = transform.param.constant 128 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %rows, %two : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_short_rows(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.linear", "bpt.layer_norm", "bpt.rms_norm", "bpt.rotary_embedding", "bpt.embedding", "bpt.dropout"] : !transform.any_op
    %rows = transform.bpt.match.size %op "row" : (!transform.any_op) -> !transform.param<i64>
    %none = transform.param.constant 0 : i64 -> !transform.param<i64>
    transform.match.param.cmpi ge %rows, %none : !transform.param<i64>
    %two = transform.param.constant 128 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %rows, %two : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @block_wide_decoding(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 8, keys = 16, heads = 1> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_lone_decoding(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 8, keys = 32, heads = 1> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_decoding(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 64, keys = 32> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_lone_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 1024, keys = 256, heads = 1, score_rows = 32> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 128> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_attention_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 512, keys = 128, score_rows = 128, chunk = 512> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_weight_gradient(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<columns = 128, chunk = 512> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_cross_entropy_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<vocab = 1024, chunk = 512> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_feed_forward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, hidden = 768> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_cross_entropy(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, vocab = 1024> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_rows(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }

  transform.named_sequence @block_short_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 64, keys = 128> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_short_feed_forward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 64, hidden = 768> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_short_cross_entropy(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 64, vocab = 1024> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_short_rows(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 64> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %annotated = transform.foreach_match in %module
        @is_wide_decoding -> @block_wide_decoding,
        @is_lone_decoding -> @block_lone_decoding,
        @is_decoding -> @block_decoding,
        @is_lone_attention -> @block_lone_attention,
        @is_short_attention -> @block_short_attention,
        @is_short_feed_forward -> @block_short_feed_forward,
        @is_short_cross_entropy -> @block_short_cross_entropy,
        @is_short_rows -> @block_short_rows,
        @is_attention -> @block_attention,
        @is_attention_backward -> @block_attention_backward,
        @is_weight_gradient -> @block_weight_gradient,
        @is_cross_entropy_backward -> @block_cross_entropy_backward,
        @is_feed_forward -> @block_feed_forward,
        @is_cross_entropy -> @block_cross_entropy,
        @is_row_wise -> @block_rows
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
