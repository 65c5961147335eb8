module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %norms = transform.structured.match ops{["bpt.rms_norm"]} in %module : (!transform.any_op) -> !transform.any_op
    %s = transform.param.constant #bpt.strategy<rows = 32> -> !transform.any_param
    transform.annotate %norms "bpt.strategy" = %s : !transform.any_op, !transform.any_param
    transform.yield
  }
}
