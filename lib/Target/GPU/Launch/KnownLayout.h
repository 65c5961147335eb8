//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_LAUNCH_KNOWNLAYOUT_H
#define BPT_LIB_TARGET_GPU_LAUNCH_KNOWNLAYOUT_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::bpt {

/// Numbers that the offset and the strides of a memref are multiples of.
struct KnownLayout {
  int64_t offset = 1;
  SmallVector<int64_t> strides;

  /// What holds for both.
  void meet(const KnownLayout &other);
};

KnownLayout getKnownLayout(Value memref);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_LAUNCH_KNOWNLAYOUT_H
