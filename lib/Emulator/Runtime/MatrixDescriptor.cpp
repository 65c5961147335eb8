//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatrixDescriptor.h"
#include "Swizzle.h"

using namespace mlir::bpt::emulator;

/// A field of 14 bits, in units of 16 bytes.
static uint32_t getOffset(uint64_t bits, unsigned position) {
  return static_cast<uint32_t>(bits >> position & 0x3FFF) << 4;
}

MatrixDescriptor::MatrixDescriptor(uint64_t bits)
    : start(getOffset(bits, 0)), leadingOffset(getOffset(bits, 16)),
      strideOffset(getOffset(bits, 32)), baseOffset(bits >> 49 & 7) {
  static constexpr uint32_t kSwizzles[] = {0, 128, 64, 32};
  swizzleBytes = kSwizzles[bits >> 62];
}

uint32_t MatrixDescriptor::getKMajorChunk(uint32_t mn, uint32_t chunk) const {
  // Groups of eight rows follow each other by the stride. Within one, rows are
  // as wide as the swizzle; without one, a chunk's eight rows lie together and
  // the chunks follow each other by the leading offset.
  uint32_t group = start + mn / 8 * strideOffset;
  if (swizzleBytes == 0)
    return group + chunk * leadingOffset + mn % 8 * 16;
  return swizzle(group + mn % 8 * swizzleBytes + chunk * 16, swizzleBytes);
}

uint32_t MatrixDescriptor::getMNMajorChunk(uint32_t mn, uint32_t k) const {
  // Without a swizzle eight k of a chunk lie together; the next eight follow by
  // the leading offset, the next chunk by the stride.
  if (swizzleBytes == 0)
    return start + mn / 8 * strideOffset + k / 8 * leadingOffset + k % 8 * 16;
  // With one, rows of k are as wide as the swizzle, and eight of them lie
  // together; here the stride leads to the next eight.
  uint32_t perRow = swizzleBytes / 2;
  uint32_t offset = start + mn / perRow * leadingOffset + k / 8 * strideOffset +
                    k % 8 * swizzleBytes + mn % perRow * 2;
  return swizzle(offset, swizzleBytes);
}
