//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"
#include "ProfileRecorder.h"
#include "Worker.h"
#include <algorithm>
#include <chrono>
#include <thread>

using namespace mlir::bpt::emulator;

/// Rounds of polling after which another cluster is started, the host thread
/// sleeps between rounds, and a deadlock is reported.
static constexpr uint64_t kRoundsUntilCluster = 64;
static constexpr uint64_t kRoundsUntilSleep = 1024;
static constexpr uint64_t kRoundsUntilDeadlock = 16384;
static constexpr std::chrono::microseconds kPollPause(50);
/// Accesses after which a thread lets others run, so that loops over a flag
/// end.
static constexpr uint32_t kAccessesPerTurn = 1 << 16;

static thread_local Worker *workerOfHostThread = nullptr;

Worker &mlir::bpt::emulator::currentWorker() { return *workerOfHostThread; }
Thread &mlir::bpt::emulator::currentThread() {
  return *workerOfHostThread->current;
}

//===----------------------------------------------------------------------===//
// Choosing the next thread
//===----------------------------------------------------------------------===//

Thread *Worker::pickLane(Warp &warp, uint32_t afterLane) {
  if (!warp.ready && warp.atBlock) {
    // The lanes at the earliest block go on together.
    uint32_t first = ~0u, lanes = 0;
    for (uint32_t rest = warp.atBlock; rest; rest &= rest - 1) {
      uint32_t lane = __builtin_ctz(rest);
      uint32_t block = warp.threads[lane]->block;
      if (block < first) {
        first = block;
        lanes = 0;
      }
      if (block == first)
        lanes |= 1u << lane;
    }
    recorder->enterBlock(warp, first, lanes);
    warp.atBlock &= ~lanes;
    warp.ready |= lanes;
  }
  if (!warp.ready)
    return nullptr;
  uint32_t above = afterLane + 1 < kWarpSize
                       ? warp.ready & (kAllLanes << (afterLane + 1))
                       : 0;
  return warp.threads[__builtin_ctz(above ? above : warp.ready)];
}

bool Worker::wakePollers() {
  if (pollers.empty())
    return false;
  ++fruitlessRounds;
  if (fruitlessRounds % kRoundsUntilCluster == 0 &&
      launch.nextCluster < launch.numClusters) {
    needsCluster = true;
    return false;
  }
  if (fruitlessRounds > kRoundsUntilSleep) {
    if (!isPolling) {
      isPolling = true;
      ++launch.pollingWorkers;
    }
    if (launch.pollingWorkers < launch.activeWorkers)
      fruitlessRounds = kRoundsUntilSleep;
    if (fruitlessRounds > kRoundsUntilDeadlock)
      reportDeadlock();
    std::this_thread::sleep_for(kPollPause);
  }
  for (Thread *thread : pollers) {
    thread->polling = false;
    thread->warp->ready |= 1u << thread->lane;
  }
  pollers.clear();
  return true;
}

Thread *Worker::pick(Warp *preferred, uint32_t afterLane) {
  while (!launch.failed) {
    if (preferred)
      if (Thread *thread = pickLane(*preferred, afterLane))
        return thread;
    size_t start = warpCursor;
    if (launch.options.seed) {
      randomState ^= randomState << 13;
      randomState ^= randomState >> 7;
      randomState ^= randomState << 17;
      start = randomState;
    }
    for (size_t i = 0, n = warps.size(); i < n; ++i) {
      size_t candidate = (start + i) % n;
      if (Thread *thread = pickLane(*warps[candidate], kWarpSize - 1)) {
        warpCursor = candidate;
        return thread;
      }
    }
    auto delivering = llvm::find_if(clusters, [](const auto &cluster) {
      return !cluster->deliveries.empty();
    });
    if (delivering != clusters.end()) {
      deliverOldest(**delivering);
      continue;
    }
    if (llvm::any_of(clusters, [](const auto &cluster) {
          return cluster->liveThreads == 0;
        }))
      return nullptr;
    if (wakePollers())
      continue;
    if (needsCluster)
      return nullptr;
    reportDeadlock();
  }
  return nullptr;
}

void Worker::switchFrom(Thread &thread) {
  Thread *next = pick(thread.warp, thread.lane);
  if (next == &thread)
    return;
  ++report.fibreSwitches;
  if (next) {
    current = next;
    thread.fibre.switchTo(next->fibre);
  } else {
    thread.fibre.switchTo(mainFibre);
  }
}

void Worker::runThreads() {
  workerOfHostThread = this;
  Thread *next = nullptr;
  for (Warp *warp : warps)
    if (!next)
      next = pickLane(*warp, kWarpSize - 1);
  if (!next) {
    // Only threads that poll: somebody else may have done what they wait for.
    needsCluster = false;
    for (Thread *thread : pollers) {
      thread->polling = false;
      thread->warp->ready |= 1u << thread->lane;
    }
    pollers.clear();
    for (Warp *warp : warps)
      if (!next)
        next = pickLane(*warp, kWarpSize - 1);
  }
  if (next) {
    current = next;
    mainFibre.switchTo(next->fibre);
  }
  workerOfHostThread = nullptr;
}

//===----------------------------------------------------------------------===//
// What threads call
//===----------------------------------------------------------------------===//

void mlir::bpt::emulator::suspend(const char *waitingFor, uint32_t site) {
  Worker &worker = currentWorker();
  Thread &thread = *worker.current;
  thread.waitingFor = waitingFor;
  thread.waitSite = site;
  thread.warp->ready &= ~(1u << thread.lane);
  worker.switchFrom(thread);
  thread.waitingFor = nullptr;
}

void mlir::bpt::emulator::yield(const char *waitingFor, uint32_t site) {
  Worker &worker = currentWorker();
  Thread &thread = *worker.current;
  thread.accessesLeft = kAccessesPerTurn;
  thread.polling = true;
  worker.pollers.push_back(&thread);
  suspend(waitingFor, site);
}

void mlir::bpt::emulator::enterBlock(uint32_t block) {
  Worker &worker = currentWorker();
  if (!worker.recorder)
    return;
  Thread &thread = *worker.current;
  thread.block = block;
  thread.warp->ready &= ~(1u << thread.lane);
  thread.warp->atBlock |= 1u << thread.lane;
  worker.switchFrom(thread);
}

void Worker::noteProgress() {
  fruitlessRounds = 0;
  if (isPolling) {
    isPolling = false;
    --launch.pollingWorkers;
  }
}

void mlir::bpt::emulator::wakeLanes(Warp &warp, uint32_t lanes) {
  Worker &worker = currentWorker();
  warp.ready |= lanes;
  worker.noteProgress();
}

void mlir::bpt::emulator::wake(Thread &thread) {
  wakeLanes(*thread.warp, 1u << thread.lane);
}

void mlir::bpt::emulator::deliverOldest(Cluster &cluster) {
  Worker &worker = currentWorker();
  worker.noteProgress();
  ++worker.report.asyncCopies;
  // Held by the worker, lest an error leave it on an abandoned stack.
  worker.running = std::move(cluster.deliveries.front());
  cluster.deliveries.pop_front();
  worker.running();
  worker.running = nullptr;
}

void mlir::bpt::emulator::issueAsync(Thread &thread, Delivery delivery) {
  Cluster &cluster = *thread.cta->cluster;
  cluster.deliveries.push_back(std::move(delivery));
  if (currentWorker().launch.options.eager)
    while (!cluster.deliveries.empty())
      deliverOldest(cluster);
}

static void checkOutstanding(Thread &thread, uint32_t site) {
  if (!thread.copies.empty())
    fail(site, "the thread exits while its cp.async copies are in flight; wait "
               "with cp.async.wait_all or cp.async.wait_group 0");
  if (!thread.bulk.empty())
    fail(site,
         "the thread exits while its bulk copies out of shared memory are in "
         "flight; wait with cp.async.bulk.wait_group 0");
  const GroupCounter &wgmma = thread.warp->wgmma;
  if (wgmma.open || wgmma.committed != wgmma.retired)
    fail(site, "the thread exits while its wgmma products are in flight; wait "
               "with wgmma.wait_group.sync.aligned 0");
}

void mlir::bpt::emulator::exitThread(uint32_t site) {
  Worker &worker = currentWorker();
  Thread &thread = *worker.current;
  checkOutstanding(thread, site);
  Warp &warp = *thread.warp;
  Cta &cta = *thread.cta;
  Cluster &cluster = *cta.cluster;
  thread.exited = true;
  thread.localFrames.clear();
  warp.ready &= ~(1u << thread.lane);
  warp.alive &= ~(1u << thread.lane);
  --cta.liveThreads;
  --cluster.liveThreads;
  if (cta.liveThreads == 0)
    while (!cluster.deliveries.empty())
      deliverOldest(cluster);
  completeCollectives(warp);
  completeBarriers(cta);
  completeClusterBarrier(cluster);
  if (!warp.alive && worker.recorder)
    worker.recorder->flush(warp);
  worker.noteProgress();

  Thread *next =
      cluster.liveThreads == 0 ? nullptr : worker.pick(&warp, thread.lane);
  ++worker.report.fibreSwitches;
  if (!next)
    thread.fibre.leaveFor(worker.mainFibre);
  worker.current = next;
  thread.fibre.leaveFor(next->fibre);
}
