//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Races.h"
#include "Scheduler.h"
#include "Worker.h"

using namespace mlir::bpt::emulator;

bool mlir::bpt::emulator::detectsRaces() {
  return currentWorker().launch.options.races;
}

bool mlir::bpt::emulator::detectsGlobalRaces() {
  const LaunchOptions &options = currentWorker().launch.options;
  return options.races && options.globalRaces;
}

void mlir::bpt::emulator::release(Thread &thread, SyncClock &clock) {
  clock.known.join(thread.clock.known);
  clock.known.raise(thread.agent, thread.step);
  clock.proxied.join(thread.clock.proxied);
  ++thread.step;
}

void mlir::bpt::emulator::acquire(Thread &thread, const SyncClock &clock) {
  thread.clock.known.join(clock.known);
  thread.clock.proxied.join(clock.proxied);
}

void mlir::bpt::emulator::acquireAll(Thread &thread, const SyncClock &clock) {
  thread.clock = clock;
}

void mlir::bpt::emulator::fenceAsyncProxy(Thread &thread) {
  thread.clock.known.fold();
  thread.clock.proxied = thread.clock.known;
  thread.clock.proxied.raise(thread.agent, thread.step);
  ++thread.step;
}

void mlir::bpt::emulator::fenceThread(Thread &thread) {
  acquire(thread, thread.unfenced);
  thread.unfenced.clear();
  thread.fenced.clear();
  release(thread, thread.fenced);
}

void mlir::bpt::emulator::seeRelaxed(Thread &thread, const SyncClock &clock) {
  thread.unfenced.known.join(clock.known);
  thread.unfenced.proxied.join(clock.proxied);
}

void mlir::bpt::emulator::publishFenced(const Thread &thread,
                                        SyncClock &clock) {
  clock.known.join(thread.fenced.known);
  clock.proxied.join(thread.fenced.proxied);
}

void mlir::bpt::emulator::synchronizeThrough(Thread &thread, uint64_t address,
                                             AccessKind kind,
                                             Semantics semantics) {
  SyncClock &location = thread.cta->cluster->locations[address];
  bool loads = kind != AccessKind::Store;
  bool stores = kind != AccessKind::Load;
  bool strong = semantics == Semantics::AcquireRelease ||
                semantics == Semantics::SequentiallyConsistent;
  if (loads) {
    if (strong || semantics == Semantics::Acquire)
      acquire(thread, location);
    else
      seeRelaxed(thread, location);
  }
  if (stores) {
    if (strong || semantics == Semantics::Release)
      release(thread, location);
    else
      publishFenced(thread, location);
  }
}

static void describeEarlier(const Cluster &cluster, const Epoch &earlier,
                            const char *what, std::string &message) {
  const LaunchState &launch = cluster.worker->launch;
  message += what;
  message += earlier.agent < cluster.threads.size()
                 ? " by " + describeThread(cluster.threads[earlier.agent])
                 : std::string(" by an asynchronous operation");
  message += " at " + describeSite(launch, earlier.site);
}

[[noreturn]] static void report(const Thread &thread, const Conflict &conflict,
                                const char *space, const Accessor &accessor,
                                uint32_t site) {
  std::string &message = getErrorBuffer();
  message.clear();
  if (conflict.kind == Conflict::ProxyFence) {
    message += "missing fence.proxy.async: the async proxy accesses ";
  } else {
    message += "data race: ";
    message += conflict.kind == Conflict::WriteRead ? "reads " : "writes ";
  }
  message += llvm::formatv("{0} memory at {1:x} ", space, conflict.address);
  if (conflict.kind == Conflict::ProxyFence)
    describeEarlier(*thread.cta->cluster, conflict.earlier,
                    "after a plain write", message);
  else
    describeEarlier(*thread.cta->cluster, conflict.earlier,
                    conflict.kind == Conflict::ReadWrite
                        ? "while nothing orders it after a read"
                        : "while nothing orders it after a write",
                    message);
  abandon(thread, site);
}

static Accessor makeAccessor(Thread &thread, bool isStrong, uint32_t site) {
  Accessor accessor;
  accessor.epoch = {thread.step, site, thread.agent, isStrong};
  accessor.issuer = thread.agent;
  accessor.clock = &thread.clock;
  accessor.agents = &thread.cta->cluster->agents;
  return accessor;
}

void mlir::bpt::emulator::raceShared(Thread &thread, Cta &cta, uint32_t offset,
                                     uint32_t bytes, bool isRead, bool isWrite,
                                     bool isStrong, uint32_t site) {
  Accessor accessor = makeAccessor(thread, isStrong, site);
  if (std::optional<Conflict> conflict =
          cta.shadow.access(offset, bytes, isRead, isWrite, accessor))
    report(thread, *conflict, "shared", accessor, site);
}

void mlir::bpt::emulator::raceGlobal(Thread &thread, uint64_t address,
                                     uint32_t bytes, bool isRead, bool isWrite,
                                     bool isStrong, uint32_t site) {
  Accessor accessor = makeAccessor(thread, isStrong, site);
  if (std::optional<Conflict> conflict =
          thread.cta->cluster->globalShadow.access(address, bytes, isRead,
                                                   isWrite, accessor))
    report(thread, *conflict, "global", accessor, site);
}

[[noreturn]] static void reportGrid(const Thread &thread, uint64_t address,
                                    bool isWrite,
                                    const GridShadow::Conflict &conflict,
                                    uint32_t site) {
  const LaunchState &launch = currentWorker().launch;
  const Dim3 &grid = launch.geometry.grid, &cluster = launch.geometry.cluster;
  uint32_t columns = grid.x / cluster.x, rows = grid.y / cluster.y;
  getErrorBuffer() = llvm::formatv(
      "data race: {0} global memory at {1:x} while nothing orders it after a "
      "{2} by {3} ({4},{5},{6}) at {7}",
      isWrite ? "writes" : "reads", address,
      conflict.isEarlierWrite ? "write" : "read",
      cluster.product() > 1 ? "the cluster of block" : "block",
      conflict.cluster % columns * cluster.x,
      conflict.cluster / columns % rows * cluster.y,
      conflict.cluster / columns / rows * cluster.z,
      describeSite(launch, conflict.site));
  abandon(thread, site);
}

void mlir::bpt::emulator::raceGrid(Thread &thread, uint64_t address,
                                   uint32_t bytes, bool isWrite,
                                   uint32_t site) {
  LaunchState &launch = currentWorker().launch;
  if (launch.numClusters == 1 || !detectsGlobalRaces())
    return;
  const Cluster &cluster = *thread.cta->cluster;
  std::optional<GridShadow::Conflict> conflict = launch.gridShadow.access(
      address, bytes, static_cast<uint32_t>(cluster.index), isWrite, site);
  if (conflict && !cluster.mayFollowOthers)
    reportGrid(thread, address, isWrite, *conflict, site);
}

static void raceAgent(Thread &thread, Cta &cta, uint32_t offset, uint32_t bytes,
                      bool isRead, bool isWrite, bool isStrong,
                      const AsyncAccess &access, uint32_t site) {
  Accessor accessor = makeAccessor(thread, isStrong, site);
  accessor.epoch.agent = access.agent;
  accessor.epoch.step = access.step;
  accessor.isAsyncProxy = access.isAsyncProxy;
  if (std::optional<Conflict> conflict =
          cta.shadow.access(offset, bytes, isRead, isWrite, accessor))
    report(thread, *conflict, "shared", accessor, site);
}

void mlir::bpt::emulator::raceAsync(Thread &thread, Cta &cta, uint32_t offset,
                                    uint32_t bytes, bool isWrite,
                                    const AsyncAccess &access, uint32_t site) {
  raceAgent(thread, cta, offset, bytes, !isWrite, isWrite, /*isStrong=*/false,
            access, site);
}

void mlir::bpt::emulator::raceReduction(Thread &thread, Cta &cta,
                                        uint32_t offset, uint32_t bytes,
                                        const AsyncAccess &access,
                                        uint32_t site) {
  raceAgent(thread, cta, offset, bytes, /*isRead=*/true, /*isWrite=*/true,
            /*isStrong=*/true, access, site);
}

void mlir::bpt::emulator::observe(Thread &thread, Agent agent, uint32_t step) {
  if (detectsRaces() && agent != kNoAgent)
    thread.clock.known.raise(agent, step);
}
