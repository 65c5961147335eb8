//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_COMPARISON_H
#define BPT_LIB_EMULATOR_TRANSLATE_COMPARISON_H

#include "FunctionTranslator.h"

namespace mlir::bpt::emulator {

/// Writes what `setp` and `set` make of a comparison's result: combined with
/// the predicate of operand 3 if the instruction says how, as predicates (the
/// second of a pair is that of the opposite comparison) or as a number.
void writeComparison(FunctionTranslator &t, llvm::Value *result);

/// The same for the two halves of packed operands.
void writePackedComparison(FunctionTranslator &t, llvm::Value *low,
                           llvm::Value *high);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_COMPARISON_H
