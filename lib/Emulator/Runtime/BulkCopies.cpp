//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BulkGroups.h"
#include "ElementTypes.h"
#include "Mbarriers.h"
#include "ProfileRecorder.h"
#include "Races.h"
#include "Scheduler.h"
#include "Worker.h"
#include <cstring>

using namespace mlir::bpt::emulator;

/// Of addresses and sizes.
static constexpr uint32_t kBulkAlignment = 16;

static void checkSize(uint32_t bytes, uint32_t site) {
  if (bytes % kBulkAlignment)
    fail(site, "a bulk copy of {0} bytes; it has to be a multiple of 16 bytes",
         bytes);
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

SharedPlace
mlir::bpt::emulator::checkBulkSource(Thread &thread, uint64_t address,
                                     uint32_t bytes, uint32_t alignment,
                                     const char *what, uint32_t site) {
  SharedPlace place = checkShared(thread, address, bytes, alignment,
                                  /*ownOnly=*/true, what, site);
  checkInitialized(thread, place, bytes, site);
  if (detectsRaces()) {
    GroupQueue<Delivery> &bulk = thread.bulk;
    if (bulk.agent == kNoAgent)
      bulk.agent = thread.cta->cluster->addAgent(/*isAsyncProxy=*/true);
    raceAsync(thread, *place.cta, place.offset, bytes, /*isWrite=*/false,
              {bulk.agent, bulk.step, /*isAsyncProxy=*/true}, site);
  }
  return place;
}

void mlir::bpt::emulator::addToBulkGroup(Thread &thread, Delivery delivery) {
  Worker &worker = currentWorker();
  ++worker.report.asyncCopies;
  if (worker.launch.options.eager)
    delivery();
  else
    thread.bulk.add(std::move(delivery));
}

void bpt_emu_bulk_commit_group(uint32_t site) { currentThread().bulk.commit(); }

void bpt_emu_bulk_wait_group(uint32_t pending, uint32_t read, uint32_t site) {
  Thread &thread = currentThread();
  GroupQueue<Delivery> &bulk = thread.bulk;
  while (bulk.groups.size() > pending) {
    GroupQueue<Delivery>::Group &group = bulk.groups.front();
    for (Delivery &delivery : group.operations)
      delivery();
    observe(thread, bulk.agent, group.step);
    bulk.groups.pop_front();
  }
}

//===----------------------------------------------------------------------===//
// Into shared memory
//===----------------------------------------------------------------------===//

static void copyGlobalToShared(Thread &thread, uint64_t destination,
                               uint64_t source, uint32_t bytes,
                               uint64_t mbarrier, uint32_t site) {
  MbarrierPlace where = findMbarrier(thread, mbarrier, /*ownOnly=*/false,
                                     "mbarrier of cp.async.bulk", site);
  SharedPlace place =
      checkAsyncWrite(thread, destination, bytes, kBulkAlignment, where,
                      "destination of cp.async.bulk", site);
  std::memset(getPointer(destination), 0xFF, bytes);
  issueAsync(thread, [=, &thread] {
    std::memcpy(getPointer(destination), getPointer(source), bytes);
    markInitialized(*place.cta, place.offset, bytes);
    updateMbarrier(thread, where, 0, -int64_t(bytes), site);
  });
}

void bpt_emu_bulk_global_to_shared(uint64_t destination, uint64_t source,
                                   uint32_t bytes, uint64_t mbarrier,
                                   uint32_t isMulticast, uint32_t ctaMask,
                                   uint32_t site) {
  Thread &thread = currentThread();
  checkSize(bytes, site);
  checkGlobal(thread, source, bytes, kBulkAlignment, /*isWrite=*/false,
              "source of cp.async.bulk", site);
  raceGrid(thread, source, bytes, /*isWrite=*/false, site);
  if (ProfileRecorder *recorder = currentWorker().recorder.get())
    recorder->countAsyncLoad(source, bytes);
  if (!isMulticast)
    return copyGlobalToShared(thread, destination, source, bytes, mbarrier,
                              site);
  forEachMulticastTarget(ctaMask, site, [&](uint32_t rank) {
    copyGlobalToShared(thread, bpt_emu_mapa(destination, rank, site), source,
                       bytes, bpt_emu_mapa(mbarrier, rank, site), site);
  });
}

void bpt_emu_bulk_shared_to_cluster(uint64_t destination, uint64_t source,
                                    uint32_t bytes, uint64_t mbarrier,
                                    uint32_t site) {
  Thread &thread = currentThread();
  checkSize(bytes, site);
  MbarrierPlace where = findMbarrier(thread, mbarrier, /*ownOnly=*/false,
                                     "mbarrier of cp.async.bulk", site);
  SharedPlace from =
      checkShared(thread, source, bytes, kBulkAlignment, /*ownOnly=*/true,
                  "source of cp.async.bulk", site);
  checkInitialized(thread, from, bytes, site);
  if (detectsRaces())
    raceAsync(thread, *from.cta, from.offset, bytes, /*isWrite=*/false,
              trackCopies(thread, *where.mbarrier), site);
  SharedPlace place =
      checkAsyncWrite(thread, destination, bytes, kBulkAlignment, where,
                      "destination of cp.async.bulk", site);
  std::memset(getPointer(destination), 0xFF, bytes);
  issueAsync(thread, [=, &thread] {
    std::memmove(getPointer(destination), getPointer(source), bytes);
    markInitialized(*place.cta, place.offset, bytes);
    updateMbarrier(thread, where, 0, -int64_t(bytes), site);
  });
}

void bpt_emu_bulk_prefetch(uint64_t source, uint32_t bytes, uint32_t site) {
  checkSize(bytes, site);
  checkGlobal(currentThread(), source, bytes, kBulkAlignment,
              /*isWrite=*/false, "cp.async.bulk.prefetch", site);
}

//===----------------------------------------------------------------------===//
// Out of shared memory
//===----------------------------------------------------------------------===//

void bpt_emu_bulk_shared_to_global(uint64_t destination, uint64_t source,
                                   uint32_t bytes, uint32_t site) {
  Thread &thread = currentThread();
  checkSize(bytes, site);
  checkBulkSource(thread, source, bytes, kBulkAlignment,
                  "source of cp.async.bulk", site);
  checkGlobal(thread, destination, bytes, kBulkAlignment, /*isWrite=*/true,
              "destination of cp.async.bulk", site);
  raceGrid(thread, destination, bytes, /*isWrite=*/true, site);
  if (ProfileRecorder *recorder = currentWorker().recorder.get())
    recorder->countAsyncStore(destination, bytes);
  addToBulkGroup(thread, [=] {
    std::memcpy(getPointer(destination), getPointer(source), bytes);
  });
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

static void reduceElements(uint64_t destination, uint64_t source,
                           uint32_t bytes, ReductionOp op, ElementKind type) {
  uint32_t width = getBitWidth(type) / 8;
  for (uint32_t i = 0; i < bytes; i += width) {
    uint64_t operand = 0;
    std::memcpy(&operand, getPointer(source + i), width);
    updateElement(destination + i, op, type, operand);
  }
}

void bpt_emu_bulk_reduce_to_global(uint64_t destination, uint64_t source,
                                   uint32_t bytes, ReductionOp op,
                                   ElementKind type, uint32_t site) {
  Thread &thread = currentThread();
  checkSize(bytes, site);
  checkBulkSource(thread, source, bytes, kBulkAlignment,
                  "source of cp.reduce.async.bulk", site);
  checkGlobal(thread, destination, bytes, kBulkAlignment, /*isWrite=*/true,
              "destination of cp.reduce.async.bulk", site);
  if (ProfileRecorder *recorder = currentWorker().recorder.get())
    recorder->countAsyncStore(destination, bytes);
  addToBulkGroup(thread,
                 [=] { reduceElements(destination, source, bytes, op, type); });
}

void bpt_emu_bulk_reduce_to_cluster(uint64_t destination, uint64_t source,
                                    uint32_t bytes, uint64_t mbarrier,
                                    ReductionOp op, ElementKind type,
                                    uint32_t site) {
  Thread &thread = currentThread();
  checkSize(bytes, site);
  MbarrierPlace where = findMbarrier(thread, mbarrier, /*ownOnly=*/false,
                                     "mbarrier of cp.reduce.async.bulk", site);
  SharedPlace from =
      checkShared(thread, source, bytes, kBulkAlignment, /*ownOnly=*/true,
                  "source of cp.reduce.async.bulk", site);
  checkInitialized(thread, from, bytes, site);
  SharedPlace to = checkShared(thread, destination, bytes, kBulkAlignment,
                               /*ownOnly=*/false,
                               "destination of cp.reduce.async.bulk", site);
  checkInitialized(thread, to, bytes, site);
  if (to.cta != where.place.cta)
    fail(site, "the destination and the mbarrier of cp.reduce.async.bulk are "
               "in the shared memory of different blocks");
  if (detectsRaces()) {
    AsyncAccess access = trackCopies(thread, *where.mbarrier);
    raceAsync(thread, *from.cta, from.offset, bytes, /*isWrite=*/false, access,
              site);
    raceReduction(thread, *to.cta, to.offset, bytes, access, site);
  }
  issueAsync(thread, [=, &thread] {
    reduceElements(destination, source, bytes, op, type);
    updateMbarrier(thread, where, 0, -int64_t(bytes), site);
  });
}
