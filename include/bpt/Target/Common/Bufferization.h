//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_COMMON_BUFFERIZATION_H
#define BPT_TARGET_COMMON_BUFFERIZATION_H

#include <cstdint>

namespace mlir {
class OpPassManager;
namespace bpt {

/// Adds the passes that take block IR on tensors to memrefs with identity
/// layouts at function boundaries. Arguments that must not be written are
/// marked before. Buffers are allocated, aligned to so many bytes, if not as
/// the allocator does it; nothing frees them yet.
void addBufferizationPasses(OpPassManager &pm, int64_t alignment = 64);

/// Adds the passes that free buffers, after their last use.
void addDeallocationPasses(OpPassManager &pm);

} // namespace bpt
} // namespace mlir

#endif // BPT_TARGET_COMMON_BUFFERIZATION_H
