//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_INSTRUCTIONCLASS_H
#define BPT_LIB_EMULATOR_TRANSLATE_INSTRUCTIONCLASS_H

#include "bpt/Emulator/PTX/AST.h"
#include "bpt/Emulator/Runtime/Profile.h"

namespace mlir::bpt::emulator {

/// What an instruction is counted as.
InstructionClass classify(const ptx::Instruction &instruction);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_INSTRUCTIONCLASS_H
