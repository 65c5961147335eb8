//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_PTX_OPERANDCHECKER_H
#define BPT_LIB_EMULATOR_PTX_OPERANDCHECKER_H

#include "bpt/Emulator/PTX/AST.h"

namespace mlir::bpt::ptx {

struct OperandProblem {
  llvm::SMLoc loc;
  std::string message;
};

/// Whether the operands of an instruction fit a form that its modifiers match.
std::optional<OperandProblem> checkOperands(const Function &function,
                                            const Instruction &instruction,
                                            const MatchedForm &form);

} // namespace mlir::bpt::ptx

#endif // BPT_LIB_EMULATOR_PTX_OPERANDCHECKER_H
