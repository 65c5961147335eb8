//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TILE_OPS
#define BPT_TILE_OPS

include "mlir/IR/AttrTypeBase.td"
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
    computes. That is what this dialect adds, in two forms: copies that all
    threads start ahead of time and wait for together (`async_copy`), and *rings*
    of buffers that some warps fill while the others compute (`warp_roles`). It
    has no operation on lanes; how a tile lies in registers and in workgroup
    memory is decided when the program is distributed
    (`bpt-distribute-to-lanes`).

    What the hardware copies by itself it knows by a *tensor map*, which the host
    makes.

    Seven discardable attributes belong to it. `bpt_tile.simt` on a loop over
    blocks (or on the kernel made of it) says that its blocks are not tile
    programs but run their operations one after the other on all threads, and
    why: a string. `bpt-gpu-choose-paths` sets it, and whoever wants that path. `bpt_tile.schedule` on a
    loop over blocks, or on the kernel, says what its schedule leaves out
    (`#bpt_tile.schedule`). Both may be said of the operation that the loop is made for,
    by a strategy. `bpt_tile.warps` on a kernel says
    that it is a tile program, and for blocks of how many warps.
    `bpt_tile.divisor` on an integer or index argument of a kernel promises that
    the argument is a multiple of that number, which is how a dynamic stride is
    known to keep rows aligned. `bpt_tile.shared_bytes` on a distributed kernel is the size of the dynamic
    workgroup memory that it must be launched with. `bpt_tile.persistent` on a kernel
    says that its blocks take one item of work after the other, however many blocks
    there are; `bpt_tile.uneven`, that a block may take longer than those before it.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerTypes();
    void registerAttributes();

    static constexpr ::llvm::StringLiteral kWarpsAttrName = "bpt_tile.warps";
    /// Tells loops over blocks apart while their paths are chosen.
    static constexpr ::llvm::StringLiteral kBlockAttrName = "bpt_tile.block";
    static constexpr ::llvm::StringLiteral kSimtAttrName = "bpt_tile.simt";
    // What a block needs that the chip has not.
    static constexpr ::llvm::StringLiteral kOverBudgetAttrName =
        "bpt_tile.over_budget";
    // The number of an operation, of the loop over its blocks, and its kernel.
    static constexpr ::llvm::StringLiteral kOpAttrName = "bpt_tile.op";
    static constexpr ::llvm::StringLiteral kScheduleAttrName = "bpt_tile.schedule";
    static constexpr ::llvm::StringLiteral kDivisorAttrName = "bpt_tile.divisor";
    static constexpr ::llvm::StringLiteral kSharedBytesAttrName =
        "bpt_tile.shared_bytes";
    static constexpr ::llvm::StringLiteral kPersistentAttrName =
        "bpt_tile.persistent";
    static constexpr ::llvm::StringLiteral kUnevenAttrName = "bpt_tile.uneven";
  }];
}

def Tile_ScheduleAttr : AttrDef<Tile_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "what the schedule of a kernel leaves out";
  let description = [{
    What the chip has is used unless it is left out here, so that it can be compared
    with what it replaces. It changes no result.

    | option | what it is |
    |---|---|
    | `warp_roles` | some warps copy while the others compute (sm_90 and later) |
    | `overlap` | the last product of an iteration runs during the next one; with `warp_roles` |
    | `ping_pong` | warpgroups take turns to start the products of an iteration; with `overlap` |
    | `tensor_maps` | the hardware copies tiles, not threads; with `warp_roles` |
    | `persistent` | there are as many blocks as the device holds, which take one item of work after the other; with `warp_roles` |

    A strategy says it of an operation; it passes to the loop over the operation's
    blocks, and to the kernel:

    ```mlir
    %schedule = transform.param.constant #bpt_tile.schedule<overlap = false> -> !transform.any_param
    transform.annotate %op "bpt_tile.schedule" = %schedule : !transform.any_op, !transform.any_param
    ```
  }];
  let parameters = (ins
    DefaultValuedParameter<"bool", "true">:$warp_roles,
    DefaultValuedParameter<"bool", "true">:$overlap,
    DefaultValuedParameter<"bool", "true">:$ping_pong,
    DefaultValuedParameter<"bool", "true">:$tensor_maps,
    DefaultValuedParameter<"bool", "true">:$persistent);
  let assemblyFormat = "`<` struct(params) `>`";
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

//===----------------------------------------------------------------------===//
// Rings of buffers between warps that copy and warps that compute
//===----------------------------------------------------------------------===//

def Tile_RingType : TypeDef<Tile_Dialect, "Ring"> {
  let mnemonic = "ring";
  let summary = "Buffers for a sequence of tiles that pass from warp to warp";
  let description = [{
    A ring of `n` buffers in workgroup memory, for tiles numbered 0, 1, 2, ...:
    tile `i` lies in buffer `i mod n`. Warps that copy fill it, in order; warps
    that compute acquire a tile, which waits until it is there, and release it,
    after which its buffer is filled with tile `i + n`. Each of the two is a
    barrier (mbarrier) of the buffer, whose phase follows from `i`.

    The parameter is the memref of all buffers: static, of workgroup memory, the
    first of its three dimensions being `n`.

    ```mlir
    !bpt_tile.ring<memref<2x128x64xbf16, #gpu.address_space<workgroup>>>
    ```
  }];
  let parameters = (ins "::mlir::MemRefType":$buffers);
  let assemblyFormat = "`<` $buffers `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getNumBuffers() const { return getBuffers().getDimSize(0); }
    /// The memref of one buffer.
    ::mlir::MemRefType getTileType() const;
  }];
}

def Tile_TensorMapType : TypeDef<Tile_Dialect, "TensorMap"> {
  let mnemonic = "tensor_map";
  let summary = "What the hardware that copies tiles knows of a tensor";
  let description = [{
    A description of a tensor in global memory (address, sizes, strides), and of
    the *box* that one copy moves, outermost dimension first. The host makes it;
    a kernel gets it as an argument and gives it to the hardware (TMA), which
    computes the addresses of a box from the indices of its first element, and
    fills with zeros what does not exist.

    A row of the box has 32, 64 or 128 bytes, and a box at most 256 of each
    dimension. It lies in workgroup memory row by row, with the hardware's
    swizzle of that many bytes: one panel of a tile as
    `bpt-distribute-to-lanes` lays it out with `wgmma`.

    ```mlir
    !bpt_tile.tensor_map<1x1x128x64xbf16>
    ```
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t", "the sizes of the box">:$box,
    "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static constexpr int64_t kMaxRank = 5, kMaxBoxSize = 256;
    /// Of the description.
    static constexpr int64_t kBytes = 128, kAlignment = 64;

    int64_t getRank() const { return getBox().size(); }
    /// Bytes of a row of the box, and of the swizzle.
    int64_t getRowBytes() const;
  }];
}

def Tile_CreateTensorMapOp : Tile_Op<"create_tensor_map", [Pure]> {
  let summary = "Describe a tensor to the hardware that copies tiles";
  let description = [{
    On the host. Dimension `i` of the map is dimension `permutation[i]` of the
    memref, whose elements must be adjacent in the last one. The hardware takes
    an address and strides that are multiples of 16 bytes, and sizes below
    2^32; others are an error when the map is made. A size of 0 counts as 1: of
    an empty tensor nothing is copied.

    ```mlir
    %map = bpt_tile.create_tensor_map %keys permutation = [0, 2, 1, 3]
      : memref<2x?x4x64xbf16> -> !bpt_tile.tensor_map<1x1x128x64xbf16>
    ```
  }];
  let arguments = (ins
    Arg<AnyStridedMemRef, "the tensor">:$tensor,
    DenseI64ArrayAttr:$permutation);
  let results = (outs Tile_TensorMapType:$map);
  let assemblyFormat = [{
    $tensor `permutation` `=` $permutation attr-dict
    `:` type($tensor) `->` type($map)
  }];
  let hasVerifier = 1;
}

def Tile_ResidentBlocksOp : Tile_Op<"resident_blocks", [Pure]> {
  let summary = "How many blocks of a kernel the device holds at a time";
  let description = [{
    On the host: the grid of a kernel whose blocks take one item of work after the
    other (`bpt_tile.persistent`). It is what the device that the program runs on has
    room for, all its multiprocessors together, and at most one block for each item.
    Launches of more than 2^31 - 1 items are an error when it is computed.

    ```mlir
    %grid = bpt_tile.resident_blocks @kernels::@main_0 items %n threads %c384 shared_bytes %bytes
    ```
  }];
  let arguments = (ins
    SymbolRefAttr:$kernel, Index:$items, Index:$threads, I32:$sharedBytes);
  let results = (outs Index:$blocks);
  let assemblyFormat = [{
    $kernel `items` $items `threads` $threads `shared_bytes` $sharedBytes attr-dict
  }];
}

def Tile_CreateRingOp : Tile_Op<"create_ring"> {
  let summary = "Allocate a ring, all of whose buffers are free";
  let description = [{
    ```mlir
    %keys = bpt_tile.create_ring : !bpt_tile.ring<memref<2x128x64xbf16, #gpu.address_space<workgroup>>>
    ```
  }];
  let results = (outs Res<Tile_RingType, "the ring", [MemAlloc]>:$ring);
  let assemblyFormat = "attr-dict `:` type($ring)";
  let hasVerifier = 1;
}

def Tile_FillOp : Tile_Op<"fill"> {
  let summary = "Start to copy a tile of global memory to its buffer of a ring";
  let description = [{
    Waits until the buffer of tile `number` is free, which it is at first and
    after `bpt_tile.release` of the tile before in that buffer. Then starts the
    copy, as `bpt_tile.async_copy` does: zeros where the source does not exist.
    All tiles of a ring are filled once, in order. Only in the producer of
    `bpt_tile.warp_roles`.

    The source is a memref of rank 2, whose elements all threads copy, or a
    tensor map, from which the hardware does; its boxes are then the panels of
    the tile, and the indices those of the tile's first element. All tiles of a
    ring have the same kind of source.

    ```mlir
    bpt_tile.fill %ring[%j] from %k[%row, %c0]
      : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<?x64xbf16>
    bpt_tile.fill %ring[%j] from %map[%batch, %head, %row, %c0]
      : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, !bpt_tile.tensor_map<1x1x64x64xbf16>
    ```
  }];
  let arguments = (ins
    Arg<Tile_RingType, "the ring", [MemWrite]>:$ring, Index:$number,
    Arg<AnyTypeOf<[MemRefRankOf<[AnyType], [2]>, Tile_TensorMapType]>,
        "where the tile lies in global memory", [MemRead]>:$source,
    Variadic<Index>:$indices);
  let assemblyFormat = [{
    $ring `[` $number `]` `from` $source `[` $indices `]`
    attr-dict `:` type($ring) `,` type($source)
  }];
  let extraClassDeclaration = [{
    /// Whether the hardware copies, and not threads.
    bool isFromMap() {
      return ::llvm::isa<TensorMapType>(getSource().getType());
    }
  }];
  let hasVerifier = 1;
}

def Tile_AcquireOp : Tile_Op<"acquire"> {
  let summary = "Wait for a tile of a ring";
  let description = [{
    Waits until tile `number` has been filled, and gives its buffer, which may be
    read until the tile is released. Only in the consumer of
    `bpt_tile.warp_roles`.

    ```mlir
    %tile = bpt_tile.acquire %ring[%j]
      : !bpt_tile.ring<memref<2x64x64xbf16, #ws>> -> memref<64x64xbf16, #ws>
    ```
  }];
  let arguments = (ins Tile_RingType:$ring, Index:$number);
  let results = (outs AnyMemRef:$tile);
  let assemblyFormat = [{
    $ring `[` $number `]` attr-dict `:` type($ring) `->` type($tile)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$ring, "::mlir::Value":$number)>
  ];
  let hasVerifier = 1;
}

def Tile_ReleaseOp : Tile_Op<"release"> {
  let summary = "Let the buffer of a ring's tile be filled again";
  let description = [{
    Says that tile `number` has been read, by products in flight too. Every tile
    that another one follows in its buffer must be released, once. Only in the
    consumer of `bpt_tile.warp_roles`.

    With `pending`, that many products, those started last, read other tiles: they
    may still be running. A product that only adds to what a loop carries then runs
    into the next iteration.

    ```mlir
    bpt_tile.release %ring[%j] : !bpt_tile.ring<memref<2x64x64xbf16, #ws>>
    bpt_tile.release %ring[%before] pending 1 : !bpt_tile.ring<memref<2x64x64xbf16, #ws>>
    ```
  }];
  let arguments = (ins
    Tile_RingType:$ring, Index:$number,
    DefaultValuedAttr<ConfinedAttr<I32Attr, [IntNonNegative]>, "0">:$pending);
  let assemblyFormat = [{
    $ring `[` $number `]` (`pending` $pending^)? attr-dict `:` type($ring)
  }];
  let hasVerifier = 1;
}

def Tile_WarpRolesOp : Tile_Op<"warp_roles", [NoTerminator, RecursiveMemoryEffects]> {
  let summary = "Warps that copy beside warps that compute";
  let description = [{
    The block has four warps more than `bpt_tile.warps` says. They execute the
    first region, which fills rings, and the others, at the same time, the
    second. A `gpu.barrier` in the second is one of its warps only. Nothing else
    passes between them; what both need is computed before.

    ```mlir
    bpt_tile.warp_roles producer {
      scf.for %j = %c0 to %n step %c1 {
        bpt_tile.fill %ring[%j] from %k[%row, %c0] : ...
      }
    } consumer {
      %sum = scf.for %j = %c0 to %n step %c1 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
        %tile = bpt_tile.acquire %ring[%j] : ...
        ...
        bpt_tile.release %ring[%j] : ...
      }
    }
    ```
  }];
  let regions = (region MaxSizedRegion<1>:$producer, MaxSizedRegion<1>:$consumer);
  let assemblyFormat = [{
    `producer` $producer `consumer` $consumer attr-dict
  }];
  let hasVerifier = 1;
}

def Tile_TakeTurnOp : Tile_Op<"take_turn"> {
  let summary = "Wait until the turn of this group of warps has come";
  let description = [{
    Groups of four warps that compute take turns: the first one begins, and each is
    followed by the next when it passes its turn. All take and pass as many. What is
    started between, the hardware does for one group after the other, so that one
    multiplies while another does what follows. Only in the consumer of
    `bpt_tile.warp_roles`.

    ```mlir
    bpt_tile.take_turn
    %s = vector.contract ...
    bpt_tile.pass_turn
    ```
  }];
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

def Tile_PassTurnOp : Tile_Op<"pass_turn"> {
  let summary = "Let the next group of warps take its turn";
  let description = [{
    Products that have been started may still be running (`bpt_tile.take_turn`).

    ```mlir
    bpt_tile.pass_turn
    ```
  }];
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

#endif // BPT_TILE_OPS
