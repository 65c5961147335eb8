//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The strategy that was tuned for this machine, which takes the default's
// place.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EXECUTIONENGINE_TUNEDSTRATEGY_H
#define BPT_LIB_EXECUTIONENGINE_TUNEDSTRATEGY_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::bpt {

/// The spec that `python -m bpt.tune` has left beside the code that is kept for
/// what code is generated for, a CPU or the chip of a GPU; empty if there is
/// none or nothing in the module to apply it to.
std::string findTunedStrategy(ModuleOp module, StringRef target);

} // namespace mlir::bpt

#endif // BPT_LIB_EXECUTIONENGINE_TUNEDSTRATEGY_H
