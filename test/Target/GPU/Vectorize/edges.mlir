// RUN: bpt-opt %s --bpt-vectorize-blocks --canonicalize --cse --split-input-file | FileCheck %s

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#id = affine_map<(i, j) -> (i, j)>
#transposed = affine_map<(i, j) -> (j, i)>

// The bounds of a transposed tile are those of memory's dimensions.
// CHECK-LABEL: func @transposed
// CHECK-SAME: %{{.*}}: tensor<32x16xf16>, %{{.*}}: tensor<16x40xf16>, %[[BIAS:.*]]: tensor<40x32xf32>
// CHECK: scf.forall (%[[I:.*]]) =
// CHECK: vector.transfer_read %[[BIAS]][%[[I]], %c0], %{{.*}} {in_bounds = [true, false], permutation_map = #{{.*}}} : tensor<40x32xf32>, vector<32x16xf32>
func.func @transposed(%a: tensor<32x16xf16>, %b: tensor<16x40xf16>, %bias: tensor<40x32xf32>, %c: tensor<32x40xf32>) -> tensor<32x40xf32> {
  %r = scf.forall (%i) = (0) to (40) step (16) shared_outs(%o = %c) -> (tensor<32x40xf32>) {
    %size = affine.min affine_map<(d0) -> (40 - d0, 16)>(%i)
    %bs = tensor.extract_slice %b[0, %i] [16, %size] [1, 1] : tensor<16x40xf16> to tensor<16x?xf16>
    %ts = tensor.extract_slice %bias[%i, 0] [%size, 32] [1, 1] : tensor<40x32xf32> to tensor<?x32xf32>
    %os = tensor.extract_slice %o[0, %i] [32, %size] [1, 1] : tensor<32x40xf32> to tensor<32x?xf32>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %bs : tensor<32x16xf16>, tensor<16x?xf16>) outs(%os : tensor<32x?xf32>) -> tensor<32x?xf32>
    %m = linalg.generic {indexing_maps = [#transposed, #id], iterator_types = ["parallel", "parallel"]} ins(%ts : tensor<?x32xf32>) outs(%n : tensor<32x?xf32>) {
    ^bb0(%x: f32, %y: f32):
      %z = arith.addf %x, %y : f32
      linalg.yield %z : f32
    } -> tensor<32x?xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %m into %o[0, %i] [32, %size] [1, 1] : tensor<32x?xf32> into tensor<32x40xf32>
    }
  }
  return %r : tensor<32x40xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// Of two writes of the same part of a tile, the last is left.
// CHECK-LABEL: func @written_twice
// CHECK: scf.forall
// CHECK: %[[FIRST:.*]] = scf.for
// CHECK: %[[LAST:.*]] = vector.contract {{.*}}, %[[FIRST]]
// CHECK: vector.transfer_write %[[LAST]]
// CHECK-NOT: vector.transfer_write
func.func @written_twice(%a: tensor<40x64xf16>, %b: tensor<64x16xf16>, %c: tensor<40x16xf32>) -> tensor<40x16xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c48 = arith.constant 48 : index
  %r = scf.forall (%i) = (0) to (40) step (32) shared_outs(%o = %c) -> (tensor<40x16xf32>) {
    %size = affine.min affine_map<(d0) -> (40 - d0, 32)>(%i)
    %os = tensor.extract_slice %o[%i, 0] [%size, 16] [1, 1] : tensor<40x16xf32> to tensor<?x16xf32>
    %sum = scf.for %k = %c0 to %c48 step %c16 iter_args(%acc = %os) -> (tensor<?x16xf32>) {
      %as = tensor.extract_slice %a[%i, %k] [%size, 16] [1, 1] : tensor<40x64xf16> to tensor<?x16xf16>
      %bs = tensor.extract_slice %b[%k, 0] [16, 16] [1, 1] : tensor<64x16xf16> to tensor<16x16xf16>
      %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %bs : tensor<?x16xf16>, tensor<16x16xf16>) outs(%acc : tensor<?x16xf32>) -> tensor<?x16xf32>
      scf.yield %n : tensor<?x16xf32>
    }
    %as = tensor.extract_slice %a[%i, 48] [%size, 16] [1, 1] : tensor<40x64xf16> to tensor<?x16xf16>
    %bs = tensor.extract_slice %b[48, 0] [16, 16] [1, 1] : tensor<64x16xf16> to tensor<16x16xf16>
    %last = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %bs : tensor<?x16xf16>, tensor<16x16xf16>) outs(%sum : tensor<?x16xf32>) -> tensor<?x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %last into %o[%i, 0] [%size, 16] [1, 1] : tensor<?x16xf32> into tensor<40x16xf32>
    }
  }
  return %r : tensor<40x16xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// What is computed in a tensor of its own is written where it is inserted.
// CHECK-LABEL: func @inserted
// CHECK: scf.forall {{.*}} shared_outs(%{{.*}} = %{{.*}}, %[[SUMS:.*]] = %{{.*}})
// CHECK-NOT: tensor.empty
// CHECK: %[[SLICE:.*]] = tensor.extract_slice %[[SUMS]]
// CHECK: vector.transfer_write %{{.*}}, %{{.*}} : vector<32xf32>, tensor<?xf32>
func.func @inserted(%a: tensor<40x16xf16>, %b: tensor<16x16xf16>, %c: tensor<40x16xf32>, %s: tensor<40x2xf32>) -> (tensor<40x16xf32>, tensor<40x2xf32>) {
  %zero = arith.constant 0.0 : f32
  %r:2 = scf.forall (%i, %h) = (0, 0) to (40, 2) step (32, 1) shared_outs(%o = %c, %l = %s) -> (tensor<40x16xf32>, tensor<40x2xf32>) {
    %size = affine.min affine_map<(d0) -> (40 - d0, 32)>(%i)
    %os = tensor.extract_slice %o[%i, 0] [%size, 16] [1, 1] : tensor<40x16xf32> to tensor<?x16xf32>
    %as = tensor.extract_slice %a[%i, 0] [%size, 16] [1, 1] : tensor<40x16xf16> to tensor<?x16xf16>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %b : tensor<?x16xf16>, tensor<16x16xf16>) outs(%os : tensor<?x16xf32>) -> tensor<?x16xf32>
    %e = tensor.empty(%size) : tensor<?xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%n : tensor<?x16xf32>) outs(%z : tensor<?xf32>) {
    ^bb0(%x: f32, %y: f32):
      %p = arith.addf %x, %y : f32
      linalg.yield %p : f32
    } -> tensor<?xf32>
    %ls = tensor.extract_slice %l[%i, %h] [%size, 1] [1, 1] : tensor<40x2xf32> to tensor<?x1xf32>
    %w = tensor.insert_slice %sum into %ls[0, 0] [%size, 1] [1, 1] : tensor<?xf32> into tensor<?x1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[%i, 0] [%size, 16] [1, 1] : tensor<?x16xf32> into tensor<40x16xf32>
      tensor.parallel_insert_slice %w into %l[%i, %h] [%size, 1] [1, 1] : tensor<?x1xf32> into tensor<40x2xf32>
    }
  }
  return %r#0, %r#1 : tensor<40x16xf32>, tensor<40x2xf32>
}
