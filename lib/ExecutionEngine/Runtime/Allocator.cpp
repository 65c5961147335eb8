//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Runtime/Allocator.h"
#include "bpt/ExecutionEngine/Runtime/GuardedCall.h"
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

using namespace mlir::bpt::runtime;

namespace {
constexpr size_t kAlignment = 64;
constexpr size_t kPageSize = 4096;
/// From here on blocks are pages of their own, which go back to the system
/// when they are freed; below, the C library's heap is better.
constexpr size_t kMinMapped = 1 << 20;
/// From here on pages are as large as the system has them: the first touch of
/// every page is a fault.
constexpr size_t kMinLargePages = 2 << 20;

size_t roundUp(size_t size, size_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

class HostMemory : public MemorySource {
public:
  size_t getCapacity(size_t size, size_t alignment) const override {
    // A block of no bytes has an address of its own too.
    size_t capacity = roundUp(std::max<size_t>(size, 1), alignment);
    return capacity < kMinMapped ? capacity : roundUp(capacity, kPageSize);
  }

  void *acquire(size_t capacity, size_t alignment) override {
    if (capacity < kMinMapped)
      return std::aligned_alloc(alignment, capacity);
    void *pages = mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
      return nullptr;
    // A wish, which a system without large pages does not grant.
    if (capacity >= kMinLargePages)
      (void)madvise(pages, capacity, MADV_HUGEPAGE);
    return pages;
  }

  void release(void *address, size_t capacity) override {
    if (capacity < kMinMapped)
      std::free(address);
    else
      munmap(address, capacity);
  }
};

std::atomic<bool> poison{false};

[[noreturn]] void fail(const char *format, size_t first, size_t second) {
  char line[160];
  std::snprintf(line, sizeof(line), format, first, second);
  failCall(line);
}
} // namespace

/// Never destroyed: results may be freed while the process exits.
BlockAllocator &mlir::bpt::runtime::getHostAllocator() {
  static auto *allocator = new BlockAllocator(*new HostMemory, kAlignment);
  return *allocator;
}

void *mlir::bpt::runtime::allocate(size_t size, size_t alignment) {
  bool isSane = size <= static_cast<size_t>(PTRDIFF_MAX) / 2 &&
                alignment <= kPageSize && (alignment & (alignment - 1)) == 0;
  void *address =
      isSane ? getHostAllocator().allocate(size, alignment) : nullptr;
  if (!address)
    fail("error: out of memory: compiled code asked for %zu bytes and holds "
         "%zu",
         size, getHostAllocator().getLiveBytes());
  if (poison)
    std::memset(address, 0xff, size);
  return address;
}

void mlir::bpt::runtime::deallocate(void *address) {
  if (address && !getHostAllocator().deallocate(address))
    fail("error: compiled code frees 0x%zx, which is not an allocated block "
         "(of %zu live ones)",
         reinterpret_cast<size_t>(address),
         getHostAllocator().getNumLiveBlocks());
}

bool mlir::bpt::runtime::isLive(const void *block) {
  return getHostAllocator().isLive(block);
}

void mlir::bpt::runtime::setPoison(bool enable) { poison = enable; }

bool mlir::bpt::runtime::isPoisoning() { return poison; }
