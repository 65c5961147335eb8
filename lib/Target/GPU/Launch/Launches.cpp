//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Launches.h"

using namespace mlir;
using namespace mlir::bpt;

LaunchMap bpt::findLaunches(ModuleOp module) {
  LaunchMap launches;
  SymbolTableCollection symbols;
  module.walk([&](gpu::LaunchFuncOp launch) {
    if (auto kernel = symbols.lookupSymbolIn<gpu::GPUFuncOp>(
            module, launch.getKernelAttr()))
      launches[kernel].push_back(launch);
  });
  return launches;
}
