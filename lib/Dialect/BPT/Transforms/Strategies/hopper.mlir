// What differs from the strategy gpu on sm_90a, where warpgroups multiply: applied
// after it.
//
// A warpgroup reads the right operand once for its 64 rows, and the left one too if
// it does not lie in registers. The more keys a step has, the less of the tensor
// cores' time goes into the latter; what is done once a step for all columns (the
// sums' scaling, barriers, copies) is spread over more keys as well. Registers are
// the limit: scores, probabilities and sums of 64 rows lie in those of 128 threads,
// keys / 2 + keys / 4 + head dimension / 2 for each. 128 keys at head dimension 128
// are too many for some forms: ptxas then serializes products. At 96, 112 keys are what
// no form spills with. With dropout, random numbers need registers too.
//
// Projections have 256 columns, half a lane's registers: 64 rows of a warpgroup times
// 256 columns take the tensor cores 128 cycles and read workgroup memory for 80, times
// 64 columns 32 and 56. A gate is a second product: half the columns for each.
// A product of f8E4M3FN is added to sums beside it: half the columns too.
//
// Blocks of attention take one item of work each: where they take several, ptxas computes
// what products read for each lane, 14 % more instructions at head dimension 64.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_one_narrow_row(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    %rows = transform.bpt.match.size %op "query row" : (!transform.any_op) -> !transform.param<i64>
    %one = transform.param.constant 1 : i64 -> !transform.param<i64>
    transform.match.param.cmpi eq %rows, %one : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_narrow_attention_with_dropout(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.operand %op "seed" : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    %width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>
    %limit = transform.param.constant 128 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %width, %limit : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_wide_narrow_attention_with_dropout(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.operand %op "seed" : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_narrow_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    %width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>
    %limit = transform.param.constant 128 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %width, %limit : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_small_narrow_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    %width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>
    %limit = transform.param.constant 64 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %width, %limit : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_medium_narrow_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    %width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>
    %limit = transform.param.constant 96 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %width, %limit : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_wide_narrow_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_narrow_linear(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.linear"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_small_float8_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.element_type %op [f8E4M3FN] : !transform.any_op
    %width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>
    %limit = transform.param.constant 64 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %width, %limit : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_float8_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.element_type %op [f8E4M3FN] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_float8_linear(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.linear"] : !transform.any_op
    transform.bpt.match.element_type %op [f8E4M3FN] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_narrow_gated_feed_forward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.feed_forward"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.bpt.match.operand %op "w3" : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_narrow_feed_forward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.feed_forward"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_small_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention_backward"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    %width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>
    %limit = transform.param.constant 64 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %width, %limit : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention_backward"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    %width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>
    %limit = transform.param.constant 128 : i64 -> !transform.param<i64>
    transform.match.param.cmpi le %width, %limit : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_wide_narrow_attention_backward_with_dropout(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention_backward"] : !transform.any_op
    transform.bpt.match.operand %op "seed" : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_wide_narrow_attention_backward_with_bias(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention_backward"] : !transform.any_op
    transform.bpt.match.operand %op "bias" : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_wide_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention_backward"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.yield %op : !transform.any_op
  }

  transform.named_sequence @block_one_narrow_row(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 64, heads = 1, group_heads = true, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_attention_with_dropout(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 64, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_wide_narrow_attention_with_dropout(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 32, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_small_narrow_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 128, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 96, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_medium_narrow_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 112, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_wide_narrow_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 64, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_linear(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, columns = 256, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_float8_linear(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, columns = 128, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_gated_feed_forward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, columns = 128, chunk = 4096, store_hidden = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_feed_forward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, columns = 256, chunk = 4096, store_hidden = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }

  // A block of gradients holds one or two sums, and two tiles of scores: what goes on
  // from one block's work to the next one's would spill. Of wide heads it holds one sum.
  // Random numbers and a bias need registers too.
  transform.named_sequence @block_small_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 64, heads = 1, chunk = 4096, separate = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 48, heads = 1, chunk = 4096, separate = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_wide_narrow_attention_backward_in_small_steps(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 16, heads = 1, chunk = 4096, separate = true, separate_values = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_wide_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 32, heads = 1, chunk = 4096, separate = true, separate_values = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }

  transform.named_sequence @is_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention", "bpt.attention_backward"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @take_one_item(%op: !transform.any_op {transform.readonly}) {
    %schedule = transform.param.constant #bpt_tile.schedule<persistent = false> -> !transform.any_param
    transform.annotate %op "bpt_tile.schedule" = %schedule : !transform.any_op, !transform.any_param
    transform.yield
  }

  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %annotated = transform.foreach_match in %module
        @is_one_narrow_row -> @block_one_narrow_row,
        @is_narrow_attention_with_dropout -> @block_narrow_attention_with_dropout,
        @is_wide_narrow_attention_with_dropout -> @block_wide_narrow_attention_with_dropout,
        @is_small_narrow_attention -> @block_small_narrow_attention,
        @is_medium_narrow_attention -> @block_medium_narrow_attention,
        @is_narrow_attention -> @block_narrow_attention,
        @is_small_narrow_attention_backward -> @block_small_narrow_attention_backward,
        @is_narrow_attention_backward -> @block_narrow_attention_backward,
        @is_wide_narrow_attention_backward_with_dropout -> @block_wide_narrow_attention_backward_in_small_steps,
        @is_wide_narrow_attention_backward_with_bias -> @block_wide_narrow_attention_backward_in_small_steps,
        @is_wide_narrow_attention_backward -> @block_wide_narrow_attention_backward,
        @is_wide_narrow_attention -> @block_wide_narrow_attention,
        @is_narrow_linear -> @block_narrow_linear,
        @is_small_float8_attention -> @block_small_narrow_attention,
        @is_float8_attention -> @block_wide_narrow_attention,
        @is_float8_linear -> @block_float8_linear,
        @is_narrow_gated_feed_forward -> @block_narrow_gated_feed_forward,
        @is_narrow_feed_forward -> @block_narrow_feed_forward
        : (!transform.any_op) -> !transform.any_op
    %scheduled = transform.foreach_match in %annotated
        @is_attention -> @take_one_item
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
