//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/Runtime/Memory.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cstring>
#include <new>

using namespace mlir::bpt::emulator;

static constexpr uint64_t kAlignment = 256;
/// On either side of an allocation.
static constexpr uint64_t kRedZone = 256;

void DeviceMemory::insert(Allocation allocation) {
  auto added = std::make_unique<Allocation>(std::move(allocation));
  std::lock_guard<std::mutex> lock(mutex);
  bytesInUse += added->end - added->begin;
  peakBytes = std::max(peakBytes, bytesInUse);
  auto position = llvm::upper_bound(allocations, added->begin,
                                    [](uint64_t begin, const auto &allocation) {
                                      return begin < allocation->begin;
                                    });
  allocations.insert(position, std::move(added));
}

void *DeviceMemory::allocate(uint64_t bytes, llvm::StringRef name) {
  uint64_t total = bytes + 2 * kRedZone + kAlignment;
  if (total < bytes)
    return nullptr;
  // Not `new`, of which LLVM's tools make a crash where it fails.
  std::unique_ptr<uint8_t, FreeDeleter> storage(
      static_cast<uint8_t *>(std::malloc(total)));
  if (!storage)
    return nullptr;
  std::memset(storage.get(), 0xFF, total);
  uint64_t begin = reinterpret_cast<uint64_t>(storage.get()) + kRedZone;
  begin = (begin + kAlignment - 1) / kAlignment * kAlignment;
  insert({begin, begin + bytes, name.str(), false, std::move(storage)});
  return reinterpret_cast<void *>(begin);
}

void DeviceMemory::adopt(void *pointer, uint64_t bytes, llvm::StringRef name,
                         bool isReadOnly) {
  auto begin = reinterpret_cast<uint64_t>(pointer);
  insert({begin, begin + bytes, name.str(), isReadOnly, nullptr});
}

bool DeviceMemory::free(void *pointer) {
  auto begin = reinterpret_cast<uint64_t>(pointer);
  std::lock_guard<std::mutex> lock(mutex);
  auto found = llvm::find_if(allocations, [&](const auto &allocation) {
    return allocation->begin == begin;
  });
  if (found == allocations.end())
    return false;
  bytesInUse -= (*found)->end - (*found)->begin;
  allocations.erase(found);
  return true;
}

const DeviceMemory::Allocation *DeviceMemory::find(uint64_t address,
                                                   uint64_t bytes) const {
  std::lock_guard<std::mutex> lock(mutex);
  auto next = llvm::upper_bound(allocations, address,
                                [](uint64_t address, const auto &allocation) {
                                  return address < allocation->begin;
                                });
  if (next == allocations.begin())
    return nullptr;
  const Allocation &allocation = **std::prev(next);
  bool holds = address <= allocation.end && bytes <= allocation.end - address;
  return holds ? &allocation : nullptr;
}

std::string DeviceMemory::describe(uint64_t address) const {
  std::lock_guard<std::mutex> lock(mutex);
  auto next = llvm::upper_bound(allocations, address,
                                [](uint64_t address, const auto &allocation) {
                                  return address < allocation->begin;
                                });
  const Allocation *before =
      next == allocations.begin() ? nullptr : std::prev(next)->get();
  const Allocation *after = next == allocations.end() ? nullptr : next->get();
  auto size = [](const Allocation &allocation) {
    return allocation.end - allocation.begin;
  };
  if (before && address < before->end)
    return llvm::formatv("byte {0} of '{1}' ({2} bytes)",
                         address - before->begin, before->name, size(*before));
  constexpr uint64_t kNear = 1 << 20;
  uint64_t past = before ? address - before->end : ~uint64_t(0);
  uint64_t ahead = after ? after->begin - address : ~uint64_t(0);
  if (past <= ahead && past < kNear)
    return llvm::formatv("{0} bytes past the end of '{1}' ({2} bytes)", past,
                         before->name, size(*before));
  if (ahead < kNear)
    return llvm::formatv("{0} bytes before '{1}' ({2} bytes)", ahead,
                         after->name, size(*after));
  return "in no allocation";
}

uint64_t DeviceMemory::getBytesInUse() const {
  std::lock_guard<std::mutex> lock(mutex);
  return bytesInUse;
}

uint64_t DeviceMemory::getPeakBytes() const {
  std::lock_guard<std::mutex> lock(mutex);
  return peakBytes;
}
