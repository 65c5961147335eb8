//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table that describes a blocked operation, and what follows from it.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_IR_BPTINTERFACES_H
#define BPT_DIALECT_BPT_IR_BPTINTERFACES_H

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::bpt {

/// How one dimension of an operand relates to the computation.
struct DimRef {
  /// Index into BlockTable::dims.
  unsigned dim;
  /// The operand holds one entry for every `divisor` points of the dimension:
  /// the key heads that query heads share.
  int64_t divisor = 1;
  /// The operand has size 1 here and is read at every point of the dimension.
  bool broadcast = false;
  /// The last entry may be that of fewer points.
  bool ragged = false;
};

/// What a blocked operation is, as data: see BlockedOpInterface.
struct BlockTable {
  /// Names of the dimensions, loops first.
  SmallVector<StringRef> dims;
  /// Kinds of the loops, which are the first iterators.size() dimensions.
  SmallVector<utils::IteratorType> iterators;
  /// For every operand, the meaning of each of its dimensions. Empty for
  /// operands that are not tensors.
  SmallVector<SmallVector<DimRef>> operands;
  /// Names of the operands, for diagnostics.
  SmallVector<StringRef> operandNames;

  bool isLoop(unsigned dim) const { return dim < iterators.size(); }

  /// Describe the next operand.
  void add(StringRef name, ArrayRef<DimRef> map = {}) {
    operandNames.push_back(name);
    operands.emplace_back(map);
  }
};

/// The loop that runs over the rows of the query sequence.
inline constexpr unsigned kRowLoop = 1;

/// Checks that every dimension of the table has one size in all operands that
/// have it, and that results have the types of the destinations. Ranks must
/// match the table.
LogicalResult verifyBlockTable(Operation *op);

/// Result shapes of an operation in destination-passing style.
LogicalResult reifyShapesOfInits(OpBuilder &builder, Operation *op,
                                 ReifiedRankedShapedTypeDims &shapes);

/// Whether `value` is known to be a multiple of `factor`.
bool isKnownMultipleOf(OpFoldResult value, int64_t factor);

/// Whether two sizes are known to be equal. Looks at definitions only, never at
/// the loops around them: tiling asks while it builds a loop that is not
/// complete, which upstream's value bounds would walk into.
bool areKnownEqual(OpFoldResult a, OpFoldResult b);

} // namespace mlir::bpt

#include "bpt/Dialect/BPT/IR/BPTInterfaces.h.inc"

#endif // BPT_DIALECT_BPT_IR_BPTINTERFACES_H
