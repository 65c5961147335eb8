//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The allocator of compiled code. It needs nothing but the C++ library, since
// code compiled ahead of time is linked with it too.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_RUNTIME_ALLOCATOR_H
#define BPT_EXECUTIONENGINE_RUNTIME_ALLOCATOR_H

#include "bpt/ExecutionEngine/Runtime/BlockAllocator.h"

namespace mlir::bpt::runtime {

/// Returns `size` bytes aligned to at least 64. When there is no memory left,
/// the call of compiled code fails (see GuardedCall.h): it cannot go on.
void *allocate(size_t size, size_t alignment = 64);

/// Frees a block. A pointer that is not a live block of this allocator fails
/// the call, before it does damage.
void deallocate(void *block);

/// Whether the pointer is the start of a live block.
bool isLive(const void *block);

/// The blocks of this process, with what they count.
BlockAllocator &getHostAllocator();

/// Fill new blocks with 0xFF bytes (NaN in every float type), so that a read
/// before a write shows. Off by default.
void setPoison(bool enable);
bool isPoisoning();

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_RUNTIME_ALLOCATOR_H
