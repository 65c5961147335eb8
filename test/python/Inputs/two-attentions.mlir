!t = tensor<1x128x2x64xbf16>
func.func @main(%q: !t {bpt.name = "q"}, %k: !t {bpt.name = "k"}, %v: !t {bpt.name = "v"}) -> !t {
  %0 = tensor.empty() : !t
  %once = bpt.attention ins(%q, %k, %v : !t, !t, !t) outs(%0 : !t) -> !t
  %twice = bpt.attention ins(%once, %k, %v : !t, !t, !t) outs(%0 : !t) {causal} -> !t
  return %twice : !t
}
