//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_CHIPS_H
#define BPT_TARGET_GPU_CHIPS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace mlir::bpt {

/// A GPU that code can be generated for.
struct ChipInfo {
  llvm::StringLiteral name;
  /// 10 times the compute capability.
  unsigned number;
  /// Version of PTX that is written for it: as old as its instructions allow,
  /// so that older drivers take it.
  unsigned ptxVersion;
  /// The most shared memory that a block of threads can have, in bytes.
  int64_t maxSharedBytes;

  /// mma.sync of f16 and bf16, ldmatrix and cp.async, which tile programs need.
  bool hasTensorCores() const { return number >= 80; }
  /// Instructions for f8E4M3FN; sm_89 has them from a later PTX on.
  bool convertsFloat8() const { return number >= 90; }
  /// wgmma, which only this architecture has.
  bool hasWgmma() const { return name == "sm_90a"; }
};

llvm::ArrayRef<ChipInfo> getKnownChips();
std::optional<ChipInfo> findChip(llvm::StringRef name);

/// `'sm_1' is not a GPU that is known here; known are: sm_70, ...`.
std::string getUnknownChipMessage(llvm::StringRef name);

} // namespace mlir::bpt

#endif // BPT_TARGET_GPU_CHIPS_H
