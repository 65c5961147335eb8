//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes a linalg operation on buffers as loops of vectors.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_CPU_LANEEMITTER_H
#define BPT_LIB_TARGET_CPU_LANEEMITTER_H

#include "LanePlan.h"
#include "bpt/Target/CPU/VectorTarget.h"

namespace mlir::bpt {

/// Emits the loops before `op`, as the plan says; `op` itself stays.
void emitLanes(OpBuilder &builder, linalg::LinalgOp op, LanePlan plan,
               const VectorTarget &target);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_CPU_LANEEMITTER_H
