//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_RACESHADOW_H
#define BPT_LIB_EMULATOR_RUNTIME_RACESHADOW_H

#include "VectorClock.h"
#include "llvm/ADT/DenseMap.h"
#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace mlir::bpt::emulator {

/// An access, as memory remembers it.
struct Epoch {
  uint32_t step = 0;
  uint32_t site = 0;
  Agent agent = kNoAgent;
  /// Volatile, relaxed or stronger: does not race with its like.
  bool isStrong = false;

  bool isSet() const { return agent != kNoAgent; }
};

/// Who accesses now, and what is ordered before it.
struct Accessor {
  /// What memory is to remember; that of an asynchronous operation is not
  /// ordered before anything until somebody has waited for it.
  Epoch epoch;
  /// The thread that issues it; its own steps are ordered before.
  Agent issuer = kNoAgent;
  const SyncClock *clock = nullptr;
  /// Through the async proxy: writes of the generic proxy have to be fenced.
  bool isAsyncProxy = false;
  const std::vector<bool> *agents = nullptr;

  bool follows(const Epoch &earlier) const {
    return earlier.agent == issuer ||
           clock->known.get(earlier.agent) >= earlier.step;
  }
};

struct Conflict {
  enum Kind { WriteWrite, WriteRead, ReadWrite, ProxyFence } kind;
  Epoch earlier;
  uint64_t address;
};

/// The last write of a word (or a byte) and two reads since: the first, and the
/// last that is concurrent with it.
struct ShadowCell {
  Epoch write;
  std::array<Epoch, 2> reads;
  /// The word's bytes have cells of their own.
  bool isSplit = false;

  std::optional<Conflict> access(const Accessor &accessor, bool isRead,
                                 bool isWrite);
};

/// Detects accesses to the same bytes that nothing orders, by the
/// happens-before relation, and generic writes that reach the async proxy
/// without a fence. A cell is a word; words that are accessed in parts get four
/// cells.
class RaceShadow {
public:
  /// Forgets all; `bytes` of memory from offset 0.
  void reset(uint32_t bytes);
  std::optional<Conflict> access(uint64_t offset, uint32_t bytes, bool isRead,
                                 bool isWrite, const Accessor &accessor);

private:
  std::vector<ShadowCell> words;
  llvm::DenseMap<uint64_t, std::array<ShadowCell, 4>> bytes;
};

/// The same for global memory, whose cells are made page by page.
class GlobalShadow {
public:
  void clear();
  std::optional<Conflict> access(uint64_t address, uint32_t bytes, bool isRead,
                                 bool isWrite, const Accessor &accessor);

private:
  static constexpr uint64_t kPageWords = 256;
  using Page = std::array<ShadowCell, kPageWords>;

  ShadowCell &getWord(uint64_t index);

  llvm::DenseMap<uint64_t, std::unique_ptr<Page>> pages;
  Page *lastPage = nullptr;
  uint64_t lastIndex = ~uint64_t(0);
  llvm::DenseMap<uint64_t, std::array<ShadowCell, 4>> bytes;
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_RACESHADOW_H
