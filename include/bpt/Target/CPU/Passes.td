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
