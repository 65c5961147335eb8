//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which loop of a linalg operation becomes the lanes of a vector.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_CPU_LANEPLAN_H
#define BPT_LIB_TARGET_CPU_LANEPLAN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::bpt {

/// The combination of a reduced output with the new value, if the body is of
/// that form: yield combine(out, x).
struct Combiner {
  vector::CombiningKind kind;
  Operation *op = nullptr;
};

/// How one linalg op is vectorised: the loop that becomes lanes, the order of
/// the others, and what happens with each output.
struct LanePlan {
  unsigned lane;
  bool laneIsReduction;
  SmallVector<unsigned> parallel, reductions;
  /// For each output: kept in registers over the reductions, or stored in the
  /// innermost iteration.
  SmallVector<bool> carried;
  SmallVector<std::optional<Combiner>> combiners;
};

/// The element type that decides how many lanes fill a register: the widest
/// float (or integer) that the op moves or computes along the loop `lane`.
int64_t getWidestBits(linalg::LinalgOp op, unsigned lane);

/// Chooses the loop whose iterations become lanes: contiguous in every operand
/// it moves along, in outputs above all; the last such loop wins.
/// Null if none fits; `why` then says what stands in the way.
std::optional<LanePlan> planLanes(linalg::LinalgOp op, std::string &why);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_CPU_LANEPLAN_H
