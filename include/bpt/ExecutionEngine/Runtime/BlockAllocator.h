//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bookkeeping of blocks of memory, of the host or of a device. It needs nothing
// but the C++ library, since code compiled ahead of time is linked with it.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_RUNTIME_BLOCKALLOCATOR_H
#define BPT_EXECUTIONENGINE_RUNTIME_BLOCKALLOCATOR_H

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace mlir::bpt::runtime {

/// Where blocks come from and go to.
class MemorySource {
public:
  virtual ~MemorySource() = default;
  /// The bytes that are acquired for a block; blocks of one capacity stand in
  /// for each other.
  virtual size_t getCapacity(size_t size, size_t alignment) const = 0;
  /// Null if there is no memory.
  virtual void *acquire(size_t capacity, size_t alignment) = 0;
  virtual void release(void *address, size_t capacity) = 0;
};

/// Hands out blocks, keeps freed ones for reuse and counts bytes. Calls may run
/// at the same time.
class BlockAllocator {
public:
  /// Blocks are aligned to `alignment` at least, and a freed one is kept only
  /// as long as live and kept blocks together are no more than the live ones
  /// have been, as the source counts them, so that keeping them never takes
  /// more memory than the program did; with `keepsFreed` false it goes back at
  /// once.
  BlockAllocator(MemorySource &source, size_t alignment, bool keepsFreed = true)
      : source(source), alignment(alignment), keepsFreed(keepsFreed) {}
  /// Gives back what is kept; live blocks stay with the source.
  ~BlockAllocator() { releaseCache(); }

  /// Null if there is no memory, also after what was kept has gone back.
  void *allocate(size_t size, size_t alignment);
  /// False, and nothing done, if it is not a live block.
  bool deallocate(void *address);
  /// Frees the blocks that a call (see GuardedCall.h) allocated and left.
  void deallocateOf(uint64_t call);

  bool isLive(const void *address) const;
  /// Bytes asked for and not freed.
  size_t getLiveBytes() const;
  size_t getNumLiveBlocks() const;
  /// The largest value of getLiveBytes so far.
  size_t getPeakBytes() const;
  /// Returns what is kept to the source.
  void releaseCache();

private:
  friend class WorkspaceMeter;

  struct Block {
    void *address;
    size_t size;
    size_t capacity;
    /// The guarded call that allocated it; 0: none.
    uint64_t call;
    /// The most live bytes between this allocation and the next one that is
    /// still live. Kept so, the peak can be told apart by results later on.
    size_t peakSince;
  };
  using BlockList = std::list<Block>;

  void shrinkCache(size_t limit);
  BlockList::iterator append(Block block);
  void erase(BlockList::iterator block);
  /// Of a live block.
  void free(BlockList::iterator position);

  MemorySource &source;
  size_t alignment;
  bool keepsFreed;
  mutable std::mutex mutex;
  /// Live blocks and the markers of meters, in order of allocation.
  BlockList blocks;
  std::unordered_map<const void *, BlockList::iterator> index;
  /// Freed blocks by capacity.
  std::multimap<size_t, void *> cache;
  size_t live = 0;
  size_t peak = 0;
  /// What the source gave for live blocks, the most of it so far, and what it
  /// gave for kept ones.
  size_t held = 0;
  size_t peakHeld = 0;
  size_t cached = 0;
};

/// Measures what the code between construction and `getPeak` holds beyond the
/// blocks that it leaves as results. The peak is exact: a result counts as a
/// result from the moment it is allocated.
class WorkspaceMeter {
public:
  explicit WorkspaceMeter(BlockAllocator &allocator);
  ~WorkspaceMeter();
  WorkspaceMeter(const WorkspaceMeter &) = delete;
  WorkspaceMeter &operator=(const WorkspaceMeter &) = delete;

  /// `results`: a live block and how many of its bytes are a result, each.
  size_t getPeak(const std::pair<void *, size_t> *results,
                 size_t numResults) const;

private:
  BlockAllocator &allocator;
  BlockAllocator::BlockList::iterator marker;
  size_t baseline;
};

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_RUNTIME_BLOCKALLOCATOR_H
