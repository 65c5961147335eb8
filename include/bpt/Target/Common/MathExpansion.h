//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_COMMON_MATHEXPANSION_H
#define BPT_TARGET_COMMON_MATHEXPANSION_H

namespace mlir {
class RewritePatternSet;
namespace bpt {

/// Coefficients of the degree 6 polynomial for 2^f on [-1/2, 1/2]: a minimax
/// fit with the constant term held at 1, so that whole powers are exact.
inline constexpr float kExp2Coefficients[] = {1.0f,
                                              6.931471825e-01f,
                                              2.402264774e-01f,
                                              5.550332367e-02f,
                                              9.618436918e-03f,
                                              1.339887385e-03f,
                                              1.535336196e-04f};

/// Powers below 2^-126 are 0.
inline constexpr float kLowestExp2 = -126.0f;

/// Functions of f32 as arithmetic, as bpt-expand-math describes them. `exp2` is
/// left where the target has an instruction for it.
void populateMathExpansionPatterns(RewritePatternSet &patterns,
                                   bool expandExp2);

} // namespace bpt
} // namespace mlir

#endif // BPT_TARGET_COMMON_MATHEXPANSION_H
