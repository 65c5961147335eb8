//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_PASSES
#define BPT_TARGET_GPU_PASSES

include "mlir/Pass/PassBase.td"

def ChoosePathsPass : Pass<"bpt-gpu-choose-paths", "::mlir::ModuleOp"> {
  let summary = "Decide which blocks are tile programs for tensor cores";
  let description = [{
    A block is computed in one of two ways. As a *tile program* its operations
    become `vector` values that lie in registers, and its products run on tensor
    cores (`bpt-vectorize-blocks`, `bpt-gpu-schedule`,
    `bpt-distribute-to-lanes`). On the *SIMT path* they run one after the other
    on all threads and pass their results through memory (`bpt-gpu-simt`), which
    takes everything, and is the only way of f32 products and of chips before
    sm_80.

    This pass tries the first way on a copy. A loop over blocks for which it
    fails gets `bpt_tile.simt`, with the reason, and the passes of tile programs
    then leave it alone. Every decision is a remark of the category `bpt-gpu`:
    `TileProgram` (passed) or `NoTileProgram` (missed).

    ```mlir
    scf.forall (%i) = (0) to (%n) step (64) ... {
      %c = linalg.contract ... ins(%a, %b : tensor<64x64xf32>, tensor<64x64xf32>) ...
    } {bpt_tile.simt = "'linalg.contract' multiplies f32, and tensor cores multiply f16 or bf16"}
    ```

    Where smaller blocks would need less of what the chip has not enough of, the
    loop gets `bpt_tile.over_budget` as well, which says of what: workgroup memory,
    the elements of a tile, or the registers of a thread (then it is a tile program
    that will spill). `bpt-gpu-fit-blocks` reads it.

    ```mlir
    scf.forall ... {bpt_tile.over_budget = "a thread needs 276 registers or more, of 240"}
    ```

    Errors: a chip that is not known.
  }];
  let options = [
    Option<"chip", "chip", "std::string", /*default=*/"\"sm_80\"",
           "The GPU to compile for, such as sm_80 or sm_90a.">,
    Option<"stages", "stages", "int64_t", /*default=*/"2",
           "Buffers of a copied tile (bpt-gpu-schedule).">,
  ];
  let dependentDialects = ["::mlir::bpt::tile::TileDialect"];
}

def DropUnitDimsPass : Pass<"bpt-gpu-drop-unit-dims", "::mlir::func::FuncOp"> {
  let summary = "Drop dimensions of size 1 of element-wise operations in blocks";
  let description = [{
    Rows and columns are all that a block has: the entry of the batch is one.
    `bpt` operations decompose into operations on matrices, and this pass makes
    the same of the element-wise operations between them, by upstream's
    `linalg::dropUnitDims`. What a tile program computes then has two dimensions,
    as its fragments do.

    ```mlir
    %y = linalg.add ins(%x, %p : tensor<1x128x64xbf16>, tensor<1x128x64xbf16>) ...
    ```
    becomes
    ```mlir
    %x2 = tensor.extract_slice %x[0, 0, 0] [1, 128, 64] [1, 1, 1] : tensor<1x128x64xbf16> to tensor<128x64xbf16>
    %y2 = linalg.generic {iterator_types = ["parallel", "parallel"], ...} ins(%x2, %p2 : ...) { arith.addf }
    %y = tensor.insert_slice %y2 into ...
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def GPUOutlinePass : Pass<"bpt-gpu-outline", "::mlir::ModuleOp"> {
  let summary = "Make kernels of the loops over blocks; the host launches them";
  let description = [{
    Every buffer of a function is memory of the device. Each outermost
    `scf.forall` of a host function becomes a kernel, one block of threads for
    each iteration; each `linalg` operation and strided copy that is left
    outside becomes a kernel of all threads of a grid. A sequential loop that reads
    or writes elements, such as one over the rows of a table's gradient, is a kernel
    of one block; so is, outside of loops, the read of an element with what depends
    on it. The host keeps sizes, allocations, other loops and launches.

    ```mlir
    scf.forall (%i, %h) = (0, 0) to (%rows, 12) step (32, 1) { ... }
    ```
    becomes
    ```mlir
    gpu.launch_func @kernels::@main_0 blocks in (%n, %c1, %c1)
        threads in (%c128, %c1, %c1) args(%q : memref<...>, ...)
    ```
    and the body a `gpu.func @main_0` that computes `%i` and `%h` from its block
    number. Blocks that read the same in their loops (`vector.transfer_read`) follow
    one another, so that it is found in the second level of cache: blocks of rows of
    one head before the next head, if their number is known. Where blocks along both
    dimensions read the same, as those of a product's rows and columns do, they begin
    in groups: of some rows all columns, so that those that run at a time read least.
    Where loops run longer in later blocks, as with a causal mask, the last block
    begins first; of all heads, if those that run at a time still share what they read,
    or the cache holds it. A kernel in which a block may yet take longer than those
    before it is marked `bpt_tile.uneven`.

    Buffers that a block allocates get their place here. What has a constant
    bound and fits is laid out in shared memory, where buffers that are not live
    at the same time share bytes. The rest is a slice of a workspace for each
    block of threads, which the host allocates before the launch from upper
    bounds of the sizes; the grid is then at most `max-workspace-blocks` wide,
    and each block of threads loops.

    Errors: a buffer in a block whose size has no bound that is known before the
    launch; a host function that reads or writes an element of a buffer in any other
    way.
  }];
  let options = [
    Option<"threads", "threads", "int64_t", /*default=*/"128",
           "Threads of a block, a multiple of 32.">,
    Option<"sharedBytes", "shared-bytes", "int64_t", /*default=*/"48 * 1024",
           "Shared memory that a block may use.">,
    Option<"maxWorkspaceBlocks", "max-workspace-blocks", "int64_t",
           /*default=*/"512",
           "The most blocks of threads of a kernel that needs a workspace.">,
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"
  ];
}

def VerifyHostPass : Pass<"bpt-gpu-verify-host", "::mlir::func::FuncOp"> {
  let summary = "Report host code that touches the device's memory";
  let description = [{
    Buffers of a host function are addresses on the device, which the host
    cannot follow. Every operation that reads or writes an element (a
    `memref.load`, a `linalg` operation outside kernels) is an error here, since
    it would be a crash later.
  }];
}

def GPUSimtPass : Pass<"bpt-gpu-simt", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Distribute the operations of a kernel over its threads";
  let description = [{
    Control flow of a kernel is the same for all threads of a block. Every
    `linalg` operation and copy in it becomes a loop in which each thread takes
    every n-th point of the parallel loops, with the reductions inside. A
    reduction with fewer points than there are threads is shared by the lanes of
    a warp, which combine what they have by shuffles. An operation that the host
    launched by itself (`bpt.grid`) is spread over all threads of the grid.

    ```mlir
    linalg.generic {iterator_types = ["parallel", "parallel"], ...}
      outs(%p : memref<32x64xf32>) { math.exp2 }
    ```
    becomes
    ```mlir
    scf.for %i = %thread to %c2048 step %c128 {
      %row = arith.divui %i, %c64
      %column = arith.remui %i, %c64
      // load, math.exp2, store
    }
    gpu.barrier
    ```

    A `gpu.barrier` stands between two operations that touch the same memory, one
    of which writes it. Memory that a block allocates is told apart by its place
    in shared memory or in the workspace; arguments of the kernel are taken to
    be the same memory.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect"
  ];
}

def ExpandDeviceMathPass
    : Pass<"bpt-gpu-expand-math", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Write what GPUs have no instruction for as arithmetic";
  let description = [{
    Kernels are not linked with a library of device functions. `math.exp2` in
    f32 stays, it is one instruction. Everything else that has no instruction is
    written as arithmetic: exponentials, logarithms, `erf` and `tanh` in f32 as
    on CPUs (bpt-expand-math); `sin` and `cos` in f64 by an exact reduction to
    [-π/4, π/4] and a series, in f32 by way of f64; the rest as upstream's
    expansions do.

    Errors: a function in f64 other than `sin`, `cos`, `sqrt` and those that
    round or change the sign.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"
  ];
}

def ConvertFloat8Pass
    : Pass<"bpt-gpu-convert-float8", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Convert f8E4M3FN by the instructions for it";
  let description = [{
    From sm_90 on there are instructions that convert pairs of f8E4M3FN to f16, and
    pairs of f32, saturating, to f8E4M3FN. The pass uses them for scalars; older
    chips convert by arithmetic (bpt-expand-float8).

    ```mlir
    %y = arith.extf %x : f8E4M3FN to f32
    ```
    becomes
    ```mlir
    %p = vector.from_elements %bits, %c0 : vector<2xi8>
    %h = nvvm.convert.f8x2.to.f16x2 %p : vector<2xi8>(f8E4M3FN) -> vector<2xf16>
    %f = vector.extract %h[0] : f16 from vector<2xf16>
    %y = arith.extf %f : f16 to f32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::NVVM::NVVMDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerKernelsPass : Pass<"bpt-gpu-lower-kernels", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Lower kernels to the NVVM dialect";
  let description = [{
    One conversion of everything in a `gpu.module` to `llvm` and `nvvm`, without
    a device library: `math.exp2` is `ex2.approx`, maxima are `max.f32`. Loops
    must be branches already (convert-scf-to-cf).
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

def EmitPTXPass : Pass<"bpt-gpu-emit-ptx", "::mlir::ModuleOp"> {
  let summary = "Compile modules of kernels to PTX";
  let description = [{
    Translates every `gpu.module` to LLVM IR, optimises it and compiles it with
    LLVM's NVPTX target. The module becomes a `gpu.binary` of the same name that
    holds the PTX text.

    ```mlir
    gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_80">,
      assembly = "// Generated by LLVM NVPTX Back-End ...">]
    ```

    Errors: a chip that is not known, with the list of those that are.
  }];
  let options = [
    Option<"chip", "chip", "std::string", /*default=*/"\"sm_80\"",
           "The GPU to compile for, such as sm_80 or sm_90a.">,
  ];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::NVVM::NVVMDialect"];
}

def LowerHostPass : Pass<"bpt-gpu-lower-host", "::mlir::ModuleOp"> {
  let summary = "Lower host functions to the LLVM dialect and the device's ABI";
  let description = [{
    Allocations, copies and launches become calls of the functions that
    `bpt/ExecutionEngine/Device/DeviceABI.h` declares; a `gpu.binary` becomes a
    constant with its PTX, which functions load when they are entered; the rest
    is upstream's conversion. Loops must be branches already
    (convert-scf-to-cf).

    ```mlir
    %b = memref.alloc() : memref<64x64xf32>
    gpu.launch_func @kernels::@main_0 blocks in (...) threads in (...) args(%b : ...)
    ```
    becomes
    ```mlir
    %b = llvm.call @bptDeviceAlloc(%bytes, %c64) : (i64, i64) -> !llvm.ptr
    llvm.call @bptDeviceLaunch(%kernel, ..., %arguments)
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // BPT_TARGET_GPU_PASSES
