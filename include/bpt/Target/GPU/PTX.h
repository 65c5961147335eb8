//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_PTX_H
#define BPT_TARGET_GPU_PTX_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include <string>

namespace mlir::bpt {

struct ChipInfo;

/// Registers what translating kernels to LLVM IR needs.
void registerKernelTranslations(DialectRegistry &registry);

/// The PTX text of a module of the LLVM and NVVM dialects. Emits an error if it
/// cannot be translated.
FailureOr<std::string> emitPTX(gpu::GPUModuleOp module, const ChipInfo &chip);

} // namespace mlir::bpt

#endif // BPT_TARGET_GPU_PTX_H
