// RUN: bpt-opt %s --bpt-vectorize-blocks=max-tile-elements=256 --remarks-filter-missed=bpt-gpu --remark-policy=all --split-input-file 2> %t.remarks | FileCheck %s --check-prefix=IR
// RUN: FileCheck %s < %t.remarks

// One operation that is not for tensor cores leaves the whole block as it is.
#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// CHECK: missed.mlir:[[# @LINE + 6]]:{{.*}}'linalg.contract' multiplies f32, and tensor cores multiply f16 or bf16
// IR-LABEL: func @wide
// IR: linalg.contract
func.func @wide(%a: tensor<16x16xf32>, %c: tensor<32x16xf32>) -> tensor<32x16xf32> {
  %r = scf.forall (%i) = (0) to (32) step (16) shared_outs(%o = %c) -> (tensor<32x16xf32>) {
    %os = tensor.extract_slice %o[%i, 0] [16, 16] [1, 1] : tensor<32x16xf32> to tensor<16x16xf32>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %a : tensor<16x16xf32>, tensor<16x16xf32>) outs(%os : tensor<16x16xf32>) -> tensor<16x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[%i, 0] [16, 16] [1, 1] : tensor<16x16xf32> into tensor<32x16xf32>
    }
  }
  return %r : tensor<32x16xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// CHECK: 'linalg.contract' has a tile of 512 elements, and registers hold one of 256
// IR-LABEL: func @large
// IR: linalg.contract
func.func @large(%a: tensor<16x32xf16>, %b: tensor<32x16xf16>, %c: tensor<32x16xf32>) -> tensor<32x16xf32> {
  %r = scf.forall (%i) = (0) to (32) step (16) shared_outs(%o = %c) -> (tensor<32x16xf32>) {
    %os = tensor.extract_slice %o[%i, 0] [16, 16] [1, 1] : tensor<32x16xf32> to tensor<16x16xf32>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %b : tensor<16x32xf16>, tensor<32x16xf16>) outs(%os : tensor<16x16xf32>) -> tensor<16x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[%i, 0] [16, 16] [1, 1] : tensor<16x16xf32> into tensor<32x16xf32>
    }
  }
  return %r : tensor<32x16xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// CHECK: 'linalg.contract' has a size without a constant upper bound
// IR-LABEL: func @unbounded
// IR: linalg.contract
func.func @unbounded(%a: tensor<16x?xf16>, %b: tensor<?x16xf16>, %c: tensor<32x16xf32>) -> tensor<32x16xf32> {
  %r = scf.forall (%i) = (0) to (32) step (16) shared_outs(%o = %c) -> (tensor<32x16xf32>) {
    %os = tensor.extract_slice %o[%i, 0] [16, 16] [1, 1] : tensor<32x16xf32> to tensor<16x16xf32>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %b : tensor<16x?xf16>, tensor<?x16xf16>) outs(%os : tensor<16x16xf32>) -> tensor<16x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[%i, 0] [16, 16] [1, 1] : tensor<16x16xf32> into tensor<32x16xf32>
    }
  }
  return %r : tensor<32x16xf32>
}
