// A script: a blocking that no attribute describes. Keys are cut twice, into
// blocks of 512 and those into blocks of 128, so that a cache level holds the
// outer block while the inner one streams through the registers.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %function = transform.structured.match ops{["func.func"]} in %module : (!transform.any_op) -> !transform.any_op

    // One loop over blocks of 96 rows for the whole layer.
    %rows = transform.bpt.fuse_rows %function rows = 96 : (!transform.any_op) -> !transform.any_op

    // Outer key blocks, which skip what the masks exclude.
    %attention = transform.structured.match ops{["bpt.attention"]} in %module : (!transform.any_op) -> !transform.any_op
    %outer = transform.bpt.tile_keys %attention keys = 512 : (!transform.any_op) -> !transform.any_op

    // Inner key blocks: upstream's tiling, since keys are a reduction dimension
    // of bpt.online_attention like any other. Dimensions: batch, rows, head, keys.
    %inner, %loop = transform.structured.tile_using_for %outer tile_sizes [0, 0, 0, 128]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op)

    %ffn = transform.structured.match ops{["bpt.feed_forward"]} in %module : (!transform.any_op) -> !transform.any_op
    %hidden = transform.bpt.tile_hidden %ffn hidden = 320 : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
