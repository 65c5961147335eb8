//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_GRIDSHADOW_H
#define BPT_LIB_EMULATOR_RUNTIME_GRIDSHADOW_H

#include "llvm/ADT/DenseMap.h"
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace mlir::bpt::emulator {

/// Detects accesses to the same bytes of global memory by different clusters.
/// Workers use it at once. Each word remembers one cluster that wrote it and
/// one that read it, and which of its bytes.
class GridShadow {
public:
  struct Conflict {
    bool isEarlierWrite;
    uint32_t cluster;
    uint32_t site;
  };

  /// Notes a plain access; the conflict is for the caller to judge.
  std::optional<Conflict> access(uint64_t address, uint32_t bytes,
                                 uint32_t cluster, bool isWrite, uint32_t site);

private:
  static constexpr uint64_t kPageWords = 1024;

  /// Cluster + 1 in the lower 28 bits, the word's bytes in the next 4, the site
  /// above.
  struct Word {
    std::atomic<uint64_t> writer{0}, reader{0};
  };
  using Page = std::array<Word, kPageWords>;

  Page &getPage(uint64_t index);

  std::mutex mutex;
  llvm::DenseMap<uint64_t, std::unique_ptr<Page>> pages;
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_GRIDSHADOW_H
