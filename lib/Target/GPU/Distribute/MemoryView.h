//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_DISTRIBUTE_MEMORYVIEW_H
#define BPT_LIB_TARGET_GPU_DISTRIBUTE_MEMORYVIEW_H

#include "bpt/Target/GPU/Distribute/KnownDivisor.h"
#include "bpt/Target/GPU/Distribute/Layout.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include <optional>

namespace mlir::bpt {

/// A size or a stride of a memref, in elements.
struct Extent {
  /// As an i64 of the kernel; null if the kernel does not know it.
  Value value;
  std::optional<int64_t> constant;
  /// It is known to be a multiple of this.
  int64_t divisor = 1;
};

/// What a memref of the tile program is in the kernel.
struct MemoryView {
  MemRefType type;
  /// A pointer to global (1) or workgroup (3) memory.
  Value base;
  /// The bytes that the base is known to be a multiple of.
  int64_t alignment = 16;
  /// Empty for workgroup memory, whose shapes are static.
  SmallVector<Extent> sizes, strides;
  bool shared = false;
  /// Workgroup memory that wgmma may read.
  bool inPanels = false;

  /// Workgroup memory: the layout of the last two dimensions (one row for a
  /// memref of one dimension).
  SharedTileLayout getSharedTile() const;
};

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_DISTRIBUTE_MEMORYVIEW_H
