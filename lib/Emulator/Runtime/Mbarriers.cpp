//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mbarriers.h"
#include "Races.h"
#include "Scheduler.h"
#include "Worker.h"
#include <cstring>

using namespace mlir::bpt::emulator;

static constexpr uint32_t kMaxCount = (1 << 20) - 1;
static constexpr int64_t kMaxTransactions = (1 << 20) - 1;
/// Of tests of several mbarriers in turn, before others run in between.
static constexpr uint32_t kMaxSpuriousFailures = 4;

//===----------------------------------------------------------------------===//
// The state
//===----------------------------------------------------------------------===//

/// Counts in bits 0-19 (expected) and 20-39 (pending), bytes in 40-62, the
/// phase's parity in 63.
static uint64_t encode(const Mbarrier &mbarrier) {
  uint64_t transactions =
      static_cast<uint64_t>(mbarrier.transactions) & 0x7FFFFF;
  return mbarrier.expected | uint64_t(mbarrier.pending) << 20 |
         transactions << 40 | uint64_t(mbarrier.phase & 1) << 63;
}

static void store(const SharedPlace &place, const Mbarrier &mbarrier) {
  uint64_t state = encode(mbarrier);
  std::memcpy(getPointer(place.cta->windowBegin + place.offset), &state,
              sizeof(state));
}

uint32_t bpt_emu_mbarrier_pending_count(uint64_t state) {
  return state >> 20 & kMaxCount;
}

MbarrierPlace mlir::bpt::emulator::findMbarrier(Thread &thread,
                                                uint64_t address, bool ownOnly,
                                                const char *what,
                                                uint32_t site) {
  SharedPlace place = checkShared(thread, address, 8, 8, ownOnly, what, site);
  auto found = place.cta->mbarriers.find(static_cast<uint32_t>(address));
  if (found == place.cta->mbarriers.end() || !found->second.isValid)
    failAt(thread, site,
           "{0}: there is no mbarrier at {1:x} of shared memory; mbarrier.init "
           "has to come first",
           what, place.offset);
  uint64_t inMemory;
  std::memcpy(&inMemory, getPointer(address), sizeof(inMemory));
  if (inMemory != encode(found->second))
    failAt(thread, site,
           "{0}: something has written over the mbarrier at {1:x} of shared "
           "memory",
           what, place.offset);
  if (detectsRaces())
    raceShared(thread, *place.cta, place.offset, 8, /*isRead=*/true,
               /*isWrite=*/false, /*isStrong=*/true, site);
  return {place, &found->second};
}

static void completePhase(const MbarrierPlace &where) {
  Mbarrier &mbarrier = *where.mbarrier;
  Cta &cta = *where.place.cta;
  uint32_t parity = mbarrier.phase & 1;
  ++mbarrier.phase;
  mbarrier.pending = mbarrier.expected;
  if (mbarrier.agent != kNoAgent)
    mbarrier.arriving.known.raise(mbarrier.agent, mbarrier.phase);
  mbarrier.completed = std::move(mbarrier.arriving);
  mbarrier.completed.known.fold();
  mbarrier.completed.proxied.fold();
  mbarrier.arriving.clear();
  uint32_t address = cta.windowBegin + where.place.offset;
  llvm::erase_if(cta.phaseWaiters, [&](const PhaseWaiter &waiter) {
    if (waiter.address != address || waiter.parity != parity)
      return false;
    wake(*waiter.thread);
    return true;
  });
  currentWorker().noteProgress();
}

void mlir::bpt::emulator::updateMbarrier(Thread &thread,
                                         const MbarrierPlace &where,
                                         uint32_t arrivals,
                                         int64_t transactions, uint32_t site) {
  Mbarrier &mbarrier = *where.mbarrier;
  if (!mbarrier.isValid)
    failAt(thread, site,
           "the mbarrier has been invalidated before this completes");
  if (arrivals > mbarrier.pending)
    failAt(thread, site,
           "{0} arrivals at an mbarrier whose phase lacks {1} of its {2}",
           arrivals, mbarrier.pending, mbarrier.expected);
  mbarrier.pending -= arrivals;
  mbarrier.transactions += transactions;
  if (mbarrier.transactions > kMaxTransactions ||
      mbarrier.transactions < -kMaxTransactions)
    failAt(thread, site,
           "the mbarrier's transaction count becomes {0}; it can be at most "
           "2^20 - 1 in magnitude",
           mbarrier.transactions);
  if (mbarrier.pending == 0 && mbarrier.transactions == 0)
    completePhase(where);
  store(where.place, mbarrier);
}

AsyncAccess mlir::bpt::emulator::trackCopies(Thread &thread,
                                             Mbarrier &mbarrier) {
  if (mbarrier.agent == kNoAgent)
    mbarrier.agent = thread.cta->cluster->addAgent(/*isAsyncProxy=*/true);
  return {mbarrier.agent, mbarrier.phase + 1, /*isAsyncProxy=*/true};
}

SharedPlace mlir::bpt::emulator::checkAsyncWrite(
    Thread &thread, uint64_t address, uint32_t bytes, uint32_t alignment,
    const MbarrierPlace &where, const char *what, uint32_t site) {
  SharedPlace place = checkShared(thread, address, bytes, alignment,
                                  /*ownOnly=*/false, what, site);
  if (place.cta != where.place.cta)
    failAt(thread, site,
           "{0}: the destination is in the shared memory of block {1} of the "
           "cluster, its mbarrier in that of block {2}",
           what, place.cta->rank, where.place.cta->rank);
  checkNoMbarrier(thread, place, bytes, site);
  if (detectsRaces())
    raceAsync(thread, *place.cta, place.offset, bytes, /*isWrite=*/true,
              trackCopies(thread, *where.mbarrier), site);
  return place;
}

//===----------------------------------------------------------------------===//
// The instructions
//===----------------------------------------------------------------------===//

void bpt_emu_mbarrier_init(uint64_t address, uint32_t count, uint32_t site) {
  Thread &thread = currentThread();
  SharedPlace place = checkShared(thread, address, 8, 8, /*ownOnly=*/true,
                                  "mbarrier.init", site);
  if (count == 0 || count > kMaxCount)
    fail(site, "mbarrier.init with a count of {0}; it can be 1 to 2^20 - 1",
         count);
  if (detectsRaces())
    raceShared(thread, *place.cta, place.offset, 8, /*isRead=*/false,
               /*isWrite=*/true, /*isStrong=*/false, site);
  markInitialized(*place.cta, place.offset, 8);
  Mbarrier &mbarrier = place.cta->mbarriers[static_cast<uint32_t>(address)];
  if (mbarrier.isValid)
    fail(site,
         "mbarrier.init: there is an mbarrier at {0:x} of shared memory "
         "already; mbarrier.inval has to come first",
         place.offset);
  Agent agent = mbarrier.agent;
  uint32_t phase = mbarrier.phase;
  mbarrier = Mbarrier();
  // Steps of copies that an earlier mbarrier here tracked stay in the past.
  mbarrier.isValid = true;
  mbarrier.agent = agent;
  mbarrier.phase = (phase + 1) & ~1u;
  mbarrier.expected = mbarrier.pending = count;
  store(place, mbarrier);
}

void bpt_emu_mbarrier_inval(uint64_t address, uint32_t site) {
  Thread &thread = currentThread();
  MbarrierPlace where =
      findMbarrier(thread, address, /*ownOnly=*/true, "mbarrier.inval", site);
  if (detectsRaces())
    raceShared(thread, *where.place.cta, where.place.offset, 8,
               /*isRead=*/false, /*isWrite=*/true, /*isStrong=*/false, site);
  where.mbarrier->isValid = false;
}

static uint64_t arrive(uint64_t address, uint32_t count, int64_t transactions,
                       uint32_t flags, uint32_t site) {
  Thread &thread = currentThread();
  MbarrierPlace where =
      findMbarrier(thread, address, /*ownOnly=*/false, "mbarrier.arrive", site);
  Mbarrier &mbarrier = *where.mbarrier;
  if (count == 0 || count > kMaxCount)
    fail(site, "an arrival with a count of {0}; it can be 1 to 2^20 - 1",
         count);
  bool completes =
      mbarrier.pending == count && mbarrier.transactions + transactions == 0;
  if ((flags & kMbarrierNoComplete) && completes)
    fail(site, "the arrival is .noComplete, but completes the phase");
  uint64_t state = encode(mbarrier);
  if (detectsRaces()) {
    if (flags & kMbarrierRelaxed)
      publishFenced(thread, mbarrier.arriving);
    else
      release(thread, mbarrier.arriving);
  }
  if (flags & kMbarrierDrop) {
    if (count > mbarrier.expected)
      fail(site, "{0} arrivals are dropped of the {1} that are expected", count,
           mbarrier.expected);
    mbarrier.expected -= count;
  }
  updateMbarrier(thread, where, count, transactions, site);
  return state;
}

uint64_t bpt_emu_mbarrier_arrive(uint64_t address, uint32_t count,
                                 uint32_t flags, uint32_t site) {
  return arrive(address, count, 0, flags, site);
}

uint64_t bpt_emu_mbarrier_arrive_expect_tx(uint64_t address, uint32_t bytes,
                                           uint32_t flags, uint32_t site) {
  return arrive(address, 1, bytes, flags, site);
}

void bpt_emu_mbarrier_expect_tx(uint64_t address, uint32_t bytes,
                                uint32_t site) {
  Thread &thread = currentThread();
  updateMbarrier(thread,
                 findMbarrier(thread, address, /*ownOnly=*/false,
                              "mbarrier.expect_tx", site),
                 0, bytes, site);
}

void bpt_emu_mbarrier_complete_tx(uint64_t address, uint32_t bytes,
                                  uint32_t site) {
  Thread &thread = currentThread();
  updateMbarrier(thread,
                 findMbarrier(thread, address, /*ownOnly=*/false,
                              "mbarrier.complete_tx", site),
                 0, -int64_t(bytes), site);
}

uint32_t bpt_emu_mbarrier_wait(uint64_t address, uint64_t state, uint32_t flags,
                               uint32_t site) {
  Thread &thread = currentThread();
  const char *name =
      flags & kMbarrierTry ? "mbarrier.try_wait" : "mbarrier.test_wait";
  MbarrierPlace where =
      findMbarrier(thread, address, /*ownOnly=*/true, name, site);
  Mbarrier &mbarrier = *where.mbarrier;
  uint32_t parity = flags & kMbarrierParity ? state & 1 : state >> 63;
  if ((mbarrier.phase & 1) == parity) {
    // The first answer is no, as the hardware's may be: kernels that do not
    // look at it are found out.
    uint64_t key = (address << 1 | parity) + 1;
    bool isSame = thread.lastFailedWait == key;
    thread.lastFailedWait = key;
    if (!isSame && ++thread.failedWaits <= kMaxSpuriousFailures)
      return 0;
    if (isSame && (flags & kMbarrierTry)) {
      where.place.cta->phaseWaiters.push_back(
          {&thread, static_cast<uint32_t>(address), parity});
      suspend(name, site);
    } else {
      yield(name, site);
      if ((mbarrier.phase & 1) == parity)
        return 0;
    }
  }
  thread.lastFailedWait = 0;
  thread.failedWaits = 0;
  if (detectsRaces()) {
    if (flags & kMbarrierRelaxed)
      seeRelaxed(thread, mbarrier.completed);
    else
      acquire(thread, mbarrier.completed);
  }
  return 1;
}
