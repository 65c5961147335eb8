//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_ELEMENTTYPES_H
#define BPT_LIB_EMULATOR_RUNTIME_ELEMENTTYPES_H

#include "bpt/Emulator/Runtime/ABI.h"

namespace mlir::bpt::emulator {

/// In bits; packed pairs are one element.
unsigned getBitWidth(ElementKind kind);

/// `a OP b` of elements as they lie in memory, zero-extended to 64 bits, as
/// atomics and reductions compute it; Exchange gives b.
uint64_t applyReduction(ReductionOp op, ElementKind kind, uint64_t a,
                        uint64_t b);
/// Whether PTX has the reduction for the type.
bool isReducible(ReductionOp op, ElementKind kind);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_ELEMENTTYPES_H
