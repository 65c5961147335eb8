//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which elements dropout keeps: #bpt.dropout as arithmetic.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_IR_DROPOUT_H
#define BPT_LIB_DIALECT_BPT_IR_DROPOUT_H

#include "bpt/Dialect/BPT/IR/BPTOps.h"

namespace mlir::bpt {

/// Where an element is in the whole problem: 32-bit integers.
struct ElementPosition {
  Value batch, head, row, column;
};

/// An index as a 32-bit integer, modulo 2^32.
Value createWord(OpBuilder &b, Location l, Value index);

/// Drops one f32 number, or keeps and scales it. `seed` is an i64.
class DropoutBuilder {
public:
  DropoutBuilder(OpBuilder &b, Location l, DropoutAttr dropout, Value seed,
                 const ElementPosition &position);
  Value apply(Value x);

private:
  OpBuilder &b;
  Location l;
  DropoutAttr dropout;
  Value keep;
};

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_IR_DROPOUT_H
