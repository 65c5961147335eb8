//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Layers that are equal and follow each other, in a sequence of operations.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_TRANSFORMS_REPEATS_H
#define BPT_LIB_DIALECT_BPT_TRANSFORMS_REPEATS_H

#include "OpSequence.h"

namespace mlir::bpt {

/// `count` times `period` operations of a sequence, from `begin` on.
struct Repeats {
  int64_t begin, period, count;

  int64_t getEnd() const { return begin + period * count; }
};

/// Repeats whose operations and data flow are the same, so that one function
/// computes each of them. They do not overlap, and come in the order of the
/// sequence.
SmallVector<Repeats> findRepeats(OpSequence &sequence);

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_TRANSFORMS_REPEATS_H
