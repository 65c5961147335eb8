//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Worker.h"
#include "ProfileRecorder.h"
#include "SharedWindows.h"
#include <algorithm>
#include <cstring>

using namespace mlir::bpt::emulator;

/// More would need more stacks than the host maps.
static constexpr size_t kMaxResidentThreads = 24 << 10;

Worker::Worker(LaunchState &launch, unsigned index)
    : launch(launch), index(index) {
  if (launch.options.profile)
    recorder = std::make_unique<ProfileRecorder>(launch.kernel);
}

Worker::~Worker() = default;

static void runThread() {
  Fibre::enter();
  const LaunchState &launch = currentWorker().launch;
  launch.kernel.entry(launch.params);
  exitThread(kNoSite);
}

static Dim3 delinearize(uint64_t index, const Dim3 &extents) {
  return {static_cast<uint32_t>(index % extents.x),
          static_cast<uint32_t>(index / extents.x % extents.y),
          static_cast<uint32_t>(index / extents.x / extents.y)};
}

Agent Cluster::addAgent(bool isAsyncProxy) {
  if (agents.size() + 1 >= kNoAgent)
    return kNoAgent - 1;
  agents.push_back(isAsyncProxy);
  return static_cast<Agent>(agents.size() - 1);
}

void Worker::startCta(Cluster &cluster, uint32_t rank) {
  const LaunchGeometry &geometry = launch.geometry;
  Cta &cta = *cluster.ctas[rank];
  cta.cluster = &cluster;
  cta.rank = rank;
  cta.idInCluster = delinearize(rank, geometry.cluster);
  cta.id = {cluster.id.x * geometry.cluster.x + cta.idInCluster.x,
            cluster.id.y * geometry.cluster.y + cta.idInCluster.y,
            cluster.id.z * geometry.cluster.z + cta.idInCluster.z};
  cta.windowBegin = cluster.windowBegin + rank * kSharedWindow;
  cta.numThreads = static_cast<uint32_t>(geometry.block.product());
  cta.liveThreads = cta.numThreads;
  std::memset(reinterpret_cast<void *>(uintptr_t(cta.windowBegin)), 0xFF,
              launch.sharedBytes);
  cta.initialized.assign((launch.sharedBytes + 63) / 64, 0);
  if (launch.options.races)
    cta.shadow.reset(launch.sharedBytes);

  cta.warps.resize((cta.numThreads + kWarpSize - 1) / kWarpSize);
  for (auto [i, warp] : llvm::enumerate(cta.warps)) {
    warp.cta = &cta;
    warp.index = static_cast<uint32_t>(i);
    warp.registers = launch.kernel.getInitialRegisters();
    warps.push_back(&warp);
  }
  for (uint32_t i = 0; i < cta.numThreads; ++i) {
    Thread &thread = cluster.threads[rank * cta.numThreads + i];
    thread.cta = &cta;
    thread.warp = &cta.warps[i / kWarpSize];
    thread.linearId = i;
    thread.lane = i % kWarpSize;
    thread.id = delinearize(i, geometry.block);
    thread.agent = cluster.addAgent(/*isAsyncProxy=*/false);
    thread.warp->threads[thread.lane] = &thread;
    thread.warp->created |= 1u << thread.lane;
    thread.fibre.start(thread.stack, runThread);
  }
  for (Warp &warp : cta.warps)
    warp.alive = warp.ready = warp.created;
}

bool Worker::startCluster(uint64_t clusterIndex) {
  const LaunchGeometry &geometry = launch.geometry;
  auto numCtas = static_cast<uint32_t>(geometry.cluster.product());
  auto cluster = std::make_unique<Cluster>();
  cluster->worker = this;
  cluster->index = clusterIndex;
  cluster->id =
      delinearize(clusterIndex, {geometry.grid.x / geometry.cluster.x,
                                 geometry.grid.y / geometry.cluster.y,
                                 geometry.grid.z / geometry.cluster.z});
  cluster->threads = std::vector<Thread>(numCtas * geometry.block.product());
  cluster->liveThreads = static_cast<uint32_t>(cluster->threads.size());
  cluster->windowBegin = acquireSharedWindows(numCtas);
  bool succeeded = cluster->windowBegin != 0;
  for (Thread &thread : cluster->threads) {
    thread.stack = succeeded ? stacks.take() : nullptr;
    succeeded &= thread.stack != nullptr;
  }
  if (!succeeded) {
    retireCluster(*cluster);
    return false;
  }
  for (uint32_t rank = 0; rank < numCtas; ++rank)
    cluster->ctas.push_back(std::make_unique<Cta>());
  for (uint32_t rank = 0; rank < numCtas; ++rank)
    startCta(*cluster, rank);
  if (launch.options.seed)
    randomState =
        (launch.options.seed + 1) * 0x9E3779B97F4A7C15u + clusterIndex + 1;
  clusters.push_back(std::move(cluster));
  return true;
}

void Worker::retireCluster(Cluster &cluster) {
  for (Thread &thread : cluster.threads)
    if (thread.stack)
      stacks.giveBack(thread.stack);
  if (cluster.windowBegin)
    releaseSharedWindows(
        cluster.windowBegin,
        static_cast<uint32_t>(launch.geometry.cluster.product()));
  llvm::erase_if(
      warps, [&](const Warp *warp) { return warp->cta->cluster == &cluster; });
  llvm::erase_if(pollers, [&](const Thread *thread) {
    return thread->cta->cluster == &cluster;
  });
}

void Worker::run() {
  ++launch.activeWorkers;
  while (!launch.failed && !hasFailed) {
    if (clusters.empty() || needsCluster) {
      uint64_t threads =
          launch.geometry.cluster.product() * launch.geometry.block.product();
      bool fits = clusters.empty() ||
                  (clusters.size() + 1) * threads <= kMaxResidentThreads;
      uint64_t next = fits ? launch.nextCluster++ : launch.numClusters;
      needsCluster = false;
      if (next < launch.numClusters && !startCluster(next)) {
        hasFailed = true;
        error = "the host cannot map the stacks or shared windows of a cluster";
        break;
      }
      if (clusters.empty())
        break;
    }
    runThreads();
    running = nullptr;
    for (const std::unique_ptr<Cluster> &cluster : clusters)
      if (cluster->liveThreads == 0)
        retireCluster(*cluster);
    llvm::erase_if(clusters, [](const std::unique_ptr<Cluster> &cluster) {
      return cluster->liveThreads == 0;
    });
  }
  for (const std::unique_ptr<Cluster> &cluster : clusters)
    retireCluster(*cluster);
  clusters.clear();
  if (isPolling)
    --launch.pollingWorkers;
  --launch.activeWorkers;

  std::lock_guard<std::mutex> lock(launch.mutex);
  if (hasFailed && !launch.failed.exchange(true))
    launch.error = std::move(error);
  LaunchReport &total = launch.report;
  total.fibreSwitches += report.fibreSwitches;
  total.accesses += report.accesses;
  total.asyncCopies += report.asyncCopies;
  total.matrixProducts += report.matrixProducts;
  if (recorder)
    total.profile.merge(recorder->take());
}
