//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operations of a block as a sequence in which layers repeat.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_TRANSFORMS_OPSEQUENCE_H
#define BPT_LIB_DIALECT_BPT_TRANSFORMS_OPSEQUENCE_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::bpt {

/// Whether the operation is the same as another but for locations and the
/// values that it reads from outside, which have the same types.
bool areEquivalent(Operation *a, Operation *b);

/// Whether the result is an operand seen in another form, or memory as a
/// tensor. As an argument of a function it would be copied.
bool isView(Operation *op);

/// What an operation reads: its operands, then the values from outside that its
/// regions use, in their order.
SmallVector<OpOperand *> getReads(Operation *op);

/// The operations of a block in order, without its terminator and without what
/// costs nothing: constants, sizes, views, tensors of zeros. These are
/// rematerialized by whoever reads them, so where they stand, and how many
/// layers share one, makes no difference.
class OpSequence {
public:
  explicit OpSequence(Block &block);

  int64_t size() const { return ops.size(); }
  Operation *operator[](int64_t position) const { return ops[position]; }
  Block &getBlock() const { return block; }

  bool isRematerialized(Operation *op) const {
    return rematerialized.contains(op);
  }

  /// The position of an operation; none if it is not in the sequence.
  std::optional<int64_t> find(Operation *op) const;

  /// The last position that the value is computed from; -1 if from none.
  int64_t getOrigin(Value value);

  /// The last position at which the value is read, also through what is
  /// rematerialized; size() if something else reads it, -1 if nothing does.
  int64_t getLastRead(Value value) const;

  /// Whether something at positions [begin, end) reads the value, also through
  /// what is rematerialized; and whether something else does.
  bool isReadInside(Value value, int64_t begin, int64_t end) const;
  bool isReadOutside(Value value, int64_t begin, int64_t end) const;

  /// Erases an operation of the block.
  void erase(Operation *op);

private:
  /// Calls `found` with the position of every reader.
  void visitReaders(Value value, function_ref<void(int64_t)> found) const;

  Block &block;
  SmallVector<Operation *> ops;
  DenseMap<Operation *, int64_t> positions;
  DenseSet<Operation *> rematerialized;
  DenseMap<Value, int64_t> origins;
};

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_TRANSFORMS_OPSEQUENCE_H
