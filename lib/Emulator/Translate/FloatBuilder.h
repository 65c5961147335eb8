//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_FLOATBUILDER_H
#define BPT_LIB_EMULATOR_TRANSLATE_FLOATBUILDER_H

#include "FunctionTranslator.h"

namespace mlir::bpt::emulator {

/// Floating-point values in IR. f16 and bf16 are computed in float, whose
/// precision makes the second rounding harmless for everything but fma, which
/// the runtime does.
class FloatBuilder {
public:
  explicit FloatBuilder(FunctionTranslator &t) : t(t), b(t.b) {}

  /// Reads the bits of an f16, bf16, f32 or f64.
  llvm::Value *decode(llvm::Value *bits, ptx::Type type, bool flush = false);
  /// Rounds to the nearest even value of the type: its bits.
  llvm::Value *encode(llvm::Value *value, ptx::Type type);
  /// The same with any rounding, through the helpers.
  llvm::Value *encode(llvm::Value *value, ptx::Type type, Rounding rounding,
                      uint32_t flags);

  llvm::Value *read(unsigned index, ptx::Type type, bool flush = false) {
    return decode(t.read(index, type), type, flush);
  }

  /// Replaces a subnormal f32 with a zero of its sign.
  llvm::Value *flushSubnormal(llvm::Value *value);
  /// Clamps to [0, 1]; NaN becomes 0.
  llvm::Value *saturate(llvm::Value *value);
  /// What is negative becomes 0; NaN stays.
  llvm::Value *relu(llvm::Value *value);
  /// The NaN of the hardware where the value is one.
  llvm::Value *canonicalizeNaN(llvm::Value *value);

  llvm::Constant *constant(llvm::Value *like, double value) {
    return llvm::ConstantFP::get(like->getType(), value);
  }
  llvm::Value *isNaN(llvm::Value *value) {
    return b.CreateFCmpUNO(value, value);
  }

private:
  llvm::Value *encodeBF16(llvm::Value *value);

  FunctionTranslator &t;
  llvm::IRBuilder<> &b;
};

/// f16 for f16x2 and bf16 for bf16x2; other types as they are.
ptx::Type getElementType(ptx::Type type);
inline bool isPacked(ptx::Type type) { return getElementType(type) != type; }

/// `rn`, `rz`, `rm`, `rp`, `rna`; the nearest if nothing is said.
Rounding parseRounding(llvm::StringRef name);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_FLOATBUILDER_H
