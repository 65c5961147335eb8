//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_DISTRIBUTE_WARPS_H
#define BPT_LIB_TARGET_GPU_DISTRIBUTE_WARPS_H

#include <cstdint>

namespace mlir::bpt {

inline constexpr int64_t kWarpThreads = 32;
/// Warps that multiply together: 16 rows of each.
inline constexpr int64_t kWarpsOfGroup = 4;
inline constexpr int64_t kRowsOfWarp = 16;
/// Warps that only copy, beside those that compute: a warpgroup, which gives
/// registers away together.
inline constexpr int64_t kProducerWarps = 4;

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_DISTRIBUTE_WARPS_H
