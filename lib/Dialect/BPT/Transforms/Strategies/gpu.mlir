// The default strategy for GPUs.
//
// Every loop over blocks becomes one kernel, and a block the work of one group
// of threads. Attention is cut by heads as well and projections by columns, so
// that there are many blocks. Nothing that reads whole rows is fused into a loop
// that is cut by columns: every block would compute it again. A feed-forward
// network is two kernels: the sums of a block over all of its columns do not fit
// on chip, so the activations go through memory. Biases, activations, gates and
// residuals are computed where the products are.
//
// What passes from kernel to kernel exists for one chunk of rows at a time.
//
// Of 16-bit types, products run on tensor cores, from registers: 128 rows are 32
// for each of 4 warps, which then multiply more than they read (docs/performance.md
// has the count); the sums of wider heads would not fit. 32 keys leave registers
// for three blocks a multiprocessor at head dimension 64, and two at 128: while
// one takes exponentials, another multiplies. With dropout, drawing random numbers
// is the bound: one counter gives those of four keys of 64. Of wider heads a block
// by key holds the sums of one gradient only: those of keys and of values are two
// kernels. Of f32, what a block holds between operations lies in shared memory:
// blocks are small.
//
// The heads of one query row that share keys are rows of one block, which reads the
// keys once for all of them.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_wide_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    %width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>
    %limit = transform.param.constant 128 : i64 -> !transform.param<i64>
    transform.match.param.cmpi gt %width, %limit : !transform.param<i64>
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
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
  // Scales of rows and of keys are registers too.
  transform.named_sequence @is_scaled_narrow_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.include @is_narrow_attention failures(propagate) (%op) : (!transform.any_op) -> !transform.any_op
    transform.bpt.match.operand %op "query_scale" : !transform.any_op
    %width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>
    %limit = transform.param.constant 64 : i64 -> !transform.param<i64>
    transform.match.param.cmpi gt %width, %limit : !transform.param<i64>
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
  transform.named_sequence @is_wide_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention_backward"] : !transform.any_op
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_attention_backward(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention_backward"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_weight_gradient(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.linear_weight_gradient"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_embedding_gradient(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.embedding_gradient"] : !transform.any_op
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
  transform.named_sequence @is_cross_entropy(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.cross_entropy"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_linear(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.linear"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @is_row_wise(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.layer_norm", "bpt.rms_norm", "bpt.rotary_embedding", "bpt.embedding", "bpt.dropout"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }

  transform.named_sequence @block_wide_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, keys = 32, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, keys = 64, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_one_narrow_row(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 32, heads = 1, group_heads = true, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_attention_with_dropout(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 64, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 32, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_scaled_narrow_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 16, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_wide_narrow_attention(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 64, keys = 32, heads = 1, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  // A block of gradients holds one or two sums, and two tiles of scores. Up to
  // head dimension 64 a warp has 32 rows of both; beyond, 16.
  transform.named_sequence @block_small_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 32, heads = 1, chunk = 4096, separate = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 64, keys = 32, heads = 1, chunk = 4096, separate = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_wide_narrow_attention_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 64, keys = 16, heads = 1, chunk = 4096, separate = true, separate_values = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_attention_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, keys = 32, heads = 1, chunk = 4096, separate = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_weight_gradient(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, columns = 64, chunk = 4096> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_embedding_gradient(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<columns = 128, chunk = 4096> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_cross_entropy_backward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, columns = 64, vocab = 4096, chunk = 4096, store_hidden = true> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_linear(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, columns = 128, chunk = 4096, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  // A gate is a second product: half the columns for each.
  transform.named_sequence @block_narrow_gated_feed_forward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, columns = 64, chunk = 4096, store_hidden = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_narrow_feed_forward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, columns = 128, chunk = 4096, store_hidden = true, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @block_feed_forward(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 32, columns = 64, chunk = 4096, store_hidden = true, fuse = false> -> !transform.any_param
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
        @is_one_narrow_row -> @block_one_narrow_row,
        @is_narrow_attention_with_dropout -> @block_narrow_attention_with_dropout,
        @is_scaled_narrow_attention -> @block_scaled_narrow_attention,
        @is_narrow_attention -> @block_narrow_attention,
        @is_wide_narrow_attention -> @block_wide_narrow_attention,
        @is_narrow_linear -> @block_narrow_linear,
        @is_narrow_gated_feed_forward -> @block_narrow_gated_feed_forward,
        @is_narrow_feed_forward -> @block_narrow_feed_forward,
        @is_wide_attention -> @block_wide_attention,
        @is_attention -> @block_attention,
        @is_small_narrow_attention_backward -> @block_small_narrow_attention_backward,
        @is_narrow_attention_backward -> @block_narrow_attention_backward,
        @is_wide_narrow_attention_backward -> @block_wide_narrow_attention_backward,
        @is_attention_backward -> @block_attention_backward,
        @is_weight_gradient -> @block_weight_gradient,
        @is_embedding_gradient -> @block_embedding_gradient,
        @is_cross_entropy_backward -> @block_cross_entropy_backward,
        @is_feed_forward -> @block_feed_forward,
        @is_cross_entropy -> @block_cross_entropy,
        @is_linear -> @block_linear,
        @is_row_wise -> @block_rows
        : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
