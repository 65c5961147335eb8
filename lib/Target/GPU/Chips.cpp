//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/GPU/Chips.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::bpt;

static constexpr ChipInfo kChips[] = {
    {"sm_70", 70, 63, 98304},     {"sm_72", 72, 63, 98304},
    {"sm_75", 75, 63, 65536},     {"sm_80", 80, 80, 166912},
    {"sm_86", 86, 80, 101376},    {"sm_87", 87, 80, 166912},
    {"sm_89", 89, 80, 101376},    {"sm_90", 90, 80, 232448},
    {"sm_90a", 90, 83, 232448},   {"sm_100", 100, 86, 232448},
    {"sm_100a", 100, 86, 232448}, {"sm_103", 103, 88, 232448},
    {"sm_103a", 103, 88, 232448}, {"sm_120", 120, 87, 101376},
    {"sm_120a", 120, 87, 101376},
};

llvm::ArrayRef<ChipInfo> mlir::bpt::getKnownChips() { return kChips; }

std::optional<ChipInfo> mlir::bpt::findChip(llvm::StringRef name) {
  for (const ChipInfo &chip : kChips)
    if (chip.name == name)
      return chip;
  return std::nullopt;
}

std::string mlir::bpt::getUnknownChipMessage(llvm::StringRef name) {
  return "'" + name.str() + "' is not a GPU that is known here; known are: " +
         llvm::join(
             llvm::map_range(
                 kChips, [](const ChipInfo &chip) { return chip.name.str(); }),
             ", ");
}
