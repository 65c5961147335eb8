// A script: the keys of attention are split over four parts that know nothing of
// each other, each with an online softmax of its own, and the parts are merged.
// It is how few rows with many keys (decoding) keep many threads busy.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %attention = transform.structured.match ops{["bpt.attention"]} in %module : (!transform.any_op) -> !transform.any_op

    // One step over all keys, without a loop.
    %online = transform.bpt.tile_keys %attention keys = 0 : (!transform.any_op) -> !transform.any_op
    %part, %parts = transform.bpt.split_keys %online parts = 4
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op)

    // Within a part, blocks of 64 keys. Dimensions: batch, rows, head, keys.
    %step, %loop = transform.structured.tile_using_for %part tile_sizes [0, 0, 0, 64]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
