// RUN: bpt-opt %s --bpt-disable-dropout | FileCheck %s --implicit-check-not=seed( --implicit-check-not=0.1

// CHECK-LABEL: @activations
// CHECK-SAME: %[[X:.*]]: tensor<1x4x8xf32>, %{{.*}}: tensor<i64>
// CHECK: return %[[X]]
func.func @activations(%x: tensor<1x4x8xf32>, %seed: tensor<i64>) -> tensor<1x4x8xf32> {
  %y = bpt.dropout ins(%x : tensor<1x4x8xf32>) seed(%seed) outs(%x : tensor<1x4x8xf32>)
      {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}

// CHECK-LABEL: @attention
// CHECK: bpt.attention ins({{.*}}) outs({{.*}}) {causal} ->
func.func @attention(%q: tensor<1x4x1x8xf32>, %seed: tensor<i64>) -> tensor<1x4x1x8xf32> {
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>) seed(%seed)
      outs(%q : tensor<1x4x1x8xf32>) {causal, dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}
