// RUN: bpt-opt %s --bpt-hoist-invariants | FileCheck %s
// RUN: bpt-opt %s --bpt-hoist-invariants=max-elements=511 | FileCheck %s --check-prefix=LESS

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

// What is computed of a tile to which the outer loop comes back is computed of
// the whole, before that loop.

// CHECK-LABEL: func @tile
// CHECK: %[[WHOLE:.+]] = linalg.generic {{.*}} ins(%arg0 : tensor<1x64x8xf32>)
// CHECK: scf.for
// CHECK:   scf.for %[[I:[^ ]+]] =
// CHECK-NOT: math.exp
// CHECK:     tensor.extract_slice %[[WHOLE]][0, %[[I]], 0] [1, 16, 8] [1, 1, 1] : tensor<1x64x8xf32> to tensor<16x8xf32>

// A whole of more elements than asked for stays in its loop.
// LESS-LABEL: func @tile
// LESS: scf.for
// LESS:   scf.for
// LESS:     math.exp
func.func @tile(%x: tensor<1x64x8xf32>, %out: tensor<64x8xf32>, %n: index) -> tensor<64x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%o = %out) -> (tensor<64x8xf32>) {
    %s = scf.for %i = %c0 to %c64 step %c16 iter_args(%p = %o) -> (tensor<64x8xf32>) {
      %entry = tensor.extract_slice %x[0, %i, 0] [1, 16, 8] [1, 1, 1] : tensor<1x64x8xf32> to tensor<1x16x8xf32>
      %tile = tensor.extract_slice %entry[0, 0, 0] [1, 16, 8] [1, 1, 1] : tensor<1x16x8xf32> to tensor<16x8xf32>
      %e = tensor.empty() : tensor<16x8xf32>
      %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
          ins(%tile : tensor<16x8xf32>) outs(%e : tensor<16x8xf32>) {
      ^bb0(%in: f32, %unused: f32):
        %exp = math.exp %in : f32
        linalg.yield %exp : f32
      } -> tensor<16x8xf32>
      %into = tensor.extract_slice %p[%i, 0] [16, 8] [1, 1] : tensor<64x8xf32> to tensor<16x8xf32>
      %sum = linalg.add ins(%y, %into : tensor<16x8xf32>, tensor<16x8xf32>) outs(%into : tensor<16x8xf32>) -> tensor<16x8xf32>
      %q = tensor.insert_slice %sum into %p[%i, 0] [16, 8] [1, 1] : tensor<16x8xf32> into tensor<64x8xf32>
      scf.yield %q : tensor<64x8xf32>
    }
    scf.yield %s : tensor<64x8xf32>
  }
  return %r : tensor<64x8xf32>
}

// A tile that the outer loop moves is computed once in any case.

// CHECK-LABEL: func @moves
// CHECK: scf.for
// CHECK:   tensor.extract_slice %arg0
// CHECK:   math.exp
func.func @moves(%x: tensor<64x8xf32>, %out: tensor<16x8xf32>) -> tensor<16x8xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %r = scf.for %i = %c0 to %c64 step %c16 iter_args(%o = %out) -> (tensor<16x8xf32>) {
    %tile = tensor.extract_slice %x[%i, 0] [16, 8] [1, 1] : tensor<64x8xf32> to tensor<16x8xf32>
    %e = tensor.empty() : tensor<16x8xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        ins(%tile : tensor<16x8xf32>) outs(%e : tensor<16x8xf32>) {
    ^bb0(%in: f32, %unused: f32):
      %exp = math.exp %in : f32
      linalg.yield %exp : f32
    } -> tensor<16x8xf32>
    %sum = linalg.add ins(%y, %o : tensor<16x8xf32>, tensor<16x8xf32>) outs(%o : tensor<16x8xf32>) -> tensor<16x8xf32>
    scf.yield %sum : tensor<16x8xf32>
  }
  return %r : tensor<16x8xf32>
}
