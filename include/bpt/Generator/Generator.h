//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Model IR of attention, a feed-forward network, a layer or a whole model.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_GENERATOR_GENERATOR_H
#define BPT_GENERATOR_GENERATOR_H

#include "bpt/Generator/GeneratorOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::bpt {

/// A verified module with the function @main, and @layer where layers are
/// outlined. `options` must have been resolved.
llvm::Expected<OwningOpRef<ModuleOp>>
generateModule(MLIRContext *context, const GeneratorOptions &options);

} // namespace mlir::bpt

#endif // BPT_GENERATOR_GENERATOR_H
