// RUN: bpt-opt %s --bpt-pack-contractions="panel-width=32 rows-in-place=128" --canonicalize --split-input-file | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Two blocks of at most 64 of 100 rows read the weight: 128, in place.

// CHECK-LABEL: func @two_blocks
// CHECK-NOT: linalg.pack
// CHECK: tensor.expand_shape %arg1 {{.*}} into tensor<768x2x32xf32>
// CHECK-NOT: linalg.pack
func.func @two_blocks(%a: tensor<100x768xf32>, %w: tensor<768x64xf32>, %y: tensor<100x64xf32>) -> tensor<100x64xf32> {
  %r = scf.forall (%i) = (0) to (100) step (64) shared_outs(%out = %y) -> tensor<100x64xf32> {
    %n = affine.min affine_map<(d0) -> (-d0 + 100, 64)>(%i)
    %rows = tensor.extract_slice %a[%i, 0] [%n, 768] [1, 1] : tensor<100x768xf32> to tensor<?x768xf32>
    %c = tensor.extract_slice %out[%i, 0] [%n, 64] [1, 1] : tensor<100x64xf32> to tensor<?x64xf32>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%rows, %w : tensor<?x768xf32>, tensor<768x64xf32>) outs(%c : tensor<?x64xf32>) -> tensor<?x64xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %p into %out[%i, 0] [%n, 64] [1, 1] : tensor<?x64xf32> into tensor<100x64xf32>
    }
  }
  return %r : tensor<100x64xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Three blocks are more than 128 rows.

// CHECK-LABEL: func @three_blocks
// CHECK: linalg.pack %arg1
// CHECK: scf.forall
func.func @three_blocks(%a: tensor<192x768xf32>, %w: tensor<768x64xf32>, %y: tensor<192x64xf32>) -> tensor<192x64xf32> {
  %r = scf.forall (%i) = (0) to (192) step (64) shared_outs(%out = %y) -> tensor<192x64xf32> {
    %rows = tensor.extract_slice %a[%i, 0] [64, 768] [1, 1] : tensor<192x768xf32> to tensor<64x768xf32>
    %c = tensor.extract_slice %out[%i, 0] [64, 64] [1, 1] : tensor<192x64xf32> to tensor<64x64xf32>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%rows, %w : tensor<64x768xf32>, tensor<768x64xf32>) outs(%c : tensor<64x64xf32>) -> tensor<64x64xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %p into %out[%i, 0] [64, 64] [1, 1] : tensor<64x64xf32> into tensor<192x64xf32>
    }
  }
  return %r : tensor<192x64xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A loop over blocks of the weight reads each of them once.

// CHECK-LABEL: func @other_blocks
// CHECK-NOT: linalg.pack
// CHECK: tensor.expand_shape {{.*}} into tensor<64x2x32xf32>
func.func @other_blocks(%a: tensor<64x768xf32>, %w: tensor<768x64xf32>, %y: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c768 = arith.constant 768 : index
  %r = scf.for %k = %c0 to %c768 step %c64 iter_args(%sum = %y) -> tensor<64x64xf32> {
    %part = tensor.extract_slice %a[0, %k] [64, 64] [1, 1] : tensor<64x768xf32> to tensor<64x64xf32>
    %block = tensor.extract_slice %w[%k, 0] [64, 64] [1, 1] : tensor<768x64xf32> to tensor<64x64xf32>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%part, %block : tensor<64x64xf32>, tensor<64x64xf32>) outs(%sum : tensor<64x64xf32>) -> tensor<64x64xf32>
    scf.yield %p : tensor<64x64xf32>
  }
  return %r : tensor<64x64xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Packed: rows of which nobody knows how many, a row that is no whole panels,
// and 16 bits, which are extended once.

// CHECK-LABEL: func @unknown_rows
// CHECK: linalg.pack %arg1
func.func @unknown_rows(%a: tensor<?x768xf32>, %w: tensor<768x64xf32>, %y: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %y, %c0 : tensor<?x64xf32>
  %r = scf.for %i = %c0 to %rows step %c1 iter_args(%out = %y) -> tensor<?x64xf32> {
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<?x768xf32>, tensor<768x64xf32>) outs(%out : tensor<?x64xf32>) -> tensor<?x64xf32>
    scf.yield %p : tensor<?x64xf32>
  }
  return %r : tensor<?x64xf32>
}

// CHECK-LABEL: func @ragged
// CHECK: linalg.pack %arg1
func.func @ragged(%a: tensor<64x768xf32>, %w: tensor<768x50xf32>, %y: tensor<64x50xf32>) -> tensor<64x50xf32> {
  %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<64x768xf32>, tensor<768x50xf32>) outs(%y : tensor<64x50xf32>) -> tensor<64x50xf32>
  return %p : tensor<64x50xf32>
}

// CHECK-LABEL: func @narrow
// CHECK: arith.extf
func.func @narrow(%a: tensor<64x768xf32>, %w: tensor<768x64xf16>, %y: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<64x768xf32>, tensor<768x64xf16>) outs(%y : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %p : tensor<64x64xf32>
}
