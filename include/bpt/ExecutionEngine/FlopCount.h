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
/// arguments of these shapes, a fused multiply-add counted as two. None if it
/// is not known: the function does not state it with `bpt.flops`. The function
/// must not have been lowered yet.
std::optional<double> countFlops(FunctionOpInterface function,
                                 ArrayRef<SmallVector<int64_t>> argumentShapes);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_FLOPCOUNT_H
