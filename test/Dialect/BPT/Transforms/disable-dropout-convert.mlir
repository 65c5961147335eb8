// RUN: bpt-opt %s --bpt-disable-dropout | FileCheck %s

// A result of another type is still converted.
// CHECK: bpt.dropout ins(%{{.*}} : tensor<1x4x8xbf16>) {{.*}} {dropout = #bpt.dropout<rate = 0.000000e+00 : f64, stream = 3>} -> tensor<1x4x8xf32>
func.func @convert(%x: tensor<1x4x8xbf16>, %seed: tensor<i64>, %e: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  %y = bpt.dropout ins(%x : tensor<1x4x8xbf16>) seed(%seed) outs(%e : tensor<1x4x8xf32>)
      {dropout = #bpt.dropout<rate = 0.1, stream = 3>} -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}
