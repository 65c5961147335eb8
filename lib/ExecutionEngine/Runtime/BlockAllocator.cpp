//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Runtime/BlockAllocator.h"
#include "bpt/ExecutionEngine/Runtime/GuardedCall.h"
#include <algorithm>

using namespace mlir::bpt::runtime;

using Lock = std::lock_guard<std::mutex>;

/// Gives kept blocks back until `limit` bytes are left: the smallest that is
/// enough, if one is, so that a large block stays where a small one will do.
void BlockAllocator::shrinkCache(size_t limit) {
  while (cached > limit) {
    auto block = cache.lower_bound(cached - limit);
    if (block == cache.end())
      block = std::prev(block);
    source.release(block->second, block->first);
    cached -= block->first;
    cache.erase(block);
  }
}

BlockAllocator::BlockList::iterator BlockAllocator::append(Block block) {
  return blocks.insert(blocks.end(), block);
}

/// Removes a block; the stretch of time before it takes over its peak.
void BlockAllocator::erase(BlockList::iterator block) {
  if (block != blocks.begin()) {
    auto previous = std::prev(block);
    previous->peakSince = std::max(previous->peakSince, block->peakSince);
  }
  blocks.erase(block);
}

void BlockAllocator::free(BlockList::iterator position) {
  Block block = *position;
  erase(position);
  index.erase(block.address);
  live -= block.size;
  held -= block.capacity;
  if (keepsFreed && held + cached + block.capacity <= peakHeld) {
    cache.emplace(block.capacity, block.address);
    cached += block.capacity;
  } else {
    source.release(block.address, block.capacity);
  }
}

void *BlockAllocator::allocate(size_t size, size_t blockAlignment) {
  blockAlignment = std::max(blockAlignment, alignment);
  size_t capacity = source.getCapacity(size, blockAlignment);

  Lock lock(mutex);
  void *address = nullptr;
  auto kept = blockAlignment == alignment ? cache.find(capacity) : cache.end();
  if (kept != cache.end()) {
    address = kept->second;
    cached -= capacity;
    cache.erase(kept);
  } else {
    shrinkCache(std::max(peakHeld, held + capacity) - (held + capacity));
    address = source.acquire(capacity, blockAlignment);
    if (!address && !cache.empty()) {
      shrinkCache(0);
      address = source.acquire(capacity, blockAlignment);
    }
  }
  if (!address)
    return nullptr;
  live += size;
  peak = std::max(peak, live);
  held += capacity;
  peakHeld = std::max(peakHeld, held);
  index[address] = append({address, size, capacity, getCurrentCall(), live});
  return address;
}

bool BlockAllocator::deallocate(void *address) {
  Lock lock(mutex);
  auto found = index.find(address);
  if (found == index.end())
    return false;
  free(found->second);
  return true;
}

void BlockAllocator::deallocateOf(uint64_t call) {
  Lock lock(mutex);
  for (auto block = blocks.begin(); block != blocks.end();) {
    auto next = std::next(block);
    if (block->address && block->call == call)
      free(block);
    block = next;
  }
}

bool BlockAllocator::isLive(const void *address) const {
  Lock lock(mutex);
  return index.count(address) != 0;
}

size_t BlockAllocator::getLiveBytes() const {
  Lock lock(mutex);
  return live;
}

size_t BlockAllocator::getNumLiveBlocks() const {
  Lock lock(mutex);
  return index.size();
}

size_t BlockAllocator::getPeakBytes() const {
  Lock lock(mutex);
  return peak;
}

void BlockAllocator::releaseCache() {
  Lock lock(mutex);
  shrinkCache(0);
}

WorkspaceMeter::WorkspaceMeter(BlockAllocator &allocator)
    : allocator(allocator) {
  Lock lock(allocator.mutex);
  baseline = allocator.live;
  marker = allocator.append({nullptr, 0, 0, 0, allocator.live});
}

WorkspaceMeter::~WorkspaceMeter() {
  Lock lock(allocator.mutex);
  allocator.erase(marker);
}

size_t WorkspaceMeter::getPeak(const std::pair<void *, size_t> *results,
                               size_t numResults) const {
  Lock lock(allocator.mutex);
  size_t excluded = baseline, peak = 0;
  for (auto block = marker; block != allocator.blocks.end(); ++block) {
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
