//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_DISTRIBUTE_PASSES
#define BPT_TARGET_GPU_DISTRIBUTE_PASSES

include "mlir/Pass/PassBase.td"

def DistributeToLanesPass
    : Pass<"bpt-distribute-to-lanes", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Rewrite tile programs into what one lane executes";
  let description = [{
    A tile program says what a whole block of a GPU does, on `vector` values
    that are the block's tiles. This pass decides how those tiles lie in
    registers and in workgroup memory, and rewrites every `gpu.func kernel`
    that carries `bpt_tile.warps` into an `llvm.func` for one lane: scalars,
    scf, arith, nvvm and pointers. It targets sm_80 and later (mma.sync,
    ldmatrix and cp.async) and, with `wgmma`, sm_90a.

    ```mlir
    gpu.func @k(...) kernel attributes {bpt_tile.warps = 4 : i32} {
      ...
      %s = vector.contract {...} %q, %k, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %m = vector.multi_reduction <maxnumf>, %s, %m0 [1] : vector<64x64xf32> to vector<64xf32>
    ```
    becomes
    ```mlir
    llvm.func @k(...) attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>,
                                  bpt_tile.shared_bytes = 24576 : i64} {
      ...
      %b = nvvm.ldmatrix %chunk {num = 4 : i32, ...} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
      %d = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%z, %z, %z, %z] {...}
      ...
      %m1 = llvm.intr.maxnum(%d0, %d1) : (f32, f32) -> f32
      %m2 = nvvm.shfl.sync bfly %all, %m1, %one, %clamp : f32 -> f32
    ```

    **Layouts.** The rows of an MxN tile are dealt to the W warps in order, a
    multiple of 16 to each; a warp holds all columns. It holds them as the
    accumulators of mma.sync.m16n8k16: a lane has rows lane / 4 + 8 i and
    columns 2 (lane % 4) + 8 j + {0, 1}. So a row reduction is one in the lane
    and two shuffles, and an accumulator rounded to 16 bits *is* the left
    operand of the next product. Workgroup memory is permuted in chunks of 16
    bytes so that ldmatrix, its transposition, cp.async and the stores of
    accumulators meet no bank twice. `print-layouts` shows each as a remark.

    **Warpgroups.** With `wgmma`, four warps multiply together what has 64 rows
    for every four warps (16 each), at most 256 columns, and a right operand that
    is a whole tile in workgroup memory; the left one may be that too, or lie in
    registers. The accumulators of a warp are the same. Tiles of 16-bit elements
    lie in workgroup memory in *panels* of 128, 64 or 32 bytes a row, one behind
    the other, permuted as the hardware's swizzle of that width does. One piece
    of assembly starts all of a product: the fence, the instructions for 16 terms
    each, the commit. It is waited for where its result is used, at a barrier and
    at the end of a loop's or branch's body, with as many groups left in flight
    as were started later; until then nothing else gets its registers. A product that
    adds to the result of one in flight does not wait for it. Where a loop releases
    tiles while products are `pending`, those that add to what it carries stay in
    flight from one iteration to the next. Barriers
    order what threads have written before what wgmma reads
    (`fence.proxy.async`). Other products are those of warps, from the same
    tiles; `print-layouts` says which and why.

    **What a tile program consists of.** All threads take the same way.

    * `vector.contract` of f16 or bf16 into f32: left operand MxK in registers
      (computed, or read from anywhere) or KxM in workgroup memory; right
      operand KxN or NxK in workgroup memory; K a multiple of 16.
    * `vector.multi_reduction` of MxN over [1], f32 or i32.
    * elementwise `arith` and `math` on tiles MxN, Mx1, 1xN and lines N, with
      `vector.broadcast` (of scalars, rows, columns), `shape_cast` between N and
      Nx1 or 1xN, `vector.step`, `create_mask`, splat constants. A line lies
      along rows, columns or both as its uses ask. Elements of `index` are
      32-bit in tiles (positions below 2^31) and 64-bit as scalars.
      `math.exp2`, `exp`, `log2`, `log` and `rsqrt` are the GPU's approximations
      in f32, denormals flushed, and `tanh` is made of these; `erf` is a
      polynomial. A tile of f32 divided by a line or a number is multiplied by
      reciprocals, which rounds twice. Elements of the same operands are computed
      once; so are those of columns whose bits `arith.andi` with a constant makes
      equal, where it is known which power of two divides a tile's first column.
    * `vector.transfer_read` and `transfer_write`: of global memory with any
      permutation, masked or not, in bounds or not (rows that do not exist are
      branched around); of workgroup memory as it lies, in bounds. A tile that
      a contraction reads from workgroup memory is read when it is multiplied;
      that nothing between may have changed it is checked.
    * `memref.alloc` of workgroup memory (and workgroup attributions of the
      function), static, the last two dimensions being a tile;
      `memref.subview`, `reinterpret_cast`, `dim` and `load` of global memory.
    * `bpt_tile.async_copy` and its groups, `gpu.barrier`, `scf.for`, `scf.if`,
      `gpu.block_id`, `gpu.grid_dim`, scalar `arith`.

    **The kernel's arguments.** A memref is one pointer to its first element, of
    16-byte alignment; an index is an i64; other scalars are as they are. So a
    dynamic size is not known: pass it as an argument, and give the memref its
    shape with `memref.reinterpret_cast`. Workgroup memory is dynamic: launch
    with `bpt_tile.shared_bytes`.

    **Errors.** Each operation, shape or type that the pass does not take is an
    error at that operation, which says what would be right; so is a product of
    f32, which takes the SIMT path, and more workgroup memory than
    `max-shared-bytes`.
  }];
  let options = [
    Option<"maxSharedBytes", "max-shared-bytes", "int64_t", /*default=*/"166912",
           "Workgroup memory of a block: 166912 on sm_80, 101376 on sm_86 and "
           "sm_89, 232448 on sm_90.">,
    Option<"wgmma", "wgmma", "bool", /*default=*/"false",
           "Multiply by warpgroups where that is possible: sm_90a.">,
    Option<"printLayouts", "print-layouts", "bool", /*default=*/"false",
           "Report as remarks how each tile lies in registers and in workgroup "
           "memory.">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::NVVM::NVVMDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

def GPUSchedulePass : Pass<"bpt-gpu-schedule", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Copy the operands of tile products ahead, into several buffers";
  let description = [{
    A tile program may simply read the operands of its products from global
    memory. This pass makes every such read of a loop a copy to workgroup
    memory that is started `stages - 1` iterations ahead, while the block
    computes, in `stages` buffers. One barrier an iteration says both that
    the copies of all threads are there, and that all have read the buffer
    that is filled next.

    ```mlir
    scf.for %j = %c0 to %n step %c1 ... {
      %row = arith.muli %j, %c64 : index
      %k = vector.transfer_read %keys[%row, %c0], %zero {in_bounds = [false, true]} : memref<?x64xbf16, ...>, vector<64x64xbf16>
      %s = vector.contract ... %q, %k, %z
    ```
    becomes
    ```mlir
    %buffers = memref.alloc() : memref<2x64x64xbf16, #gpu.address_space<workgroup>>
    // the tile of the first iteration, if there is one
    bpt_tile.commit_copies
    scf.for %j = %c0 to %n step %c1 ... {
      bpt_tile.wait_copies 0
      gpu.barrier
      %next = arith.addi %j, %c1 : index
      %exists = arith.cmpi slt, %next, %n : index
      scf.if %exists {
        bpt_tile.async_copy %keys[%nextRow, %c0] to %buffers[%nextStage] : ...
      }
      bpt_tile.commit_copies
      %k = vector.transfer_read %buffers[%stage, %c0, %c0], %zero {in_bounds = [true, true]} : ...
      %s = vector.contract ... %q, %k, %z
    ```

    What a loop's products read from before the loop (queries) is copied once,
    with the first stage, and read again from workgroup memory each time,
    which keeps it out of registers. A right operand outside of loops is copied
    and waited for where it is read.

    With `warp-roles` (sm_90 and later), four more warps copy, and the others only
    compute:

    ```mlir
    %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, ...>>
    bpt_tile.warp_roles producer {
      scf.for %j = ... { bpt_tile.fill %ring[%n] from %keys[%row, %c0] : ... }
    } consumer {
      scf.for %j = ... {
        %tile = bpt_tile.acquire %ring[%n] : ...
        %k = vector.transfer_read %tile[%c0, %c0], ...
        %s = vector.contract ... %q, %k, %z
        // where %s is used first:
        bpt_tile.release %ring[%n] : ...
    ```

    What is read once is released as well, behind its last product.

    There are as many buffers of a tile as fit `max-shared-bytes`, two to four, but
    no more than tiles. Loops that follow one another have the same, and what is
    read once after them, in fewer rows too. A program that is not split so
    (it reads operands in nested loops or branches, at places that it computes
    itself, or after it has written memory; or two buffers do not fit) is
    scheduled as above. A remark of the category `bpt-gpu` says which: `WarpRoles`
    or, with the reason, `NoWarpRoles`.

    Products then run while others compute, and operations are ordered for it. What
    adds to a sum that the loop carries starts as soon as its factors are there. A
    product that would start from a line (the same for a row or a column) starts
    from zero, and the line is added to what it gives. Lines are read where they are
    used.

    With `overlap` as well, the last product of an iteration (probabilities times
    values), if nothing else of the iteration uses it, is started in the next one,
    behind the first product (queries times keys). It runs while the softmax of
    that is computed; its operands from registers pass from iteration to
    iteration (remark `Overlap`). Loops with masks are left as they are: masks take
    the registers that this needs.

    ```mlir
    // the first iteration's scores and probabilities %p0, and scaled sums %a0
    scf.for %j = %first + %step to ... iter_args(%p = %p0, %a = %a0, ...) {
      %s = vector.contract ... %q, %k(%j)
      %o = vector.contract ... %p, %v(%j - %step), %a
      // softmax of %s to the next %p; %o scaled to the next %a
    }
    // the last iteration's product
    ```

    Products that only add to what the loop carries, as those of a matrix product do,
    run into the next iteration with `overlap`: the tiles of one are released behind
    the products of the next, which are `pending` then. So the tensor cores have work
    when a warp waits for a tile.

    ```mlir
    // the first iteration's product %r0
    scf.for %j = %first + %step to ... iter_args(%r = %r0) {
      %s = vector.contract ... %a(%j), %b(%j), %r
      bpt_tile.release %left[%number(%j - %step)] pending 1 : ...
      bpt_tile.release %right[%number(%j - %step)] pending 1 : ...
    }
    // the last iteration's releases
    ```

    With `ping-pong` as well, the warpgroups of such a loop take turns to start its
    products (`bpt_tile.take_turn`), so that one multiplies while another computes its
    softmax: where there are several, and products have at most 128 columns (remark
    `PingPong`).

    Loops are rotated only where a thread has registers for what then passes from
    iteration to iteration (otherwise the remark `NoOverlap`).

    The attribute `bpt_tile.schedule` of a kernel leaves out what it says.

    **The budget**, of every program, is a remark: the registers of a thread that
    hold tiles where most are held (sums, scores, probabilities, lines; of a product
    in flight its left operand), with 16 for addresses, counters and fragments, of
    those that a thread may have with so many threads, or that warps which copy have
    left it; and the workgroup memory of all buffers. `Budget`, or `OverBudget`
    where registers are not enough. It is a lower bound: ptxas, which orders
    instructions, takes 8 to 70 more where there are more, and spills where it
    cannot.

    ```
    [Analysis] Budget | a thread needs 180 registers or more, of 240; a block 231808 bytes of workgroup memory, of 232448
    ```

    **Errors**, at the read: a memref of another rank than 2, a mask, a
    permutation, a padding other than zero (what copies fill with), and a place
    that depends on more than the loop's counter, so that it is not known ahead.
    And fewer than two stages.
  }];
  let options = [
    Option<"stages", "stages", "int64_t", /*default=*/"2",
           "Buffers of a tile, of which all but one are being filled.">,
    Option<"warpRoles", "warp-roles", "bool", /*default=*/"false",
           "Let four more warps copy: sm_90 and later.">,
    Option<"overlap", "overlap", "bool", /*default=*/"false",
           "With warp-roles, run the last product of an iteration during the "
           "next.">,
    Option<"pingPong", "ping-pong", "bool", /*default=*/"false",
           "With overlap, let warpgroups take turns to start products.">,
    Option<"maxSharedBytes", "max-shared-bytes", "int64_t", /*default=*/"166912",
           "Workgroup memory of a block, for which the number of buffers is "
           "chosen with warp-roles.">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bpt::tile::TileDialect",
    "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

def SkipMasksPass : Pass<"bpt-skip-masks", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Mask only the iterations of a loop that need it";
  let description = [{
    Most blocks of keys that a block of rows sees, it sees whole: only the
    diagonal and the last block have a mask. Where the mask of an `arith.select`
    in a loop of a tile program is made of comparisons of positions (steps,
    scalars, their sums and differences; `slt`, `sle`, `sgt`, `sge`), of scalars
    and of `and` and `or` of such, one scalar comparison says whether it surely
    keeps everything. This pass branches on it, and computes the mask in the
    other branch only.

    ```mlir
    %mask = arith.cmpi slt, %keys, %limit : vector<64x64xindex>
    %kept = arith.select %mask, %scores, %masked : vector<64x64xi1>, vector<64x64xf32>
    ```
    becomes
    ```mlir
    %all = arith.cmpi slt, %lastKey, %firstLimit : index
    %kept = scf.if %all -> (vector<64x64xf32>) {
      scf.yield %scores : vector<64x64xf32>
    } else {
      %mask = arith.cmpi slt, %keys, %limit : vector<64x64xindex>
      %masked = arith.select %mask, %scores, %masked : vector<64x64xi1>, vector<64x64xf32>
      scf.yield %masked : vector<64x64xf32>
    }
    ```

    A branch in one loop, and not two loops: it holds for any mask (a sliding
    window has two ends), and all threads take the same way. Masks of another
    form (segments) are left as they are.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"
  ];
}

#endif // BPT_TARGET_GPU_DISTRIBUTE_PASSES
