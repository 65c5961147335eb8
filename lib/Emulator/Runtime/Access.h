//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_ACCESS_H
#define BPT_LIB_EMULATOR_RUNTIME_ACCESS_H

#include "State.h"

namespace mlir::bpt::emulator {

/// An address in the shared memory of a CTA of the cluster.
struct SharedPlace {
  Cta *cta;
  uint32_t offset;
};

/// Checks that the bytes are in the shared memory of a CTA of the thread's
/// cluster (of its own if `ownOnly`) and aligned; `what` names the operand in
/// messages.
SharedPlace checkShared(Thread &thread, uint64_t address, uint32_t bytes,
                        uint32_t alignment, bool ownOnly, const char *what,
                        uint32_t site);
/// The same for global memory.
void checkGlobal(Thread &thread, uint64_t address, uint64_t bytes,
                 uint32_t alignment, bool isWrite, const char *what,
                 uint32_t site);

/// Reports bytes of shared memory that have not been written.
void checkInitialized(Thread &thread, const SharedPlace &place, uint32_t bytes,
                      uint32_t site);
/// Reports a write to an mbarrier, which only its own instructions may do until
/// mbarrier.inval.
void checkNoMbarrier(Thread &thread, const SharedPlace &place, uint32_t bytes,
                     uint32_t site);
void markInitialized(Cta &cta, uint32_t offset, uint32_t bytes);

/// Read-modify-write of an element, atomic among all host threads; the value
/// before.
uint64_t updateElement(uint64_t address, ReductionOp op, ElementKind type,
                       uint64_t operand, uint64_t compare = 0);

/// Whether the kernel's parameters hold the bytes.
bool isParameter(const LaunchState &launch, uint64_t address, uint32_t bytes);

inline uint8_t *getPointer(uint64_t address) {
  return reinterpret_cast<uint8_t *>(address);
}

/// All that bpt_emu_access does for an access of the thread itself.
void checkAccess(Thread &thread, uint64_t address, uint32_t bytes,
                 uint32_t access, uint32_t site);

inline AccessKind getKind(uint32_t access) {
  return static_cast<AccessKind>(access & 3);
}
inline StateSpace getSpace(uint32_t access) {
  return static_cast<StateSpace>(access >> 2 & 7);
}
inline Semantics getSemantics(uint32_t access) {
  return static_cast<Semantics>(access >> 5 & 7);
}

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_ACCESS_H
