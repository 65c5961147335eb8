//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_RACES_H
#define BPT_LIB_EMULATOR_RUNTIME_RACES_H

#include "State.h"

namespace mlir::bpt::emulator {

/// Whether the launch looks for races.
bool detectsRaces();
/// The same for global memory.
bool detectsGlobalRaces();

/// The thread hands on what it knows, or learns what others have handed on.
void release(Thread &thread, SyncClock &clock);
void acquire(Thread &thread, const SyncClock &clock);
/// The threads of a barrier have released to the clock: they all know the same.
void acquireAll(Thread &thread, const SyncClock &clock);
/// What the thread knows is ordered before what the async proxy will do.
void fenceAsyncProxy(Thread &thread);
/// fence, for relaxed operations.
void fenceThread(Thread &thread);
/// A relaxed operation hands on what the thread knew at its last fence.
void publishFenced(const Thread &thread, SyncClock &clock);
/// A relaxed operation sees what the thread will know from its next fence on.
void seeRelaxed(Thread &thread, const SyncClock &clock);
/// A relaxed or stronger access to a location that synchronises.
void synchronizeThrough(Thread &thread, uint64_t address, AccessKind kind,
                        Semantics semantics);

/// An access of the thread itself.
void raceShared(Thread &thread, Cta &cta, uint32_t offset, uint32_t bytes,
                bool isRead, bool isWrite, bool isStrong, uint32_t site);
void raceGlobal(Thread &thread, uint64_t address, uint32_t bytes, bool isRead,
                bool isWrite, bool isStrong, uint32_t site);

/// A plain access, or an asynchronous one, among all clusters. A cluster that
/// has only read plainly cannot know what others have done.
void raceGrid(Thread &thread, uint64_t address, uint32_t bytes, bool isWrite,
              uint32_t site);

/// An access of an operation that the thread issues; `agent` and `step` are
/// what somebody has to wait for.
struct AsyncAccess {
  Agent agent;
  uint32_t step;
  bool isAsyncProxy;
};
void raceAsync(Thread &thread, Cta &cta, uint32_t offset, uint32_t bytes,
               bool isWrite, const AsyncAccess &access, uint32_t site);
/// A reduction, which does not race with its like.
void raceReduction(Thread &thread, Cta &cta, uint32_t offset, uint32_t bytes,
                   const AsyncAccess &access, uint32_t site);
/// The thread has waited for the agent's operations up to the step.
void observe(Thread &thread, Agent agent, uint32_t step);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_RACES_H
