//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_KERNELATTRIBUTES_H
#define BPT_LIB_TARGET_GPU_KERNELATTRIBUTES_H

#include "mlir/Support/LLVM.h"

namespace mlir::bpt {

/// On an operation of a kernel: its points are spread over all threads of the
/// grid, not over those of a block.
inline constexpr StringLiteral kGridAttrName = "bpt.grid";

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_KERNELATTRIBUTES_H
