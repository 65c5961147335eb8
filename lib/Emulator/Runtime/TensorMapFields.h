//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_TENSORMAPFIELDS_H
#define BPT_LIB_EMULATOR_RUNTIME_TENSORMAPFIELDS_H

#include "bpt/Emulator/Runtime/TensorMap.h"
#include <array>

namespace mlir::bpt::emulator {

constexpr unsigned kMaxTensorRank = 5;

/// What the 128 bytes of a tensor map hold here. The hardware's own encoding is
/// not documented, and kernels cannot look at it.
struct TensorMapFields {
  uint32_t magic;
  uint8_t rank;
  TensorMapType type;
  TensorMapInterleave interleave;
  TensorMapSwizzle swizzle;
  TensorMapL2Promotion l2Promotion;
  TensorMapFill fill;
  std::array<uint8_t, kMaxTensorRank> elementStrides;
  std::array<uint16_t, kMaxTensorRank> box;
  uint64_t address;
  std::array<uint64_t, kMaxTensorRank> dims;
  std::array<uint64_t, kMaxTensorRank - 1> strides;

  static constexpr uint32_t kMagic = 0x544D4150;
};
static_assert(sizeof(TensorMapFields) <= sizeof(TensorMap));

TensorMapFields decode(const TensorMap &map);
TensorMap encode(const TensorMapFields &fields);

/// What the driver's encoder would say against the map; empty if nothing.
std::string findProblem(const TensorMapFields &fields);

/// Of the swizzle's pattern: 0 where there is none.
unsigned getSwizzleBytes(TensorMapSwizzle swizzle);
/// The element's kind in reductions.
ElementKind getElementKind(TensorMapType type);
bool isFloat(TensorMapType type);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_TENSORMAPFIELDS_H
