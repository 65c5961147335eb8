//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_PTX_WGMMACHECK_H
#define BPT_EMULATOR_PTX_WGMMACHECK_H

#include "bpt/Emulator/PTX/AST.h"

namespace mlir::bpt::ptx {

/// Finds instructions that touch a register which a wgmma.mma_async may still
/// be using: its accumulator, or A if that is in registers. No
/// wgmma.wait_group lies between the two on some path. The next mma_async may
/// use the accumulator and A again. Copies by `mov` are taken for names of the
/// same register, since compilers write them between the products of a chain.
llvm::Error checkWgmmaRegisters(const Module &module, const Function &function);

} // namespace mlir::bpt::ptx

#endif // BPT_EMULATOR_PTX_WGMMACHECK_H
