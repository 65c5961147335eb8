//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementTypes.h"
#include "Mbarriers.h"
#include "Races.h"
#include "Scheduler.h"
#include <cstring>

using namespace mlir::bpt::emulator;

// st.async and red.async

void bpt_emu_st_async(uint64_t address, const void *data, uint32_t bytes,
                      uint64_t mbarrier, uint32_t site) {
  Thread &thread = currentThread();
  MbarrierPlace where =
      findMbarrier(thread, mbarrier, /*ownOnly=*/false, "st.async", site);
  SharedPlace place =
      checkAsyncWrite(thread, address, bytes, bytes, where, "st.async", site);
  std::array<uint8_t, 16> copy;
  std::memcpy(copy.data(), data, bytes);
  issueAsync(thread, [=, &thread] {
    std::memcpy(getPointer(address), copy.data(), bytes);
    markInitialized(*place.cta, place.offset, bytes);
    updateMbarrier(thread, where, 0, -int64_t(bytes), site);
  });
}

void bpt_emu_red_async(uint64_t address, ReductionOp op, ElementKind type,
                       uint64_t operand, uint64_t mbarrier, uint32_t site) {
  Thread &thread = currentThread();
  uint32_t bytes = getBitWidth(type) / 8;
  MbarrierPlace where =
      findMbarrier(thread, mbarrier, /*ownOnly=*/false, "red.async", site);
  SharedPlace place = checkShared(thread, address, bytes, bytes,
                                  /*ownOnly=*/false, "red.async", site);
  if (place.cta != where.place.cta)
    fail(site,
         "red.async: the destination is in the shared memory of block {0} of "
         "the cluster, its mbarrier in that of block {1}",
         place.cta->rank, where.place.cta->rank);
  checkInitialized(thread, place, bytes, site);
  if (detectsRaces())
    raceShared(thread, *place.cta, place.offset, bytes, /*isRead=*/true,
               /*isWrite=*/true, /*isStrong=*/true, site);
  issueAsync(thread, [=, &thread] {
    uint64_t value = 0;
    std::memcpy(&value, getPointer(address), bytes);
    value = applyReduction(op, type, value, operand);
    std::memcpy(getPointer(address), &value, bytes);
    updateMbarrier(thread, where, 0, -int64_t(bytes), site);
  });
}
