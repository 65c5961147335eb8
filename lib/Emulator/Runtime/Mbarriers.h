//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_MBARRIERS_H
#define BPT_LIB_EMULATOR_RUNTIME_MBARRIERS_H

#include "Access.h"
#include "Races.h"
#include "Scheduler.h"
#include "State.h"

namespace mlir::bpt::emulator {

/// An mbarrier that an instruction of the thread names.
struct MbarrierPlace {
  SharedPlace place;
  Mbarrier *mbarrier;
};

/// Checks the address, and that mbarrier.init has happened before.
MbarrierPlace findMbarrier(Thread &thread, uint64_t address, bool ownOnly,
                           const char *what, uint32_t site);

/// Changes the running phase by arrivals and bytes, and completes it if nothing
/// is missing. `thread` and `site` are for errors.
void updateMbarrier(Thread &thread, const MbarrierPlace &where,
                    uint32_t arrivals, int64_t transactions, uint32_t site);

/// The agent and step of copies that the mbarrier's running phase tracks.
AsyncAccess trackCopies(Thread &thread, Mbarrier &mbarrier);

/// Checks a write by an asynchronous operation that completes bytes of an
/// mbarrier, which has to be in the same CTA.
SharedPlace checkAsyncWrite(Thread &thread, uint64_t address, uint32_t bytes,
                            uint32_t alignment, const MbarrierPlace &where,
                            const char *what, uint32_t site);

/// Calls `function(rank)` for the CTAs of a multicast copy's mask.
template <typename Function>
void forEachMulticastTarget(uint32_t ctaMask, uint32_t site,
                            Function function) {
  size_t numCtas = currentThread().cta->cluster->ctas.size();
  if (ctaMask == 0 || ctaMask >> numCtas)
    fail(site,
         "the multicast mask {0:x} has to name some of the cluster's {1} "
         "blocks, and no others",
         ctaMask, numCtas);
  for (uint32_t rest = ctaMask; rest; rest &= rest - 1)
    function(static_cast<uint32_t>(__builtin_ctz(rest)));
}

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_MBARRIERS_H
