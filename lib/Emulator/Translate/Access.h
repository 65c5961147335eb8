//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_ACCESS_H
#define BPT_LIB_EMULATOR_TRANSLATE_ACCESS_H

#include "FunctionTranslator.h"

namespace mlir::bpt::emulator {

/// The state space that the slot `space` names; generic if it is absent.
StateSpace parseSpace(llvm::StringRef name);
/// The slots `sem` and `scope`.
Semantics parseSemantics(llvm::StringRef name);
Scope parseScope(llvm::StringRef name);
/// The slot `op` or `red` of reductions.
ReductionOp parseReduction(llvm::StringRef name);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_ACCESS_H
