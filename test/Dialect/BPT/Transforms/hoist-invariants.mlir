// RUN: bpt-opt %s --bpt-hoist-invariants | FileCheck %s

// What does not change leaves the loop; the fill that starts a destination does
// not, nor does anything leave a parallel loop.

// CHECK-LABEL: func @loop
// CHECK: scf.forall
// CHECK:   linalg.add
// CHECK:   scf.for
// CHECK:     linalg.fill
// CHECK:     linalg.mul
func.func @loop(%x: tensor<4xf32>, %out: tensor<8x4xf32>, %n: index) -> tensor<8x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %r = scf.forall (%i) in (8) shared_outs(%o = %out) -> (tensor<8x4xf32>) {
    %slice = tensor.extract_slice %o[%i, 0] [1, 4] [1, 1] : tensor<8x4xf32> to tensor<4xf32>
    %s = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %slice) -> (tensor<4xf32>) {
      %e = tensor.empty() : tensor<4xf32>
      %twice = linalg.add ins(%x, %x : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      %f = tensor.empty() : tensor<4xf32>
      %z = linalg.fill ins(%zero : f32) outs(%f : tensor<4xf32>) -> tensor<4xf32>
      %m = linalg.mul ins(%twice, %z : tensor<4xf32>, tensor<4xf32>) outs(%acc : tensor<4xf32>) -> tensor<4xf32>
      scf.yield %m : tensor<4xf32>
    }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%i, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<8x4xf32>
    }
  }
  return %r : tensor<8x4xf32>
}
