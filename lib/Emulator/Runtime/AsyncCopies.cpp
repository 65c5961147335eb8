//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "Mbarriers.h"
#include "ProfileRecorder.h"
#include "Races.h"
#include "Scheduler.h"
#include "Worker.h"
#include <cstring>

using namespace mlir::bpt::emulator;

static void deliver(Cta &cta, const PendingCopy &copy) {
  uint8_t *destination = getPointer(copy.destination);
  std::memcpy(destination, copy.source, copy.sourceBytes);
  std::memset(destination + copy.sourceBytes, 0, copy.bytes - copy.sourceBytes);
  markInitialized(cta, copy.destination - cta.windowBegin, copy.bytes);
}

static void deliver(Cta &cta, std::vector<PendingCopy> &copies) {
  for (const PendingCopy &copy : copies)
    deliver(cta, copy);
  copies.clear();
}

void bpt_emu_cp_async(uint64_t destination, uint64_t source, uint32_t bytes,
                      uint32_t sourceBytes, uint32_t site) {
  Worker &worker = currentWorker();
  Thread &thread = currentThread();
  ++worker.report.accesses;
  ++worker.report.asyncCopies;
  if (sourceBytes > bytes)
    fail(site, "cp.async reads {0} bytes to write {1}", sourceBytes, bytes);
  SharedPlace place =
      checkShared(thread, destination, bytes, bytes, /*ownOnly=*/true,
                  "destination of cp.async", site);
  checkNoMbarrier(thread, place, bytes, site);
  if (sourceBytes)
    checkGlobal(thread, source, sourceBytes, bytes, /*isWrite=*/false,
                "source of cp.async", site);
  if (detectsRaces()) {
    GroupQueue<PendingCopy> &copies = thread.copies;
    if (copies.agent == kNoAgent)
      copies.agent = thread.cta->cluster->addAgent(/*isAsyncProxy=*/false);
    raceAsync(thread, *place.cta, place.offset, bytes, /*isWrite=*/true,
              {copies.agent, copies.step, /*isAsyncProxy=*/false}, site);
    if (sourceBytes && detectsGlobalRaces()) {
      raceGlobal(thread, source, sourceBytes, /*isRead=*/true,
                 /*isWrite=*/false, /*isStrong=*/false, site);
      raceGrid(thread, source, sourceBytes, /*isWrite=*/false, site);
    }
  }
  if (worker.recorder) {
    if (sourceBytes)
      worker.recorder->access(thread, source, sourceBytes, AccessKind::Load,
                              /*isShared=*/false, site);
    worker.recorder->access(thread, destination, bytes, AccessKind::Store,
                            /*isShared=*/true, site);
    worker.recorder->countAsyncBytes(sourceBytes);
  }
  PendingCopy copy = {static_cast<uint32_t>(destination), getPointer(source),
                      bytes, sourceBytes, site};
  if (worker.launch.options.eager)
    return deliver(*thread.cta, copy);
  std::memset(getPointer(destination), 0xFF, bytes);
  thread.copies.add(copy);
}

void bpt_emu_cp_async_commit_group(uint32_t site) {
  currentThread().copies.commit();
}

static void waitGroup(Thread &thread, uint32_t pending) {
  // Copies that an mbarrier waits for too.
  while (thread.pendingArrivals)
    deliverOldest(*thread.cta->cluster);
  GroupQueue<PendingCopy> &copies = thread.copies;
  while (copies.groups.size() > pending) {
    GroupQueue<PendingCopy>::Group &group = copies.groups.front();
    deliver(*thread.cta, group.operations);
    observe(thread, copies.agent, group.step);
    copies.groups.pop_front();
  }
}

void bpt_emu_cp_async_wait_group(uint32_t pending, uint32_t site) {
  waitGroup(currentThread(), pending);
}

void bpt_emu_cp_async_wait_all(uint32_t site) {
  Thread &thread = currentThread();
  thread.copies.commit();
  waitGroup(thread, 0);
}

void bpt_emu_cp_async_mbarrier_arrive(uint64_t address, uint32_t noIncrement,
                                      uint32_t site) {
  Thread &thread = currentThread();
  MbarrierPlace where = findMbarrier(thread, address, /*ownOnly=*/true,
                                     "cp.async.mbarrier.arrive", site);
  if (!noIncrement)
    ++where.mbarrier->pending;
  updateMbarrier(thread, where, 0, 0, site);

  // The groups stay, for wait_group to count; what they hold is carried out by
  // the arrival.
  std::vector<PendingCopy> all;
  for (GroupQueue<PendingCopy>::Group &group : thread.copies.groups) {
    all.insert(all.end(), group.operations.begin(), group.operations.end());
    group.operations.clear();
  }
  all.insert(all.end(), thread.copies.open.begin(), thread.copies.open.end());
  thread.copies.open.clear();
  Agent agent = thread.copies.agent;
  uint32_t step = thread.copies.step++;
  ++thread.pendingArrivals;
  Cluster &cluster = *thread.cta->cluster;
  cluster.deliveries.push_back([=, &thread, copies = std::move(all)]() mutable {
    --thread.pendingArrivals;
    deliver(*thread.cta, copies);
    if (agent != kNoAgent)
      where.mbarrier->arriving.known.raise(agent, step);
    updateMbarrier(thread, where, 1, 0, site);
  });
  if (currentWorker().launch.options.eager)
    while (thread.pendingArrivals)
      deliverOldest(cluster);
}
