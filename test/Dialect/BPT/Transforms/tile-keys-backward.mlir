// RUN: bpt-opt %s --split-input-file --bpt-tile-keys --canonicalize --cse | FileCheck %s

// Parallel over batch entries and key heads; rows and keys in order. Blocks of
// keys that a causal mask leaves whole are computed without it, those past it
// not at all.
// CHECK-LABEL: func @causal(
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (2, 4) step (1, 2) shared_outs
// CHECK: scf.for %[[R:.*]] = %c0 to %c512 step %c64
// CHECK: scf.for %{{.*}} = %c0 to %{{.*}} step %c128
// CHECK: bpt.attention_backward
// CHECK-NOT: causal
// CHECK: scf.for
// CHECK: bpt.attention_backward {{.*}} at({{.*}}) diagonal({{.*}}) {{.*}} {bpt.strategy = {{.*}}, causal}
func.func @causal(%q: tensor<2x512x4x32xf32>, %k: tensor<2x512x2x32xf32>, %r: tensor<2x512x4xf32>) -> (tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>) {
  %d:3 = bpt.attention_backward ins(%q, %k, %k : tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>)
      statistics(%r, %r : tensor<2x512x4xf32>, tensor<2x512x4xf32>)
      cotangent(%q, %r : tensor<2x512x4x32xf32>, tensor<2x512x4xf32>)
      outs(%q, %k, %k : tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>)
      {causal, bpt.strategy = #bpt.strategy<rows = 64, keys = 128>} -> tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>
  return %d#0, %d#1, %d#2 : tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>
}

// -----

// A gradient of the bias that batch entries share is summed over them in order.
// CHECK-LABEL: func @shared_bias(
// CHECK: scf.forall (%{{.*}}) in (4)
// CHECK: scf.for %{{.*}} = %c0 to %c2 step %c1
// CHECK: bpt.attention_backward
func.func @shared_bias(%q: tensor<2x64x4x32xf32>, %r: tensor<2x64x4xf32>, %b: tensor<1x4x64x64xf32>) -> tensor<1x4x64x64xf32> {
  %d:4 = bpt.attention_backward ins(%q, %q, %q : tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>)
      bias(%b : tensor<1x4x64x64xf32>)
      statistics(%r, %r : tensor<2x64x4xf32>, tensor<2x64x4xf32>)
      cotangent(%q, %r : tensor<2x64x4x32xf32>, tensor<2x64x4xf32>)
      outs(%q, %q, %q, %b : tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<1x4x64x64xf32>)
      -> tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<1x4x64x64xf32>
  return %d#3 : tensor<1x4x64x64xf32>
}
