//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProfileRecorder.h"
#include "Races.h"
#include "Scheduler.h"
#include "Worker.h"

using namespace mlir::bpt::emulator;

//===----------------------------------------------------------------------===//
// The barriers of a CTA
//===----------------------------------------------------------------------===//

/// How many threads have arrived, in the hardware's count: a warp whose last
/// live lane has come counts whole.
static uint32_t countArrivals(const Cta &cta, const NamedBarrier &barrier) {
  uint32_t count = 0;
  for (const Warp &warp : cta.warps) {
    uint32_t arrived = barrier.arrived[warp.index];
    bool isWhole = arrived && (warp.alive & ~arrived) == 0;
    count += isWhole ? kWarpSize : __builtin_popcount(arrived);
  }
  return count;
}

static bool haveAllArrived(const Cta &cta, const NamedBarrier &barrier) {
  return llvm::all_of(cta.warps, [&](const Warp &warp) {
    return (warp.alive & ~barrier.arrived[warp.index]) == 0;
  });
}

/// The lanes of a warp come to an aligned barrier together.
static void checkConvergence(Cta &cta, const NamedBarrier &barrier) {
  for (const Warp &warp : cta.warps) {
    uint32_t arrived = barrier.arrived[warp.index];
    uint32_t missing = warp.alive & ~arrived;
    if (barrier.aligned && arrived && missing)
      failAt(
          *warp.threads[__builtin_ctz(missing)], barrier.site,
          "a barrier that is .aligned completes with {0} of the {1} lanes of "
          "warp {2}; this thread is not among them",
          __builtin_popcount(arrived), __builtin_popcount(warp.alive),
          warp.index);
  }
}

static void complete(Cta &cta, NamedBarrier &barrier) {
  checkConvergence(cta, barrier);
  if (ProfileRecorder *recorder = currentWorker().recorder.get())
    recorder->countBarrier();
  for (NamedBarrier::Result *result : barrier.results) {
    switch (result->op) {
    case BarrierReduction::Popc:
      result->value = barrier.population;
      break;
    case BarrierReduction::And:
      result->value = barrier.allTrue;
      break;
    case BarrierReduction::Or:
      result->value = barrier.anyTrue;
      break;
    }
  }
  barrier.clock.known.fold();
  barrier.clock.proxied.fold();
  for (Warp &warp : cta.warps) {
    uint32_t waiting = barrier.waiting[warp.index];
    if (detectsRaces())
      for (uint32_t rest = waiting; rest; rest &= rest - 1)
        acquireAll(*warp.threads[__builtin_ctz(rest)], barrier.clock);
    wakeLanes(warp, waiting);
  }
  barrier = NamedBarrier();
}

static bool isComplete(Thread &thread, uint32_t id, NamedBarrier &barrier,
                       uint32_t site) {
  const Cta &cta = *thread.cta;
  if (barrier.expected == 0)
    return haveAllArrived(cta, barrier);
  uint32_t arrived = countArrivals(cta, barrier);
  if (arrived > barrier.expected)
    failAt(thread, site,
           "barrier {0} expects {1} threads, but {2} have arrived", id,
           barrier.expected, arrived);
  return arrived == barrier.expected;
}

/// `result` is null unless the barrier reduces. The thread waits if `waits`.
static void arrive(const char *name, uint32_t id, uint32_t count, bool aligned,
                   bool waits, bool predicate, NamedBarrier::Result *result,
                   uint32_t site) {
  Thread &thread = currentThread();
  Cta &cta = *thread.cta;
  if (id >= kNumBarriers)
    fail(site, "there is no barrier {0}: a block has {1}", id, kNumBarriers);
  if (count % kWarpSize)
    fail(site,
         "a barrier's thread count has to be a multiple of the warp size, 32; "
         "{0} is not",
         count);
  if (!waits && count == 0)
    fail(site, "bar.arrive needs a thread count other than 0");
  NamedBarrier &barrier = cta.barriers[id];
  if (!barrier.inUse) {
    barrier.inUse = true;
    barrier.expected = count;
    barrier.site = site;
    barrier.aligned = aligned;
    barrier.arrived.assign(cta.warps.size(), 0);
    barrier.waiting.assign(cta.warps.size(), 0);
    barrier.sites.assign(cta.warps.size(), site);
  }
  if (barrier.expected != count)
    fail(site,
         "barrier {0} is waited for by {1} threads here (0: all), and by {2} "
         "at the instruction in line {3}",
         id, count, barrier.expected, getLine(barrier.site));
  Warp &warp = *thread.warp;
  uint32_t lane = 1u << thread.lane;
  if (barrier.arrived[warp.index] & lane)
    fail(site, "the thread arrives at barrier {0} twice in one phase", id);
  uint32_t &warpSite = barrier.sites[warp.index];
  if (barrier.arrived[warp.index] == 0)
    warpSite = site;
  else if (aligned && warpSite != site)
    fail(site,
         "{0} is .aligned, but other lanes of the warp have come to the one in "
         "line {1}",
         name, getLine(warpSite));
  barrier.arrived[warp.index] |= lane;
  barrier.aligned |= aligned;
  barrier.population += predicate;
  barrier.allTrue &= predicate;
  barrier.anyTrue |= predicate;
  if (waits)
    barrier.waiting[warp.index] |= lane;
  if (result)
    barrier.results.push_back(result);
  if (detectsRaces())
    release(thread, barrier.clock);
  if (isComplete(thread, id, barrier, site))
    complete(cta, barrier);
  else if (waits)
    suspend(name, site);
}

void mlir::bpt::emulator::completeBarriers(Cta &cta) {
  for (auto [id, barrier] : llvm::enumerate(cta.barriers))
    if (barrier.inUse && cta.liveThreads &&
        isComplete(currentThread(), static_cast<uint32_t>(id), barrier,
                   barrier.site))
      complete(cta, barrier);
}

void bpt_emu_barrier_sync(uint32_t id, uint32_t count, uint32_t aligned,
                          uint32_t site) {
  arrive("bar.sync", id, count, aligned, /*waits=*/true, /*predicate=*/false,
         nullptr, site);
}

void bpt_emu_barrier_arrive(uint32_t id, uint32_t count, uint32_t aligned,
                            uint32_t site) {
  arrive("bar.arrive", id, count, aligned, /*waits=*/false,
         /*predicate=*/false, nullptr, site);
}

uint32_t bpt_emu_barrier_red(BarrierReduction op, uint32_t predicate,
                             uint32_t id, uint32_t count, uint32_t aligned,
                             uint32_t site) {
  NamedBarrier::Result result = {op, 0};
  arrive("bar.red", id, count, aligned, /*waits=*/true, predicate, &result,
         site);
  return result.value;
}

//===----------------------------------------------------------------------===//
// The barrier of a cluster
//===----------------------------------------------------------------------===//

void mlir::bpt::emulator::completeClusterBarrier(Cluster &cluster) {
  bool isUsed = false;
  for (const Thread &thread : cluster.threads) {
    bool hasArrived = thread.hasClusterArrival &&
                      thread.clusterArrivalPhase == cluster.clusterPhase;
    isUsed |= hasArrived;
    if (!thread.exited && !hasArrived)
      return;
  }
  if (!isUsed)
    return;
  if (ProfileRecorder *recorder = currentWorker().recorder.get())
    recorder->countBarrier();
  ++cluster.clusterPhase;
  cluster.releaseClock = std::move(cluster.arrivalClock);
  cluster.releaseClock.known.fold();
  cluster.releaseClock.proxied.fold();
  cluster.arrivalClock.clear();
  cluster.clusterArrivals = 0;
  for (Thread *thread : cluster.clusterWaiters)
    wake(*thread);
  cluster.clusterWaiters.clear();
}

static void convergeLanes(const char *name, bool aligned, uint32_t site) {
  if (aligned)
    collective(name, kAllLanes, /*aligned=*/true, site, nullptr,
               [](Warp &, void *const *, uint32_t) {});
}

void bpt_emu_cluster_arrive(Semantics semantics, uint32_t aligned,
                            uint32_t site) {
  convergeLanes("barrier.cluster.arrive", aligned, site);
  Thread &thread = currentThread();
  Cluster &cluster = *thread.cta->cluster;
  if (thread.hasClusterArrival)
    fail(site, "the thread arrives at the cluster's barrier twice; "
               "barrier.cluster.wait has to come between");
  thread.hasClusterArrival = true;
  thread.clusterArrivalPhase = cluster.clusterPhase;
  if (detectsRaces()) {
    if (semantics == Semantics::Relaxed)
      publishFenced(thread, cluster.arrivalClock);
    else
      release(thread, cluster.arrivalClock);
  }
  if (++cluster.clusterArrivals >= cluster.liveThreads)
    completeClusterBarrier(cluster);
}

void bpt_emu_cluster_wait(uint32_t aligned, uint32_t site) {
  convergeLanes("barrier.cluster.wait", aligned, site);
  Thread &thread = currentThread();
  Cluster &cluster = *thread.cta->cluster;
  if (!thread.hasClusterArrival)
    fail(site, "the thread waits at the cluster's barrier without having "
               "arrived (barrier.cluster.arrive)");
  if (cluster.clusterPhase == thread.clusterArrivalPhase) {
    cluster.clusterWaiters.push_back(&thread);
    suspend("barrier.cluster.wait", site);
  }
  thread.hasClusterArrival = false;
  if (detectsRaces())
    acquire(thread, cluster.releaseClock);
}
