//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Device/Chip.h"

using namespace mlir::bpt::runtime;

std::optional<Chip> Chip::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sm_";
  if (text.substr(0, kPrefix.size()) != kPrefix)
    return std::nullopt;
  text.remove_prefix(kPrefix.size());
  Chip chip;
  if (!text.empty() && (text.back() == 'a' || text.back() == 'f')) {
    chip.suffix = text.back();
    text.remove_suffix(1);
  }
  if (text.size() < 2 || text.size() > 3)
    return std::nullopt;
  for (char digit : text) {
    if (digit < '0' || digit > '9')
      return std::nullopt;
    chip.number = chip.number * 10 + (digit - '0');
  }
  return chip;
}

std::string Chip::getName() const {
  std::string name = "sm_" + std::to_string(number);
  if (suffix)
    name += suffix;
  return name;
}

bool Chip::runsOn(const Chip &gpu) const {
  if (suffix == 'a')
    return number == gpu.number;
  if (suffix == 'f')
    return getMajor() == gpu.getMajor() && number <= gpu.number;
  return number <= gpu.number;
}
