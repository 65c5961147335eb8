// RUN: bpt-opt %s --inline | FileCheck %s

// CHECK-LABEL: func @calls
// CHECK-NOT: call
// CHECK: bpt.attention
// CHECK: bpt.yield
func.func @calls(%q: tensor<1x7x2x16xf32>) -> tensor<1x7x2x16xf32> {
  %r = call @callee(%q) : (tensor<1x7x2x16xf32>) -> tensor<1x7x2x16xf32>
  return %r : tensor<1x7x2x16xf32>
}

func.func private @callee(%q: tensor<1x7x2x16xf32>) -> tensor<1x7x2x16xf32> {
  %e = tensor.empty() : tensor<1x7x2x16xf32>
  %r = bpt.attention ins(%q, %q, %q : tensor<1x7x2x16xf32>, tensor<1x7x2x16xf32>, tensor<1x7x2x16xf32>)
      outs(%e : tensor<1x7x2x16xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %t = arith.addf %s, %s : f32
      bpt.yield %t : f32
  } -> tensor<1x7x2x16xf32>
  return %r : tensor<1x7x2x16xf32>
}
