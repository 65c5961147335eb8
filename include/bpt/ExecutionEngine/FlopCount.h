//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_FLOPCOUNT_H
#define BPT_EXECUTIONENGINE_FLOPCOUNT_H

#include "mlir/Interfaces/FunctionInterfaces.h"
#include <optional>

namespace mlir::bpt {

/// On a function: an integer, the floating-point operations of one call.
constexpr StringLiteral kFlopsAttrName = "bpt.flops";

/// How many floating-point operations a call of the function does with
/// arguments of these shapes, a fused multiply-add counted as two: what the
/// function states with `bpt.flops`, or the matrix products of its blocked
/// operations, without the pairs that masks by position exclude. None if there
/// are none of these, or if a size depends on more than the arguments' shapes.
/// The function must not have been lowered yet.
std::optional<double> countFlops(FunctionOpInterface function,
                                 ArrayRef<SmallVector<int64_t>> argumentShapes);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_FLOPCOUNT_H
