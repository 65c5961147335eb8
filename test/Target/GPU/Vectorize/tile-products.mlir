// RUN: bpt-opt %s --bpt-tile-products="depth=32 kept-depth=64" --canonicalize | FileCheck %s
// RUN: not bpt-opt %s --bpt-tile-products=depth=0 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: error: option depth is 0, but a step has at least 1 term

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// The sum is carried; a depth that 32 does not divide ends in a smaller step.
// CHECK-LABEL: func @long
// CHECK: scf.forall
// CHECK: %[[SUM:.*]] = scf.for %[[K:.*]] = %c0 to %c100 step %c32 iter_args(%[[ACC:.*]] = %{{.*}}) -> (tensor<16x8xf32>)
// CHECK:   %[[SIZE:.*]] = affine.min
// CHECK:   %[[A:.*]] = tensor.extract_slice %{{.*}}[{{.*}}, %[[K]]] [16, %[[SIZE]]]
// CHECK:   %[[B:.*]] = tensor.extract_slice %{{.*}}[%[[K]], 0] [%[[SIZE]], 8]
// CHECK:   %[[NEXT:.*]] = linalg.contract {{.*}} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[ACC]] : tensor<16x8xf32>)
// CHECK:   scf.yield %[[NEXT]]
// CHECK: tensor.parallel_insert_slice %[[SUM]]
func.func @long(%a: tensor<64x100xf16>, %b: tensor<100x8xf16>, %c: tensor<64x8xf32>) -> tensor<64x8xf32> {
  %r = scf.forall (%i) = (0) to (64) step (16) shared_outs(%o = %c) -> (tensor<64x8xf32>) {
    %as = tensor.extract_slice %a[%i, 0] [16, 100] [1, 1] : tensor<64x100xf16> to tensor<16x100xf16>
    %os = tensor.extract_slice %o[%i, 0] [16, 8] [1, 1] : tensor<64x8xf32> to tensor<16x8xf32>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %b : tensor<16x100xf16>, tensor<100x8xf16>) outs(%os : tensor<16x8xf32>) -> tensor<16x8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[%i, 0] [16, 8] [1, 1] : tensor<16x8xf32> into tensor<64x8xf32>
    }
  }
  return %r : tensor<64x8xf32>
}

// One step needs no loop, and outside a block there is none to fit.
// CHECK-LABEL: func @short
// CHECK-NOT: scf.for {{.*}}step
// CHECK: linalg.contract
// CHECK: linalg.contract
func.func @short(%a: tensor<64x32xf16>, %b: tensor<32x8xf16>, %c: tensor<64x8xf32>, %d: tensor<64x100xf16>, %e: tensor<100x8xf16>) -> (tensor<64x8xf32>, tensor<64x8xf32>) {
  %r = scf.forall (%i) in (1) shared_outs(%o = %c) -> (tensor<64x8xf32>) {
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %b : tensor<64x32xf16>, tensor<32x8xf16>) outs(%o : tensor<64x8xf32>) -> tensor<64x8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[0, 0] [64, 8] [1, 1] : tensor<64x8xf32> into tensor<64x8xf32>
    }
  }
  %s = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%d, %e : tensor<64x100xf16>, tensor<100x8xf16>) outs(%c : tensor<64x8xf32>) -> tensor<64x8xf32>
  return %r, %s : tensor<64x8xf32>, tensor<64x8xf32>
}

// A loop that multiplies the same rows again and again keeps them whole, up to
// 64 terms here.
// CHECK-LABEL: func @kept
// CHECK: scf.for %{{.*}} step %c8
// CHECK-NOT: scf.for
// CHECK: linalg.contract {{.*}} : tensor<16x64xf16>, tensor<64x8xf16>
// CHECK-LABEL: func @kept_long
// CHECK: scf.for %{{.*}} step %c8
// CHECK: scf.for %{{.*}} step %c64
// CHECK: linalg.contract {{.*}} : tensor<16x64xf16>, tensor<64x8xf16>
func.func @kept(%a: tensor<16x64xf16>, %b: tensor<64x64xf16>, %c: tensor<16x8xf32>, %n: index) -> tensor<16x8xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %r = scf.forall (%i) in (1) shared_outs(%o = %c) -> (tensor<16x8xf32>) {
    %s = scf.for %j = %c0 to %n step %c8 iter_args(%acc = %o) -> (tensor<16x8xf32>) {
      %bs = tensor.extract_slice %b[0, %j] [64, 8] [1, 1] : tensor<64x64xf16> to tensor<64x8xf16>
      %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %bs : tensor<16x64xf16>, tensor<64x8xf16>) outs(%acc : tensor<16x8xf32>) -> tensor<16x8xf32>
      scf.yield %p : tensor<16x8xf32>
    }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[0, 0] [16, 8] [1, 1] : tensor<16x8xf32> into tensor<16x8xf32>
    }
  }
  return %r : tensor<16x8xf32>
}

func.func @kept_long(%a: tensor<16x256xf16>, %b: tensor<256x64xf16>, %c: tensor<16x8xf32>, %n: index) -> tensor<16x8xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %r = scf.forall (%i) in (1) shared_outs(%o = %c) -> (tensor<16x8xf32>) {
    %s = scf.for %j = %c0 to %n step %c8 iter_args(%acc = %o) -> (tensor<16x8xf32>) {
      %bs = tensor.extract_slice %b[0, %j] [256, 8] [1, 1] : tensor<256x64xf16> to tensor<256x8xf16>
      %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %bs : tensor<16x256xf16>, tensor<256x8xf16>) outs(%acc : tensor<16x8xf32>) -> tensor<16x8xf32>
      scf.yield %p : tensor<16x8xf32>
    }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[0, 0] [16, 8] [1, 1] : tensor<16x8xf32> into tensor<16x8xf32>
    }
  }
  return %r : tensor<16x8xf32>
}

// What another product keeps whole is there whole for the last keys too.
// CHECK-LABEL: func @kept_elsewhere
// CHECK: scf.for %{{.*}} step %c8
// CHECK: linalg.contract {{.*}} : tensor<16x64xf16>, tensor<64x8xf16>
// CHECK-NOT: scf.for
// CHECK: linalg.contract {{.*}} : tensor<16x64xf16>, tensor<64x4xf16>
func.func @kept_elsewhere(%a: tensor<16x64xf16>, %b: tensor<64x64xf16>, %last: tensor<64x4xf16>, %c: tensor<16x8xf32>, %d: tensor<16x4xf32>) -> (tensor<16x8xf32>, tensor<16x4xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %r:2 = scf.forall (%i) in (1) shared_outs(%o = %c, %p = %d) -> (tensor<16x8xf32>, tensor<16x4xf32>) {
    %n = scf.for %j = %c0 to %c64 step %c8 iter_args(%acc = %o) -> (tensor<16x8xf32>) {
      %bs = tensor.extract_slice %b[0, %j] [64, 8] [1, 1] : tensor<64x64xf16> to tensor<64x8xf16>
      %s = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %bs : tensor<16x64xf16>, tensor<64x8xf16>) outs(%acc : tensor<16x8xf32>) -> tensor<16x8xf32>
      scf.yield %s : tensor<16x8xf32>
    }
    %m = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %last : tensor<16x64xf16>, tensor<64x4xf16>) outs(%p : tensor<16x4xf32>) -> tensor<16x4xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[0, 0] [16, 8] [1, 1] : tensor<16x8xf32> into tensor<16x8xf32>
      tensor.parallel_insert_slice %m into %p[0, 0] [16, 4] [1, 1] : tensor<16x4xf32> into tensor<16x4xf32>
    }
  }
  return %r#0, %r#1 : tensor<16x8xf32>, tensor<16x4xf32>
}

// Of f8E4M3FN a step has twice as many terms. What tensor cores sum begins at 0,
// and is added in f32.
// CHECK-LABEL: func @float8
// CHECK: %[[SUM:.*]] = scf.for %{{.*}} = %c0 to %c160 step %c64 iter_args(%[[ACC:.*]] = %{{.*}}) -> (tensor<16x8xf32>)
// CHECK:   %[[ZERO:.*]] = linalg.fill
// CHECK:   %[[PRODUCT:.*]] = linalg.contract {{.*}} outs(%[[ZERO]] : tensor<16x8xf32>)
// CHECK:   %[[NEXT:.*]] = linalg.generic {{.*}} ins(%[[PRODUCT]] : tensor<16x8xf32>) outs(%[[ACC]] : tensor<16x8xf32>)
// CHECK:     arith.addf
// CHECK:   scf.yield %[[NEXT]]
func.func @float8(%a: tensor<64x160xf8E4M3FN>, %b: tensor<160x8xf8E4M3FN>, %c: tensor<64x8xf32>) -> tensor<64x8xf32> {
  %r = scf.forall (%i) = (0) to (64) step (16) shared_outs(%o = %c) -> (tensor<64x8xf32>) {
    %as = tensor.extract_slice %a[%i, 0] [16, 160] [1, 1] : tensor<64x160xf8E4M3FN> to tensor<16x160xf8E4M3FN>
    %os = tensor.extract_slice %o[%i, 0] [16, 8] [1, 1] : tensor<64x8xf32> to tensor<16x8xf32>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %b : tensor<16x160xf8E4M3FN>, tensor<160x8xf8E4M3FN>) outs(%os : tensor<16x8xf32>) -> tensor<16x8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[%i, 0] [16, 8] [1, 1] : tensor<16x8xf32> into tensor<64x8xf32>
    }
  }
  return %r : tensor<64x8xf32>
}
