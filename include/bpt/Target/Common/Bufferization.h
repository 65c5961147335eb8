//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_COMMON_BUFFERIZATION_H
#define BPT_TARGET_COMMON_BUFFERIZATION_H

namespace mlir {
class OpPassManager;
namespace bpt {

/// Adds the passes that take block IR on tensors to memrefs with identity
/// layouts at function boundaries. Arguments that must not be written are
/// marked before. Buffers are allocated, nothing frees them yet.
void addBufferizationPasses(OpPassManager &pm);

/// Adds the passes that free buffers, after their last use.
void addDeallocationPasses(OpPassManager &pm);

} // namespace bpt
} // namespace mlir

#endif // BPT_TARGET_COMMON_BUFFERIZATION_H
