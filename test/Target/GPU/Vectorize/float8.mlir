// RUN: bpt-opt %s --bpt-vectorize-blocks=float8 | FileCheck %s
// RUN: bpt-opt %s --bpt-vectorize-blocks --remarks-filter-missed=bpt-gpu --remark-policy=all 2>&1 | FileCheck %s --check-prefix=MISSED

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>

// Tensor cores sum 32 terms of f8E4M3FN: 40 are padded to 64. Where they do not
// multiply it, the block takes the SIMT path.
// CHECK-LABEL: func @terms
// CHECK: vector.transfer_read {{.*}} vector<16x64xf8E4M3FN>
// CHECK: vector.contract {{.*}} : vector<16x64xf8E4M3FN>, vector<16x64xf8E4M3FN> into vector<16x16xf32>
// MISSED: 'linalg.contract' multiplies f8E4M3FN, and tensor cores multiply f16 or bf16
// MISSED: scf.forall
// MISSED: linalg.contract
func.func @terms(%a: tensor<32x40xf8E4M3FN>, %b: tensor<16x40xf8E4M3FN>, %c: tensor<32x16xf32>) -> tensor<32x16xf32> {
  %r = scf.forall (%i) = (0) to (32) step (16) shared_outs(%o = %c) -> (tensor<32x16xf32>) {
    %as = tensor.extract_slice %a[%i, 0] [16, 40] [1, 1] : tensor<32x40xf8E4M3FN> to tensor<16x40xf8E4M3FN>
    %os = tensor.extract_slice %o[%i, 0] [16, 16] [1, 1] : tensor<32x16xf32> to tensor<16x16xf32>
    %n = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%as, %b : tensor<16x40xf8E4M3FN>, tensor<16x40xf8E4M3FN>) outs(%os : tensor<16x16xf32>) -> tensor<16x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[%i, 0] [16, 16] [1, 1] : tensor<16x16xf32> into tensor<32x16xf32>
    }
  }
  return %r : tensor<32x16xf32>
}
