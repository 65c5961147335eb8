//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Runtime/Allocator.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unordered_map>

using namespace mlir::bpt::runtime;

namespace {
constexpr size_t kAlignment = 64;
constexpr size_t kPageSize = 4096;
/// From here on blocks are pages of their own, which go back to the system
/// when they are freed; below, the C library's heap is better.
constexpr size_t kMinMapped = 1 << 20;

struct Block {
  void *address;
  size_t size;
  /// What the system was asked for: size, rounded up.
  size_t capacity;
  /// The most live bytes between this allocation and the next one that is
  /// still live. Kept so, the peak can be told apart by results later on.
  size_t peakSince;
};

struct State {
  std::mutex mutex;
  /// Live blocks and the markers of meters, in order of allocation.
  std::list<Block> blocks;
  std::unordered_map<const void *, std::list<Block>::iterator> index;
  /// Freed blocks by capacity.
  std::multimap<size_t, void *> cache;
  size_t live = 0;
  size_t peak = 0;
  size_t cached = 0;
  bool poison = false;
};

/// Never destroyed: results may be freed while the process exits.
State &getState() {
  static State *state = new State;
  return *state;
}

size_t roundUp(size_t size, size_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

void *acquire(size_t capacity, size_t alignment) {
  if (capacity < kMinMapped)
    return std::aligned_alloc(alignment, capacity);
  void *pages = mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

void release(void *address, size_t capacity) {
  if (capacity < kMinMapped)
    std::free(address);
  else
    munmap(address, capacity);
}

/// Gives kept blocks back, largest first, until `limit` bytes are left.
void shrinkCache(State &state, size_t limit) {
  while (state.cached > limit) {
    auto largest = std::prev(state.cache.end());
    release(largest->second, largest->first);
    state.cached -= largest->first;
    state.cache.erase(largest);
  }
}

std::list<Block>::iterator append(State &state, Block block) {
  return state.blocks.insert(state.blocks.end(), block);
}

/// Removes a block; the stretch of time before it takes over its peak.
void erase(State &state, std::list<Block>::iterator block) {
  if (block != state.blocks.begin()) {
    auto previous = std::prev(block);
    previous->peakSince = std::max(previous->peakSince, block->peakSince);
  }
  state.blocks.erase(block);
}

[[noreturn]] void fail(const char *format, size_t first, size_t second) {
  std::fprintf(stderr, format, first, second);
  std::fflush(stderr);
  std::_Exit(2);
}
} // namespace

void *mlir::bpt::runtime::allocate(size_t size, size_t alignment) {
  State &state = getState();
  alignment = std::max(alignment, kAlignment);
  bool isSane = size <= static_cast<size_t>(PTRDIFF_MAX) / 2 &&
                alignment <= kPageSize && (alignment & (alignment - 1)) == 0;
  // A block of no bytes has an address of its own too.
  size_t capacity = roundUp(std::max<size_t>(size, 1), alignment);
  if (capacity >= kMinMapped)
    capacity = roundUp(capacity, kPageSize);

  void *address = nullptr;
  if (isSane) {
    std::lock_guard<std::mutex> lock(state.mutex);
    auto kept = alignment == kAlignment ? state.cache.find(capacity)
                                        : state.cache.end();
    if (kept != state.cache.end()) {
      address = kept->second;
      state.cached -= capacity;
      state.cache.erase(kept);
    } else {
      size_t limit = std::max(state.peak, state.live + capacity);
      shrinkCache(state, limit - std::min(limit, state.live + capacity));
      address = acquire(capacity, alignment);
      if (!address) {
        shrinkCache(state, 0);
        address = acquire(capacity, alignment);
      }
    }
    if (address) {
      state.live += size;
      state.peak = std::max(state.peak, state.live);
      state.index[address] =
          append(state, {address, size, capacity, state.live});
    }
  }
  if (!address)
    fail("error: out of memory: compiled code asked for %zu bytes and holds "
         "%zu\n",
         size, getLiveBytes());
  if (state.poison)
    std::memset(address, 0xff, size);
  return address;
}

void mlir::bpt::runtime::deallocate(void *address) {
  if (!address)
    return;
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.mutex);
  auto found = state.index.find(address);
  if (found == state.index.end())
    fail("error: compiled code frees 0x%zx, which is not an allocated block "
         "(of %zu live ones)\n",
         reinterpret_cast<size_t>(address), state.index.size());
  Block block = *found->second;
  erase(state, found->second);
  state.index.erase(found);
  state.live -= block.size;
  if (state.live + state.cached + block.capacity <= state.peak) {
    state.cache.emplace(block.capacity, address);
    state.cached += block.capacity;
  } else {
    release(address, block.capacity);
  }
}

bool mlir::bpt::runtime::isLive(const void *block) {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.mutex);
  return state.index.count(block) != 0;
}

size_t mlir::bpt::runtime::getLiveBytes() {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.mutex);
  return state.live;
}

size_t mlir::bpt::runtime::getPeakBytes() {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.mutex);
  return state.peak;
}

void mlir::bpt::runtime::releaseCache() {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.mutex);
  shrinkCache(state, 0);
}

void mlir::bpt::runtime::setPoison(bool enable) {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.mutex);
  state.poison = enable;
}

WorkspaceMeter::WorkspaceMeter() {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.mutex);
  baseline = state.live;
  marker = new std::list<Block>::iterator(
      append(state, {nullptr, 0, 0, state.live}));
}

WorkspaceMeter::~WorkspaceMeter() {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.mutex);
  auto *position = static_cast<std::list<Block>::iterator *>(marker);
  erase(state, *position);
  delete position;
}

size_t WorkspaceMeter::getPeak(const std::pair<void *, size_t> *results,
                               size_t numResults) const {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.mutex);
  size_t excluded = baseline, peak = 0;
  for (auto block = *static_cast<std::list<Block>::iterator *>(marker);
       block != state.blocks.end(); ++block) {
    auto *result =
        std::find_if(results, results + numResults, [&](const auto &candidate) {
          return candidate.first == block->address;
        });
    if (result != results + numResults)
      excluded += result->second;
    if (block->peakSince > excluded)
      peak = std::max(peak, block->peakSince - excluded);
  }
  return peak;
}
