// What the host returns without a kernel, and functions of a score region, on
// the emulator.

// RUN: bpt-runner %s --function=pass --device=cuda-emulator "--input=4xf32=5 6 7 8" | FileCheck %s
// CHECK: result 0: 4xf32 = 5 6 7 8
// CHECK: result 1: 4xf32 = 1 2 3 4
func.func @pass(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  return %x, %c : tensor<4xf32>, tensor<4xf32>
}

// RUN: bpt-runner %s --function=score --input=1x9x2x16xf32=random:1 --output=@%t.npy
// RUN: bpt-runner %s --function=score --device=cuda-emulator --emulator-seed=3 --input=1x9x2x16xf32=random:1 --expected-output=@%t.npy --atol=1e-6 | FileCheck %s --check-prefix=SCORE
// SCORE: result 0: match
func.func @score(%q: tensor<1x9x2x16xf32>) -> tensor<1x9x2x16xf32> {
  %e = tensor.empty() : tensor<1x9x2x16xf32>
  %o = bpt.attention ins(%q, %q, %q : tensor<1x9x2x16xf32>, tensor<1x9x2x16xf32>, tensor<1x9x2x16xf32>)
      outs(%e : tensor<1x9x2x16xf32>) {causal} score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %t = math.sin %s : f32
      %u = math.exp %t : f32
      %w = math.erf %u : f32
      %x = math.powf %u, %w : f32
      %y = math.log %x : f32
      bpt.yield %y : f32
    } -> tensor<1x9x2x16xf32>
  return %o : tensor<1x9x2x16xf32>
}
