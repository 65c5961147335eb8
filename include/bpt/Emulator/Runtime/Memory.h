//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_RUNTIME_MEMORY_H
#define BPT_EMULATOR_RUNTIME_MEMORY_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mlir::bpt::emulator {

/// The emulated device's global memory: named allocations with red zones
/// between them. Addresses are host pointers. Safe to use from several threads;
/// nothing may be freed while a kernel runs.
class DeviceMemory {
public:
  struct FreeDeleter {
    void operator()(uint8_t *memory) const { std::free(memory); }
  };

  struct Allocation {
    uint64_t begin, end;
    std::string name;
    /// Constant memory: kernels may not write it.
    bool isReadOnly = false;
    /// Null for memory that somebody else owns.
    std::unique_ptr<uint8_t, FreeDeleter> storage;
  };

  DeviceMemory() = default;
  DeviceMemory(const DeviceMemory &) = delete;
  DeviceMemory &operator=(const DeviceMemory &) = delete;

  /// Zero bytes are fine. The content is 0xFF, which is NaN in every float
  /// type, and the address is a multiple of 256. Null if the host has not got
  /// that much memory.
  void *allocate(uint64_t bytes, llvm::StringRef name);
  /// Makes known memory of the caller's, which it must outlive until `free`.
  void adopt(void *pointer, uint64_t bytes, llvm::StringRef name,
             bool isReadOnly = false);
  /// False if nothing begins there.
  bool free(void *pointer);

  /// The allocation that holds all of [address, address + bytes).
  const Allocation *find(uint64_t address, uint64_t bytes) const;
  /// Where an address lies that `find` does not know: "12 bytes past the end of
  /// 'x' (4096 bytes)".
  std::string describe(uint64_t address) const;

  uint64_t getBytesInUse() const;
  uint64_t getPeakBytes() const;

private:
  void insert(Allocation allocation);

  mutable std::mutex mutex;
  /// Sorted by address.
  std::vector<std::unique_ptr<Allocation>> allocations;
  uint64_t bytesInUse = 0, peakBytes = 0;
};

} // namespace mlir::bpt::emulator

#endif // BPT_EMULATOR_RUNTIME_MEMORY_H
