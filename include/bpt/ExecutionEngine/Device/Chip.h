//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_DEVICE_CHIP_H
#define BPT_EXECUTIONENGINE_DEVICE_CHIP_H

#include <optional>
#include <string>
#include <string_view>

namespace mlir::bpt::runtime {

/// A GPU architecture as the tools spell it: sm_80, sm_90a.
struct Chip {
  /// 10 times the major compute capability plus the minor.
  unsigned number = 0;
  /// 'a': with the instructions that only this architecture has, 'f': that only
  /// its family has; 0: without.
  char suffix = 0;

  static std::optional<Chip> parse(std::string_view text);
  std::string getName() const;

  unsigned getMajor() const { return number / 10; }

  /// Whether PTX for this chip runs on a GPU of that one: it is as new, or
  /// newer, and where this one has a suffix, the same (`a`) or of the same
  /// family (`f`).
  bool runsOn(const Chip &gpu) const;
};

/// The oldest that code is generated for.
constexpr unsigned kOldestChip = 70;

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_DEVICE_CHIP_H
