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

def PersistPass : Pass<"bpt-gpu-persist", "::mlir::ModuleOp"> {
  let summary = "Let blocks of threads take one item of work after the other";
  let description = [{
    Of a kernel with warps that copy, a block begins with empty buffers, and ends with
    stores during which nothing is copied. Here the work of a block becomes an *item*,
    and a launch has as many blocks as the device holds: each takes one item after the
    other. Rings go on from item to item, so that the next one is copied while the
    last one is finished.

    ```mlir
    gpu.launch_func @kernels::@k blocks in (%n, %c1, %c1) ...
    gpu.func @k(...) kernel {
      %block = gpu.block_id x
      %row = arith.muli %block, %c128
      bpt_tile.warp_roles producer {
        bpt_tile.fill %ring[%c0] from %q[%row, %c0] : ...
      } consumer {
        ...
    ```
    becomes
    ```mlir
    gpu.launch_func @kernels::@k blocks in (%n, %c1, %c1) ... args(..., %n : index)
    gpu.func @k(..., %items: index) kernel attributes {bpt_tile.persistent} {
      bpt_tile.warp_roles producer {
        scf.for unsigned %start = %zero to %items step %grid iter_args(%tiles = %zero, %place = %block) {
          %item = arith.addi %start, %place
          // if there is such an item in the last round
            %row = arith.muli %item, %c128
            bpt_tile.fill %ring[%tiles + %c0] from %q[%row, %c0] : ...
          scf.yield %tiles + %c1, %grid - 1 - %place
        }
      } consumer {
        ...
    ```

    Items are taken in the order in which blocks begin otherwise, every second round
    of a grid backwards. Where they differ in length, the longest come first
    (`bpt-gpu-outline`); who has the longest one of a round then has the shortest one
    of the next. A kernel is correct for any grid: the launch may have fewer blocks
    than items, but still passes their number. `bpt-gpu-launch-tile-kernels` asks the
    device how many blocks it holds.

    A remark of the category `bpt-gpu` says of each tile program which it is:
    `Persistent`, or `NotPersistent` with the reason. There are no warps that copy, or
    the kernel's schedule leaves it out; the longest items are not the first
    (`bpt_tile.uneven`), so that it is better who is done first who gets the next;
    blocks do not differ, have several dimensions,
    or are told apart in one of the roles; what both roles need of a block is read from
    memory; or it is not known before a block begins how many tiles it copies.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::bpt::tile::TileDialect",
                           "::mlir::gpu::GPUDialect", "::mlir::scf::SCFDialect"];
}

def LaunchTileKernelsPass : Pass<"bpt-gpu-launch-tile-kernels", "::mlir::ModuleOp"> {
  let summary = "Launch distributed kernels with pointers and shared memory";
  let description = [{
    After distribution a kernel takes one pointer for a memref, and says with
    `bpt_tile.shared_bytes` how much dynamic shared memory it needs. This pass
    makes its launches pass both, and start as many threads as it was made for
    (`nvvm.reqntid`). Of a kernel whose blocks take one item of work after the other
    (`bpt_tile.persistent`) they start as many blocks as the device holds
    (`bpt_tile.resident_blocks`).

    ```mlir
    gpu.launch_func @kernels::@k blocks in (...) threads in (...) args(%x : memref<?xbf16>)
    ```
    becomes
    ```mlir
    %address = memref.extract_aligned_pointer_as_index %x
    gpu.launch_func @kernels::@k ... dynamic_shared_memory_size %bytes args(%address : index)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::bpt::tile::TileDialect",
                           "::mlir::gpu::GPUDialect",
                           "::mlir::memref::MemRefDialect"];
}

#endif // BPT_TARGET_GPU_LAUNCH_PASSES
