//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_LAUNCH_LAUNCHES_H
#define BPT_LIB_TARGET_GPU_LAUNCH_LAUNCHES_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::bpt {

using LaunchMap =
    llvm::MapVector<gpu::GPUFuncOp, SmallVector<gpu::LaunchFuncOp>>;

/// The launches in a module, by kernel, in the order of the first ones.
LaunchMap findLaunches(ModuleOp module);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_LAUNCH_LAUNCHES_H
