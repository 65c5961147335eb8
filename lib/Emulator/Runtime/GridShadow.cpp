//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GridShadow.h"
#include <algorithm>

using namespace mlir::bpt::emulator;

static constexpr uint64_t kClusterMask = (uint64_t(1) << 28) - 1;

static uint64_t encode(uint32_t cluster, uint64_t bytes, uint32_t site) {
  return ((uint64_t(cluster) + 1) & kClusterMask) | bytes << 28 |
         uint64_t(site) << 32;
}

static uint64_t getBytes(uint64_t entry) { return entry >> 28 & 15; }

/// Whether the entry is another cluster's, and has some of the bytes.
static bool conflicts(uint64_t entry, uint64_t mine) {
  return (entry & kClusterMask) != 0 &&
         (entry & kClusterMask) != (mine & kClusterMask) &&
         (getBytes(entry) & getBytes(mine)) != 0;
}

static void note(std::atomic<uint64_t> &place, uint64_t mine) {
  uint64_t before = place.load(std::memory_order_relaxed);
  bool isMine = (before & kClusterMask) == (mine & kClusterMask);
  uint64_t wanted = isMine ? mine | getBytes(before) << 28 : mine;
  if (wanted != before)
    place.store(wanted, std::memory_order_relaxed);
}

GridShadow::Page &GridShadow::getPage(uint64_t index) {
  std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<Page> &page = pages[index];
  if (!page)
    page = std::make_unique<Page>();
  return *page;
}

std::optional<GridShadow::Conflict>
GridShadow::access(uint64_t address, uint32_t bytes, uint32_t cluster,
                   bool isWrite, uint32_t site) {
  Page *page = nullptr;
  uint64_t end = address + bytes;
  std::optional<Conflict> found;
  for (uint64_t index = address / 4; index * 4 < end; ++index) {
    if (!page || index % kPageWords == 0)
      page = &getPage(index / kPageWords);
    Word &word = (*page)[index % kPageWords];
    uint64_t first = std::max(address, index * 4) - index * 4;
    uint64_t last = std::min(end, index * 4 + 4) - index * 4;
    uint64_t mine =
        encode(cluster, (15u >> (4 - (last - first))) << first, site);
    uint64_t writer = word.writer.load(std::memory_order_relaxed);
    uint64_t reader = word.reader.load(std::memory_order_relaxed);
    auto toConflict = [](uint64_t entry, bool isEarlierWrite) {
      return Conflict{isEarlierWrite,
                      static_cast<uint32_t>((entry & kClusterMask) - 1),
                      static_cast<uint32_t>(entry >> 32)};
    };
    if (conflicts(writer, mine))
      found = toConflict(writer, true);
    else if (isWrite && conflicts(reader, mine))
      found = toConflict(reader, false);
    note(isWrite ? word.writer : word.reader, mine);
  }
  return found;
}
