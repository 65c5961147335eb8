//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedWindows.h"
#include "State.h"
#include "llvm/ADT/BitVector.h"
#include <mutex>
#include <sys/mman.h>

using namespace mlir::bpt::emulator;

/// Above what the kernel forbids to map, below AddressSanitizer's shadow.
static constexpr uint32_t kFirstWindow = 0x10000000;
static constexpr uint32_t kLastWindow = 0x70000000;
static constexpr uint32_t kNumWindows =
    (kLastWindow - kFirstWindow) / kSharedWindow;

namespace {
/// The windows of all launches of the process.
struct WindowTable {
  std::mutex mutex;
  llvm::BitVector used{kNumWindows};
};
} // namespace

static WindowTable &getTable() {
  static WindowTable table;
  return table;
}

static bool map(uint32_t begin, uint32_t bytes) {
  void *wanted = reinterpret_cast<void *>(uintptr_t(begin));
  void *got = mmap(
      wanted, bytes, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == wanted)
    return true;
  // Kernels before 4.17 take the flag for a hint.
  if (got != MAP_FAILED)
    munmap(got, bytes);
  return false;
}

uint32_t mlir::bpt::emulator::acquireSharedWindows(uint32_t count) {
  WindowTable &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  for (uint32_t first = 0; first + count <= kNumWindows;) {
    int taken = table.used.find_first_in(first, first + count);
    if (taken >= 0) {
      first = static_cast<uint32_t>(taken) + 1;
      continue;
    }
    uint32_t begin = kFirstWindow + first * kSharedWindow;
    if (map(begin, count * kSharedWindow)) {
      table.used.set(first, first + count);
      return begin;
    }
    // Something of the host's lies there.
    ++first;
  }
  return 0;
}

void mlir::bpt::emulator::releaseSharedWindows(uint32_t begin, uint32_t count) {
  WindowTable &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  munmap(reinterpret_cast<void *>(uintptr_t(begin)), count * kSharedWindow);
  uint32_t first = (begin - kFirstWindow) / kSharedWindow;
  table.used.reset(first, first + count);
}
