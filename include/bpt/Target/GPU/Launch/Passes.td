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

def UnifyArgumentsPass : Pass<"bpt-gpu-unify-arguments", "::mlir::ModuleOp"> {
  let summary = "Pass a kernel once what all its launches pass several times";
  let description = [{
    A kernel knows two sizes that are the same only as two arguments. Where every
    launch passes one integer for several arguments, one is left, of which all is
    known (`bpt_tile.divisor`) that was known of any. So the kernel sees that a
    view ends where its tensor does.

    ```mlir
    gpu.launch_func @kernels::@k ... args(%x : memref<?xbf16>, %n : index, %n : index)
    gpu.func @k(%x: memref<?xbf16>, %size: index, %length: index) kernel
    ```
    becomes
    ```mlir
    gpu.launch_func @kernels::@k ... args(%x : memref<?xbf16>, %n : index)
    gpu.func @k(%x: memref<?xbf16>, %size: index) kernel
    ```
  }];
}

def TensorMapsPass : Pass<"bpt-gpu-tensor-maps", "::mlir::ModuleOp"> {
  let summary = "Let the hardware copy the tiles of rings";
  let description = [{
    Where warps that copy (`bpt_tile.fill`) read the tiles of a ring from a view
    of a kernel's argument, a tensor map of that argument becomes an argument as
    well, and the hardware (TMA, sm_90 and later) copies whole panels of the tile,
    with the indices of the tile's first element: one thread starts it, and
    computes no addresses.

    ```mlir
    %keys = memref.subview %k[%b, 0, %h, 0] [1, %n, 1, 64] [1, 1, 1, 1] : memref<2x?x4x64xbf16> to memref<?x64xbf16, ...>
    bpt_tile.fill %ring[%j] from %keys[%row, %c0] : ...
    ```
    becomes
    ```mlir
    // where the kernel is launched
    %map = bpt_tile.create_tensor_map %k permutation = [0, 2, 1, 3] : memref<2x?x4x64xbf16> -> !bpt_tile.tensor_map<1x1x128x64xbf16>
    // in the kernel
    bpt_tile.fill %ring[%j] from %map[%b, %h, %row, %c0] : ..., !bpt_tile.tensor_map<1x1x128x64xbf16>
    ```

    Rings are left to threads, with a remark of the category `bpt-gpu`
    (`NoTensorMap`; `TensorMap` for the others), where the hardware cannot: the
    tensor has more than five dimensions, does not begin at a multiple of 16
    bytes, or has a stride that is not known to be one; its rows are not of
    adjacent elements; the view ends before the tensor does (zeros begin where the
    tensor ends); the tile has more than 256 rows or does not lie in panels; or
    the tensor depends on more than the kernel's arguments.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::bpt::tile::TileDialect",
                           "::mlir::gpu::GPUDialect",
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
