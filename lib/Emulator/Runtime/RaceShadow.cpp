//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RaceShadow.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <algorithm>

using namespace mlir::bpt::emulator;

std::optional<Conflict> ShadowCell::access(const Accessor &accessor,
                                           bool isRead, bool isWrite) {
  const Epoch &epoch = accessor.epoch;
  auto races = [&](const Epoch &earlier) {
    return earlier.isSet() && !(earlier.isStrong && epoch.isStrong) &&
           !accessor.follows(earlier);
  };
  if (races(write))
    return Conflict{isWrite ? Conflict::WriteWrite : Conflict::WriteRead, write,
                    0};
  if (accessor.isAsyncProxy && write.isSet() &&
      !(*accessor.agents)[write.agent] &&
      accessor.clock->proxied.get(write.agent) < write.step)
    return Conflict{Conflict::ProxyFence, write, 0};
  if (isWrite) {
    for (const Epoch &read : reads)
      if (races(read))
        return Conflict{Conflict::ReadWrite, read, 0};
    write = epoch;
    reads = {};
    return std::nullopt;
  }
  // A read that is ordered before this one need not be remembered.
  for (Epoch &read : reads) {
    if (!read.isSet() || read.agent == epoch.agent ||
        (read.isStrong == epoch.isStrong && accessor.follows(read))) {
      read = epoch;
      return std::nullopt;
    }
  }
  reads.back() = epoch;
  return std::nullopt;
}

/// Runs over the words, splitting those that are accessed in part.
static std::optional<Conflict>
accessWords(uint64_t begin, uint32_t size, bool isRead, bool isWrite,
            const Accessor &accessor,
            llvm::function_ref<ShadowCell &(uint64_t)> getWord,
            llvm::DenseMap<uint64_t, std::array<ShadowCell, 4>> &bytes) {
  uint64_t end = begin + size;
  for (uint64_t index = begin / 4; index * 4 < end; ++index) {
    ShadowCell &word = getWord(index);
    uint64_t first = std::max(begin, index * 4);
    uint64_t last = std::min(end, index * 4 + 4);
    bool isWhole = last - first == 4;
    if (isWhole && !word.isSplit) {
      if (std::optional<Conflict> conflict =
              word.access(accessor, isRead, isWrite)) {
        conflict->address = index * 4;
        return conflict;
      }
      continue;
    }
    std::array<ShadowCell, 4> &parts = bytes[index];
    if (!word.isSplit) {
      parts.fill(word);
      word.isSplit = true;
    }
    for (uint64_t byte = first; byte < last; ++byte) {
      if (std::optional<Conflict> conflict =
              parts[byte % 4].access(accessor, isRead, isWrite)) {
        conflict->address = byte;
        return conflict;
      }
    }
    if (isWhole && isWrite) {
      word = ShadowCell();
      word.write = accessor.epoch;
    }
  }
  return std::nullopt;
}

void RaceShadow::reset(uint32_t size) {
  words.assign((size + 3) / 4, ShadowCell());
  bytes.clear();
}

std::optional<Conflict> RaceShadow::access(uint64_t offset, uint32_t size,
                                           bool isRead, bool isWrite,
                                           const Accessor &accessor) {
  return accessWords(
      offset, size, isRead, isWrite, accessor,
      [&](uint64_t index) -> ShadowCell & { return words[index]; }, bytes);
}

void GlobalShadow::clear() {
  pages.clear();
  bytes.clear();
  lastPage = nullptr;
  lastIndex = ~uint64_t(0);
}

ShadowCell &GlobalShadow::getWord(uint64_t index) {
  uint64_t pageIndex = index / kPageWords;
  if (pageIndex != lastIndex) {
    std::unique_ptr<Page> &page = pages[pageIndex];
    if (!page)
      page = std::make_unique<Page>();
    lastPage = page.get();
    lastIndex = pageIndex;
  }
  return (*lastPage)[index % kPageWords];
}

std::optional<Conflict> GlobalShadow::access(uint64_t address, uint32_t size,
                                             bool isRead, bool isWrite,
                                             const Accessor &accessor) {
  return accessWords(
      address, size, isRead, isWrite, accessor,
      [&](uint64_t index) -> ShadowCell & { return getWord(index); }, bytes);
}
