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

/// Functions of f32 as arithmetic, as bpt-expand-math describes them. `exp2` is
/// left where the target has an instruction for it.
void populateMathExpansionPatterns(RewritePatternSet &patterns,
                                   bool expandExp2);

} // namespace bpt
} // namespace mlir

#endif // BPT_TARGET_COMMON_MATHEXPANSION_H
