//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TILE_OPS
#define BPT_TILE_OPS

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tile_Dialect : Dialect {
  let name = "bpt_tile";
  let cppNamespace = "::mlir::bpt::tile";
  let summary = "Asynchronous copies of whole tiles in GPU kernels";
  let description = [{
    A GPU kernel of BPT is a *tile program*: loops and branches that all
    threads of the block (CTA) take together, around `vector` values that are
    whole tiles of the block. MLIR's dialects say all of it but one thing: that
    a tile of global memory is fetched into workgroup memory while the block
    computes. That is what this dialect adds. It has no operation on lanes; how
    a tile lies in registers and in workgroup memory is decided when the
    program is distributed (`bpt-distribute-to-lanes`).

    Four discardable attributes belong to it. `bpt_tile.simt` on a loop over
    blocks (or on the kernel made of it) says that its blocks are not tile
    programs but run their operations one after the other on all threads, and
    why: a string. `bpt-gpu-choose-paths` sets it, and whoever wants that path. `bpt_tile.warps` on a kernel says
    that it is a tile program, and for blocks of how many warps.
    `bpt_tile.divisor` on an integer or index argument of a kernel promises that
    the argument is a multiple of that number, which is how a dynamic stride is
    known to keep rows aligned. `bpt_tile.shared_bytes` on a distributed kernel is the size of the dynamic
    workgroup memory that it must be launched with.
  }];
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let extraClassDeclaration = [{
    static constexpr ::llvm::StringLiteral kWarpsAttrName = "bpt_tile.warps";
    /// Tells loops over blocks apart while their paths are chosen.
    static constexpr ::llvm::StringLiteral kBlockAttrName = "bpt_tile.block";
    static constexpr ::llvm::StringLiteral kSimtAttrName = "bpt_tile.simt";
    static constexpr ::llvm::StringLiteral kDivisorAttrName = "bpt_tile.divisor";
    static constexpr ::llvm::StringLiteral kSharedBytesAttrName =
        "bpt_tile.shared_bytes";
  }];
}

class Tile_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tile_Dialect, mnemonic, traits>;

def Tile_AsyncCopyOp : Tile_Op<"async_copy"> {
  let summary = "Start to copy a tile of global memory to workgroup memory";
  let description = [{
    Starts a copy of the tile of `source` (rank 2) that begins at the given
    indices to the tile of `dest` at the given leading indices. The last two
    dimensions of `dest` are the tile; the ones before choose a buffer:

    ```
    dest[buffers..., r, c] = source[row + r, col + c]   where that exists
                             0                          elsewhere
    ```

    All threads of the block execute it together and share the work. The tile
    may be read after `bpt_tile.commit_copies`, a `bpt_tile.wait_copies` that
    covers the group, and a `gpu.barrier`; until then neither the tile nor its
    source may be written.

    ```mlir
    bpt_tile.async_copy %k[%row, %c0] to %buffers[%next]
      : memref<?x64xbf16>, memref<2x64x64xbf16, #gpu.address_space<workgroup>>
    ```
  }];
  let arguments = (ins
    Arg<MemRefRankOf<[AnyType], [2]>, "where the tile lies in global memory", [MemRead]>:$source,
    Index:$row, Index:$column,
    Arg<AnyMemRef, "the tile's buffers in workgroup memory", [MemWrite]>:$dest,
    Variadic<Index>:$destIndices);
  let assemblyFormat = [{
    $source `[` $row `,` $column `]` `to` $dest (`[` $destIndices^ `]`)?
    attr-dict `:` type($source) `,` type($dest)
  }];
  let hasVerifier = 1;
}

def Tile_CommitCopiesOp : Tile_Op<"commit_copies"> {
  let summary = "Make a group of the copies started since the last group";
  let description = [{
    Groups complete in the order in which they are committed. A group may be
    empty, so that every iteration of a loop commits one.

    ```mlir
    bpt_tile.commit_copies
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_WaitCopiesOp : Tile_Op<"wait_copies"> {
  let summary = "Wait until at most so many groups of copies are pending";
  let description = [{
    What a thread has waited for, other threads see after a `gpu.barrier`.

    ```mlir
    bpt_tile.wait_copies 1
    gpu.barrier
    ```
  }];
  let arguments = (ins ConfinedAttr<I32Attr, [IntNonNegative]>:$pending);
  let assemblyFormat = "$pending attr-dict";
}

#endif // BPT_TILE_OPS
