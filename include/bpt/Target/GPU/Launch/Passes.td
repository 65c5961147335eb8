//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_LAUNCH_PASSES
#define BPT_TARGET_GPU_LAUNCH_PASSES

include "mlir/Pass/PassBase.td"

def PrepareTileKernelsPass : Pass<"bpt-gpu-prepare-tile-kernels", "::mlir::ModuleOp"> {
  let summary = "Give kernels that are tile programs the arguments that lanes take";
  let description = [{
    A kernel whose body is a tile program (it multiplies `vector` values, and no
    `linalg` operation is left in it) is marked with `bpt_tile.warps`, one warp
    for every 32 rows of its products, or for 16 where their sums are wide, random
    numbers are drawn for what they multiply (dropout), their number is odd, or
    `wgmma` is asked for and 64 divides it, and launched with as many threads. A lane
    knows a memref by one pointer, so sizes, strides and offsets that are not
    static become arguments of their own, here and where the kernel is launched:

    ```mlir
    gpu.launch_func @kernels::@k blocks in (...) threads in (...) args(%x : memref<?x64xbf16>)
    gpu.func @k(%x: memref<?x64xbf16>) kernel
    ```
    becomes
    ```mlir
    %base, %offset, %sizes:2, %strides:2 = memref.extract_strided_metadata %x
    gpu.launch_func @kernels::@k ... args(%flat : memref<?xbf16>, %sizes#0 : index)
    gpu.func @k(%flat: memref<?xbf16>, %size: index) kernel attributes {bpt_tile.warps = 4 : i32} {
      %x = memref.reinterpret_cast %flat to offset: [0], sizes: [%size, 64], strides: [64, 1]
    ```
  }];
  let options = [
    Option<"wgmma", "wgmma", "bool", /*default=*/"false",
           "Multiply by warpgroups where that is possible: sm_90a.">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::memref::MemRefDialect"];
}

def LaunchTileKernelsPass : Pass<"bpt-gpu-launch-tile-kernels", "::mlir::ModuleOp"> {
  let summary = "Launch distributed kernels with pointers and shared memory";
  let description = [{
    After distribution a kernel takes one pointer for a memref, and says with
    `bpt_tile.shared_bytes` how much dynamic shared memory it needs. This pass
    makes its launches pass both, and start as many threads as it was made for
    (`nvvm.reqntid`).

    ```mlir
    gpu.launch_func @kernels::@k blocks in (...) threads in (...) args(%x : memref<?xbf16>)
    ```
    becomes
    ```mlir
    %address = memref.extract_aligned_pointer_as_index %x
    gpu.launch_func @kernels::@k ... dynamic_shared_memory_size %bytes args(%address : index)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::memref::MemRefDialect"];
}

#endif // BPT_TARGET_GPU_LAUNCH_PASSES
