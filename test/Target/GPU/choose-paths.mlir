// RUN: bpt-opt %s --bpt-gpu-choose-paths --remarks-filter=bpt-gpu --remark-policy=all 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --implicit-check-not=remark: < %t.remarks
// RUN: bpt-opt %s --bpt-gpu-choose-paths=chip=sm_75 | FileCheck %s --check-prefix=OLD
// RUN: not bpt-opt %s --bpt-gpu-choose-paths=chip=sm_1 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: 'sm_1' is not a GPU that is known here

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// Nothing of the trial is left, and each loop has its decision.
// CHECK-NOT: bpt_tile.block
// CHECK-NOT: module @bpt_trial

// Blocks of f16 products are tile programs, which need no mark.
// CHECK-LABEL: func @narrow
// CHECK-NOT: bpt_tile.simt
// REMARK: choose-paths.mlir:[[# @LINE + 4]]:{{.*}}[Passed] TileProgram{{.*}}blocks are tile programs on tensor cores
// OLD-LABEL: func @narrow
// OLD: bpt_tile.simt = "sm_75 has no tensor cores of sm_80"
func.func @narrow(%a: tensor<16x16xf16>, %c: tensor<32x16xf32>) -> tensor<32x16xf32> {
  %r = scf.forall (%i) = (0) to (32) step (16) shared_outs(%o = %c) -> (tensor<32x16xf32>) {
    %os = tensor.extract_slice %o[%i, 0] [16, 16] [1, 1] : tensor<32x16xf32> to tensor<16x16xf32>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %a : tensor<16x16xf16>, tensor<16x16xf16>) outs(%os : tensor<16x16xf32>) -> tensor<16x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %n into %o[%i, 0] [16, 16] [1, 1] : tensor<16x16xf32> into tensor<32x16xf32>
    }
  }
  return %r : tensor<32x16xf32>
}

// Those of f32 are not.
// CHECK-LABEL: func @wide
// CHECK: bpt_tile.simt = "'linalg.contract' multiplies f32, and tensor cores multiply f16 or bf16"
// REMARK: choose-paths.mlir:[[# @LINE + 2]]:{{.*}}[Missed] NoTileProgram{{.*}}multiplies f32
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

// What has a vector form but none for lanes shows in the trial only.
// CHECK-LABEL: func @sine
// CHECK: bpt_tile.simt = "'math.sin' op has no form for one lane
// REMARK: choose-paths.mlir:[[# @LINE + 2]]:{{.*}}[Missed] NoTileProgram{{.*}}'math.sin' op has no form for one lane
func.func @sine(%a: tensor<16x16xf16>, %c: tensor<32x16xf32>) -> tensor<32x16xf32> {
  %r = scf.forall (%i) = (0) to (32) step (16) shared_outs(%o = %c) -> (tensor<32x16xf32>) {
    %os = tensor.extract_slice %o[%i, 0] [16, 16] [1, 1] : tensor<32x16xf32> to tensor<16x16xf32>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %a : tensor<16x16xf16>, tensor<16x16xf16>) outs(%os : tensor<16x16xf32>) -> tensor<16x16xf32>
    %s = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%n : tensor<16x16xf32>) {
    ^bb0(%v: f32):
      %sin = math.sin %v : f32
      linalg.yield %sin : f32
    } -> tensor<16x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%i, 0] [16, 16] [1, 1] : tensor<16x16xf32> into tensor<32x16xf32>
    }
  }
  return %r : tensor<32x16xf32>
}

// A loop that is marked is not asked.
// CHECK-LABEL: func @marked
// CHECK: bpt_tile.simt = "measured"
func.func @marked(%c: tensor<32xf32>) -> tensor<32xf32> {
  %r = scf.forall (%i) = (0) to (32) step (16) shared_outs(%o = %c) -> (tensor<32xf32>) {
    %os = tensor.extract_slice %o[%i] [16] [1] : tensor<32xf32> to tensor<16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %os into %o[%i] [16] [1] : tensor<16xf32> into tensor<32xf32>
    }
  } {bpt_tile.simt = "measured"}
  return %r : tensor<32xf32>
}
