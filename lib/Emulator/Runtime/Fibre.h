//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_FIBRE_H
#define BPT_LIB_EMULATOR_RUNTIME_FIBRE_H

#include <cstddef>
#include <cstdint>

namespace mlir::bpt::emulator {

/// A stack of execution with a guard area below. The host thread's own stack
/// is one too (`Fibre()`).
class Fibre {
public:
  static constexpr size_t kStackBytes = 512 << 10;
  static constexpr size_t kGuardBytes = 64 << 10;

  Fibre() = default;

  /// Prepares to run `entry`, which never returns, on a stack of kStackBytes
  /// that an abandoned fibre may have used before.
  void start(uint8_t *stack, void (*entry)());

  /// Leaves this fibre, the running one, for another.
  void switchTo(Fibre &next);
  /// The same for good: this one will not run again.
  [[noreturn]] void leaveFor(Fibre &next);
  /// What `entry` has to call first.
  static void enter();

  /// Whether another call frame of ordinary size fits.
  static bool hasStackLeft(const uint8_t *stack);
  bool isOnStack(uint64_t address) const {
    return address - reinterpret_cast<uint64_t>(bottom) < size;
  }

private:
  void *stackPointer = nullptr;
  const void *bottom = nullptr;
  size_t size = 0;
  /// AddressSanitizer's.
  [[maybe_unused]] void *fakeStack = nullptr;
};

/// Recycles the stacks of one host thread.
class StackPool {
public:
  StackPool() = default;
  StackPool(const StackPool &) = delete;
  StackPool &operator=(const StackPool &) = delete;
  ~StackPool();

  /// Null if the host has no more.
  uint8_t *take();
  void giveBack(uint8_t *stack);

private:
  struct Node {
    Node *next;
  };
  Node *free = nullptr;
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_FIBRE_H
