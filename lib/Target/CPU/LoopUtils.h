//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_CPU_LOOPUTILS_H
#define BPT_LIB_TARGET_CPU_LOOPUTILS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AffineMap.h"

namespace mlir::bpt {

inline Value createIndex(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

/// True when the last `count` dimensions lie as one array: of one, when
/// consecutive values of the last index are consecutive elements, so that
/// vector.load applies.
bool isContiguousInLastDims(MemRefType type, unsigned count = 1);

/// The indices at which `map` reads or writes when the loops have the values
/// `ivs`, with `offset` (may be null) added to the last of them.
SmallVector<Value> applyMap(OpBuilder &b, Location loc, AffineMap map,
                            ValueRange ivs, Value offset = {});

/// Loads `lanes` consecutive elements; where `mask` is given the lanes it
/// leaves out are zero and their memory is not touched.
Value loadVector(OpBuilder &b, Location loc, Value memref, ValueRange indices,
                 int64_t lanes, Value mask);

void storeVector(OpBuilder &b, Location loc, Value vector, Value memref,
                 ValueRange indices, Value mask);

/// Emits a loop `lb to ub step step` carrying `carried`; `body` returns what
/// the iteration hands on. A loop of exactly one static iteration is emitted
/// as its body.
SmallVector<Value>
buildLoop(OpBuilder &b, Location loc, Value lb, Value ub, int64_t step,
          ValueRange carried,
          llvm::function_ref<SmallVector<Value>(OpBuilder &, Value, ValueRange)>
              body);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_CPU_LOOPUTILS_H
