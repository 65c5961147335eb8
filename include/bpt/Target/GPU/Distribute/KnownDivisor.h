//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What integers of a program are known to be multiples of: rows that start at a
// multiple of 16 bytes are copied 16 bytes at a time.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_DISTRIBUTE_KNOWNDIVISOR_H
#define BPT_TARGET_GPU_DISTRIBUTE_KNOWNDIVISOR_H

#include "mlir/IR/OpDefinition.h"

namespace mlir::bpt {

/// A number that the constant is a multiple of; for zero, a large one.
int64_t getDivisorOf(int64_t constant);

/// A number that the product of multiples of `a` and `b` is a multiple of.
int64_t multiplyDivisors(int64_t a, int64_t b);

/// A number that `value`, an integer, is a multiple of.
int64_t getKnownDivisor(Value value);
int64_t getKnownDivisor(OpFoldResult number);

} // namespace mlir::bpt

#endif // BPT_TARGET_GPU_DISTRIBUTE_KNOWNDIVISOR_H
