//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a tile program needs of a chip, known before code is generated.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_DISTRIBUTE_BUDGET_H
#define BPT_LIB_TARGET_GPU_DISTRIBUTE_BUDGET_H

#include "bpt/Target/GPU/Distribute/Transforms.h"

namespace mlir::bpt {

/// Adds up workgroup memory as it is laid out for warpgroups, which takes no
/// less than any other layout.
class WorkgroupBytes {
public:
  void addBuffers(MemRefType buffers);
  /// With the barriers of each buffer.
  void addRing(MemRefType buffers);
  /// With what orders the sums of so many warps that compute.
  int64_t getTotal(int64_t warps) const;

private:
  int64_t bytes = 0;
};

/// Registers of a thread of warps that copy and of those that compute, once the
/// former have given theirs away; nothing where all have enough at first.
std::optional<std::pair<int64_t, int64_t>>
getRegistersOfRoles(int64_t consumerGroups, bool isOneThread);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_DISTRIBUTE_BUDGET_H
