//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_MEMORY_PASSES
#define BPT_TARGET_MEMORY_PASSES

include "mlir/Pass/PassBase.td"

def PlanMemoryPass : Pass<"bpt-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Compute the most bytes that a function holds at a time";
  let description = [{
    What a function needs beside its arguments and results is known before it
    runs. The pass computes it on memrefs, where allocations and deallocations
    are, changes nothing, and notes it on the function as `bpt.memory_plan`, which
    is what `bpt-runner --memory-plan` and `--memory-limit` read.

    ```mlir
    func.func @main(%x: memref<?xf32> {bpt.name = "x"}, ...) {
      %s = memref.dim %x, %c0 : memref<?xf32>
      %a = memref.alloc(%s) : memref<?x64xf32>
      "first"(%x, %a)
      %b = memref.alloc() : memref<32x64xf32>
      "second"(%a, %b)
      memref.dealloc %a
      %c = memref.alloc(%s) : memref<?x64xf32>
      "third"(%b, %c)
      ...
    ```

    gives the remark `'main' holds at most 256*s0 + 8192 bytes; s0: dimension 0 of
    argument 'x'`.

    * A buffer lives from its `memref.alloc` to the `memref.dealloc` of its block.
      What a loop allocates lives for one iteration.
    * In a parallel loop (scf.forall, scf.parallel, omp.parallel) every thread has
      buffers of its own: the most that one of them holds counts as often as
      OpenMP's runtime would use threads, `w` in the plan.
    * Sizes are sums of products of the dimensions of arguments, or maxima of such.
      Where a size changes in a loop, such as the rows of the last block, its
      upper bound counts. A buffer that is freed under a condition, or elsewhere,
      counts to the end of the function.
    * What a function returns counts for its callers; a call counts with what the
      function that is called holds, with the sizes of the call.

    So a run holds that or less: with one thread, and where blocks have the same
    size, just that.

    The peak is unknown where a buffer's size has no bound when the function is
    entered, where a loop keeps buffers that it does not free, where a function
    that is called has no plan, or calls itself; a remark says which and why. A
    function with branches between blocks has no plan, with a remark.

    Remarks: `--remarks-filter=bpt-memory`.
  }];
}

#endif // BPT_TARGET_MEMORY_PASSES
