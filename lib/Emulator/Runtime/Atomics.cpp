//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "ElementTypes.h"
#include "Scheduler.h"
#include "Worker.h"
#include <cstring>
#include <mutex>

using namespace mlir::bpt::emulator;

/// Other host threads may work on the same global memory.
template <typename Bits>
static uint64_t update(uint64_t address, ReductionOp op, ElementKind type,
                       uint64_t operand, uint64_t compare) {
  auto *place = reinterpret_cast<Bits *>(address);
  Bits old = __atomic_load_n(place, __ATOMIC_SEQ_CST);
  for (;;) {
    Bits wanted;
    if (op == ReductionOp::CompareAndSwap)
      wanted =
          old == static_cast<Bits>(compare) ? static_cast<Bits>(operand) : old;
    else
      wanted = static_cast<Bits>(applyReduction(op, type, old, operand));
    if (__atomic_compare_exchange_n(place, &old, wanted, /*weak=*/false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
      if (wanted != old)
        currentWorker().noteProgress();
      return old;
    }
  }
}

uint64_t mlir::bpt::emulator::updateElement(uint64_t address, ReductionOp op,
                                            ElementKind type, uint64_t operand,
                                            uint64_t compare) {
  switch (getBitWidth(type)) {
  case 8:
    return update<uint8_t>(address, op, type, operand, compare);
  case 16:
    return update<uint16_t>(address, op, type, operand, compare);
  case 32:
    return update<uint32_t>(address, op, type, operand, compare);
  default:
    return update<uint64_t>(address, op, type, operand, compare);
  }
}

static uint32_t asAtomic(uint32_t access) {
  return (access & ~uint32_t(3)) | static_cast<uint32_t>(AccessKind::Atomic);
}

uint64_t bpt_emu_atomic(uint64_t address, ReductionOp op, ElementKind type,
                        uint64_t operand, uint64_t compare, uint32_t access,
                        uint32_t site) {
  checkAccess(currentThread(), address, getBitWidth(type) / 8, asAtomic(access),
              site);
  return updateElement(address, op, type, operand, compare);
}

void bpt_emu_atomic128(uint64_t address, ReductionOp op,
                       const uint64_t *operand, const uint64_t *compare,
                       uint64_t *old, uint32_t access, uint32_t site) {
  checkAccess(currentThread(), address, 16, asAtomic(access), site);
  // Not every x86-64 has a 16-byte compare-and-swap.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  std::memcpy(old, getPointer(address), 16);
  bool stores =
      op == ReductionOp::Exchange || std::memcmp(old, compare, 16) == 0;
  if (!stores)
    return;
  std::memcpy(getPointer(address), operand, 16);
  currentWorker().noteProgress();
}

void bpt_emu_atomic_vector(uint64_t address, ReductionOp op, ElementKind type,
                           uint32_t count, const void *operands, void *old,
                           uint32_t access, uint32_t site) {
  uint32_t bytes = getBitWidth(type) / 8;
  checkAccess(currentThread(), address, bytes * count, asAtomic(access), site);
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t operand = 0;
    std::memcpy(&operand, static_cast<const uint8_t *>(operands) + i * bytes,
                bytes);
    uint64_t before = updateElement(address + i * bytes, op, type, operand);
    if (old)
      std::memcpy(static_cast<uint8_t *>(old) + i * bytes, &before, bytes);
  }
}
