//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_CPU_PASSES
#define BPT_TARGET_CPU_PASSES

include "mlir/Pass/PassBase.td"

def PackContractionsPass : Pass<"bpt-pack-contractions", "::mlir::func::FuncOp"> {
  let summary = "Bring the operands of matrix products into register-tile form";
  let description = [{
    The register tile multiplies a few rows of A by a *panel* of B: `panel-width`
    neighbouring columns, so that one row of the panel is one or two vectors.
    This pass rewrites every `linalg.contract` of matrices so that

    * operands are f32 (f16 and bf16 are extended once, not in the inner loop);
    * B is `[N / width, K, width]` panels, made by `linalg.pack` and padded with
      zeros. A weight, a matrix that no surrounding loop changes, is packed once
      before the outermost loop; a block of it is then a block of its panels. A
      transposed B (keys) is packed where it is used. A B whose rows consist of
      whole panels (values) is read in place;
    * C is `[M, N / width, width]`, in place if N is a multiple of the width and
      in a scratch tile otherwise.

    ```mlir
    %c = linalg.contract indexing_maps = [(m, n, k) -> (m, k), (k, n), (m, n)]
        ins(%a, %b : tensor<128x768xf32>, tensor<768x64xf32>) outs(%z : tensor<128x64xf32>)
    ```

    becomes, with a width of 32,

    ```mlir
    %panels = linalg.pack %b outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [32]
        into %e : tensor<768x64xf32> -> tensor<2x768x32xf32>
    %c = linalg.contract indexing_maps = [(i, no, ni, k) -> (i, k), (no, k, ni), (i, no, ni)]
        ins(%a, %panels : ...) outs(%z3 : tensor<128x2x32xf32>)
    ```

    Source: the panels of Goto and van de Geijn 2008.
  }];
  let options = [
    Option<"panelWidth", "panel-width", "int64_t", /*default=*/"32",
           "Columns of a panel; two vectors of f32 (32 for AVX-512, 16 for AVX2). Even.">,
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def ScheduleParallelLoopsPass : Pass<"bpt-schedule-parallel-loops"> {
  let summary = "Give OpenMP work-sharing loops a dynamic schedule";
  let description = [{
    Row blocks of a causal layer differ in cost: a later block sees more keys.
    A static schedule hands one thread all the expensive ones. This pass sets
    `schedule(dynamic)` on every `omp.wsloop` that states none. Every block
    writes rows of its own, so the results are the same bits under any
    schedule and any number of threads.
  }];
  let dependentDialects = ["::mlir::omp::OpenMPDialect"];
}

#endif // BPT_TARGET_CPU_PASSES
