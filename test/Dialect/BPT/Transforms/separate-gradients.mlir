// RUN: bpt-opt %s --split-input-file --bpt-separate-gradients | FileCheck %s

// CHECK-LABEL: func @all(
// CHECK-SAME: %[[DQ:[a-z0-9]+]]: tensor<1x64x4x32xf32>, %[[DK:[a-z0-9]+]]: tensor<1x64x2x32xf32>, %[[DB:[a-z0-9]+]]: tensor<1x4x64x64xf32>
// CHECK: %[[Q:.*]]:2 = bpt.attention_backward
// CHECK-SAME: bias(
// CHECK-SAME: outs(%[[DQ]], %[[DB]] : tensor<1x64x4x32xf32>, tensor<1x4x64x64xf32>)
// CHECK-SAME: {bpt.strategy = #bpt.strategy<rows = 64, keys = 32, separate = true>, causal, gradients = #bpt.attention_gradients<query>} score {
// CHECK: math.tanh
// CHECK: %[[KV:.*]]:2 = bpt.attention_backward
// CHECK-SAME: bias(
// CHECK-SAME: outs(%[[DK]], %[[DK]] : tensor<1x64x2x32xf32>, tensor<1x64x2x32xf32>)
// CHECK-SAME: {bpt.strategy = #bpt.strategy<rows = 32, keys = 64, separate = true>, causal, gradients = #bpt.attention_gradients<key_value>} score {
// CHECK: math.tanh
// CHECK: return %[[Q]]#0, %[[KV]]#0, %[[KV]]#1, %[[Q]]#1
func.func @all(%dq: tensor<1x64x4x32xf32>, %dk: tensor<1x64x2x32xf32>, %db: tensor<1x4x64x64xf32>, %r: tensor<1x64x4xf32>)
    -> (tensor<1x64x4x32xf32>, tensor<1x64x2x32xf32>, tensor<1x64x2x32xf32>, tensor<1x4x64x64xf32>) {
  %d:4 = bpt.attention_backward ins(%dq, %dk, %dk : tensor<1x64x4x32xf32>, tensor<1x64x2x32xf32>, tensor<1x64x2x32xf32>)
      bias(%db : tensor<1x4x64x64xf32>)
      statistics(%r, %r : tensor<1x64x4xf32>, tensor<1x64x4xf32>)
      cotangent(%dq, %r : tensor<1x64x4x32xf32>, tensor<1x64x4xf32>)
      outs(%dq, %dk, %dk, %db : tensor<1x64x4x32xf32>, tensor<1x64x2x32xf32>, tensor<1x64x2x32xf32>, tensor<1x4x64x64xf32>)
      {causal, bpt.strategy = #bpt.strategy<rows = 64, keys = 32, separate = true>} score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %t = math.tanh %s : f32
      bpt.yield %t : f32
  } -> tensor<1x64x4x32xf32>, tensor<1x64x2x32xf32>, tensor<1x64x2x32xf32>, tensor<1x4x64x64xf32>
  return %d#0, %d#1, %d#2, %d#3 : tensor<1x64x4x32xf32>, tensor<1x64x2x32xf32>, tensor<1x64x2x32xf32>, tensor<1x4x64x64xf32>
}

// -----

// Those of values by themselves as well: a block by key holds one sum.
// CHECK-LABEL: func @values(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x64x4x192xbf16>, %[[DQ:[a-z0-9]+]]: tensor<1x64x4x192xf32>
// CHECK: %[[D0:.*]] = bpt.attention_backward {{.*}} {bpt.strategy = #bpt.strategy<rows = 64, keys = 32, separate = true, separate_values = true>, gradients = #bpt.attention_gradients<query>}
// CHECK: %[[D1:.*]] = bpt.attention_backward {{.*}} {bpt.strategy = #bpt.strategy<rows = 32, keys = 64, separate = true, separate_values = true>, gradients = #bpt.attention_gradients<key>}
// CHECK: %[[D2:.*]] = bpt.attention_backward {{.*}} {bpt.strategy = #bpt.strategy<rows = 32, keys = 64, separate = true, separate_values = true>, gradients = #bpt.attention_gradients<value>}
// CHECK: return %[[D0]], %[[D1]], %[[D2]]
func.func @values(%q: tensor<1x64x4x192xbf16>, %dq: tensor<1x64x4x192xf32>, %r: tensor<1x64x4xf32>)
    -> (tensor<1x64x4x192xf32>, tensor<1x64x4x192xf32>, tensor<1x64x4x192xf32>) {
  %d:3 = bpt.attention_backward ins(%q, %q, %q : tensor<1x64x4x192xbf16>, tensor<1x64x4x192xbf16>, tensor<1x64x4x192xbf16>)
      statistics(%r, %r : tensor<1x64x4xf32>, tensor<1x64x4xf32>)
      cotangent(%q, %r : tensor<1x64x4x192xbf16>, tensor<1x64x4xf32>)
      outs(%dq, %dq, %dq : tensor<1x64x4x192xf32>, tensor<1x64x4x192xf32>, tensor<1x64x4x192xf32>)
      {bpt.strategy = #bpt.strategy<rows = 64, keys = 32, separate = true, separate_values = true>}
      -> tensor<1x64x4x192xf32>, tensor<1x64x4x192xf32>, tensor<1x64x4x192xf32>
  return %d#0, %d#1, %d#2 : tensor<1x64x4x192xf32>, tensor<1x64x4x192xf32>, tensor<1x64x4x192xf32>
}

// -----

// One that does not say so, and one of some gradients only, stay as they are.
// CHECK-LABEL: func @others(
// CHECK-COUNT-2: bpt.attention_backward
// CHECK-NOT: bpt.attention_backward
func.func @others(%q: tensor<1x64x4x32xf32>, %r: tensor<1x64x4xf32>) -> (tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>) {
  %d:3 = bpt.attention_backward ins(%q, %q, %q : tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>)
      statistics(%r, %r : tensor<1x64x4xf32>, tensor<1x64x4xf32>)
      cotangent(%q, %r : tensor<1x64x4x32xf32>, tensor<1x64x4xf32>)
      outs(%q, %q, %q : tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>)
      {bpt.strategy = #bpt.strategy<rows = 32>} -> tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>
  %e = bpt.attention_backward ins(%q, %q, %q : tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>)
      statistics(%r, %r : tensor<1x64x4xf32>, tensor<1x64x4xf32>)
      cotangent(%q, %r : tensor<1x64x4x32xf32>, tensor<1x64x4xf32>)
      outs(%q : tensor<1x64x4x32xf32>)
      {gradients = #bpt.attention_gradients<query>, bpt.strategy = #bpt.strategy<separate = true>} -> tensor<1x64x4x32xf32>
  return %d#0, %e : tensor<1x64x4x32xf32>, tensor<1x64x4x32xf32>
}
