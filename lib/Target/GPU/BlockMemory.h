//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the buffers of a block of threads lie.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_BLOCKMEMORY_H
#define BPT_LIB_TARGET_GPU_BLOCKMEMORY_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::bpt {

/// Buffers start at multiples of this, the widest access of a thread.
inline constexpr int64_t kBufferAlignment = 16;

/// What a loop over blocks needs besides what it reads and writes.
struct BlockMemory {
  /// Bytes of shared memory.
  int64_t sharedBytes = 0;
  /// Bytes of the workspace for one block, computed before the loop; null if
  /// none is needed.
  Value workspaceBytes;
};

/// Replaces every buffer that is allocated in the loop by a view of the
/// `shared` memory or of the `workspace` of its block, the two of which
/// `getShared` and `getWorkspace` make at the start of the body, as byte
/// buffers. Emits an error if a buffer has no bound.
FailureOr<BlockMemory>
placeBlockBuffers(scf::ForallOp loop, int64_t maxSharedBytes,
                  function_ref<Value(OpBuilder &, int64_t bytes)> getShared,
                  function_ref<Value(OpBuilder &, Value bytes)> getWorkspace);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_BLOCKMEMORY_H
