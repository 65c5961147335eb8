//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_INTERFACES
#define BPT_INTERFACES

include "mlir/IR/OpBase.td"

def BPT_BlockedOpInterface : OpInterface<"BlockedOpInterface"> {
  let cppNamespace = "::mlir::bpt";
  let description = [{
    An operation that can be computed block by block, described by one table.

    `getBlockTable` names the dimensions of the computation, says which of them
    are loops (parallel or reduction) and maps every dimension of every operand
    to one of them. From this table alone follow the verifier's shape rules,
    all of `TilingInterface`, and what the fusion of layers asks: is this
    operand read at the block's rows only, or whole?

    Loops are the first dimensions of the table, in the order that
    `TilingInterface::getLoopIteratorTypes` reports them; by convention
    dimension 0 is the batch and dimension 1 the rows of the query sequence.
  }];
  let methods = [
    InterfaceMethod<[{
        The table of the operation. Ranks must have been verified.
      }], "::mlir::bpt::BlockTable", "getBlockTable", (ins)>,
    InterfaceMethod<[{
        Called on a tile: `whole` is the operation it was cut from and
        `offsets` its position, one per loop. Operations whose value depends on
        global positions (masks, score regions, rotary angles) record them.
      }], "void", "locateTile",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Operation *":$whole,
           "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets),
      "", [{ return; }]>,
    InterfaceMethod<[{
        Whether a tile that covers only a part of the reduction dimension `loop`
        can be accumulated into the destination. False while an operand (a bias)
        would be added once per tile.
      }], "bool", "canTileReduction", (ins "unsigned":$loop), "", [{ return true; }]>,
    InterfaceMethod<[{
        Floating-point operations (a multiply-add counts as two) of this
        operation's matrix products for the given sizes, one per dimension of
        the table. Work that a mask excludes is not counted.
      }], "double", "countFlops", (ins "::llvm::ArrayRef<int64_t>":$sizes),
      "", [{ return 0.0; }]>,
    InterfaceMethod<[{
        Whether the operation does little more than read its rows, so that
        computing it again is cheaper than keeping its result.
      }], "bool", "isCheapToRecompute", (ins), "", [{ return true; }]>,
    InterfaceMethod<[{
        Names of the `#bpt.strategy` options that this operation reads.
      }], "::llvm::SmallVector<::llvm::StringRef>", "getStrategyOptions", (ins),
      "", [{ return {"rows", "chunk", "fuse"}; }]>,
  ];
}

#endif // BPT_INTERFACES
