//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "ProfileRecorder.h"
#include "Races.h"
#include "Scheduler.h"
#include "Worker.h"
#include <chrono>
#include <cstring>

using namespace mlir::bpt::emulator;

/// What the registers of the machine say that no kernel can rely on.
static constexpr uint32_t kNumSms = 132;

static uint64_t getClock() {
  Worker &worker = currentWorker();
  return ++worker.clock * 16;
}

static uint64_t getNanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

static uint64_t getComponent(SpecialRegister which, SpecialRegister first,
                             const Dim3 &dim) {
  switch (static_cast<uint32_t>(which) - static_cast<uint32_t>(first)) {
  case 0:
    return dim.x;
  case 1:
    return dim.y;
  default:
    return dim.z;
  }
}

uint64_t bpt_emu_special_register(SpecialRegister which) {
  using Reg = SpecialRegister;
  const Thread &thread = currentThread();
  const Cta &cta = *thread.cta;
  const Cluster &cluster = *cta.cluster;
  const LaunchState &launch = currentWorker().launch;
  const LaunchGeometry &geometry = launch.geometry;
  uint32_t lane = thread.lane;
  switch (which) {
  case Reg::TidX:
  case Reg::TidY:
  case Reg::TidZ:
    return getComponent(which, Reg::TidX, thread.id);
  case Reg::NtidX:
  case Reg::NtidY:
  case Reg::NtidZ:
    return getComponent(which, Reg::NtidX, geometry.block);
  case Reg::CtaidX:
  case Reg::CtaidY:
  case Reg::CtaidZ:
    return getComponent(which, Reg::CtaidX, cta.id);
  case Reg::NctaidX:
  case Reg::NctaidY:
  case Reg::NctaidZ:
    return getComponent(which, Reg::NctaidX, geometry.grid);
  case Reg::ClusteridX:
  case Reg::ClusteridY:
  case Reg::ClusteridZ:
    return getComponent(which, Reg::ClusteridX, cluster.id);
  case Reg::NclusteridX:
  case Reg::NclusteridY:
  case Reg::NclusteridZ:
    return getComponent(which, Reg::NclusteridX,
                        {geometry.grid.x / geometry.cluster.x,
                         geometry.grid.y / geometry.cluster.y,
                         geometry.grid.z / geometry.cluster.z});
  case Reg::ClusterCtaidX:
  case Reg::ClusterCtaidY:
  case Reg::ClusterCtaidZ:
    return getComponent(which, Reg::ClusterCtaidX, cta.idInCluster);
  case Reg::ClusterNctaidX:
  case Reg::ClusterNctaidY:
  case Reg::ClusterNctaidZ:
    return getComponent(which, Reg::ClusterNctaidX, geometry.cluster);
  case Reg::ClusterCtarank:
    return cta.rank;
  case Reg::ClusterNctarank:
    return cluster.ctas.size();
  case Reg::IsExplicitCluster:
    return launch.isExplicitCluster;
  case Reg::Laneid:
    return lane;
  case Reg::Warpid:
    return thread.warp->index;
  case Reg::Nwarpid:
    return cta.warps.size();
  case Reg::LanemaskEq:
    return uint32_t(1) << lane;
  case Reg::LanemaskLt:
    return (uint32_t(1) << lane) - 1;
  case Reg::LanemaskLe:
    return uint32_t((uint64_t(2) << lane) - 1);
  case Reg::LanemaskGt:
    return uint32_t(~((uint64_t(2) << lane) - 1));
  case Reg::LanemaskGe:
    return uint32_t(~((uint64_t(1) << lane) - 1));
  case Reg::Smid:
    return currentWorker().getIndex() % kNumSms;
  case Reg::Nsmid:
    return kNumSms;
  case Reg::Gridid:
    return 1;
  case Reg::Clock:
  case Reg::Clock64:
    return getClock();
  case Reg::ClockHi:
    return getClock() >> 32;
  case Reg::GlobaltimerLo:
  case Reg::Globaltimer:
    return getNanoseconds();
  case Reg::GlobaltimerHi:
    return getNanoseconds() >> 32;
  case Reg::TotalSmemSize:
  case Reg::AggrSmemSize:
    return launch.sharedBytes;
  case Reg::DynamicSmemSize:
    return geometry.dynamicShared;
  }
  return 0;
}

uint64_t bpt_emu_shared_base() { return currentThread().cta->windowBegin; }

uint64_t bpt_emu_dynamic_shared() {
  return bpt_emu_shared_base() + currentWorker().launch.dynamicOffset;
}

uint64_t bpt_emu_local_alloc(uint32_t bytes, uint32_t alignment,
                             uint32_t site) {
  Thread &thread = currentThread();
  LocalFrame frame;
  uint64_t total = uint64_t(bytes) + alignment;
  frame.storage.reset(new uint8_t[total]);
  std::memset(frame.storage.get(), 0xFF, total);
  uint64_t begin = reinterpret_cast<uint64_t>(frame.storage.get());
  frame.begin = (begin + alignment - 1) / alignment * alignment;
  frame.end = frame.begin + bytes;
  thread.localFrames.push_back(std::move(frame));
  return thread.localFrames.back().begin;
}

void bpt_emu_local_free(uint64_t address) {
  Thread &thread = currentThread();
  if (!thread.localFrames.empty() && thread.localFrames.back().begin == address)
    thread.localFrames.pop_back();
}

uint32_t bpt_emu_isspacep(uint64_t address, StateSpace space) {
  const Thread &thread = currentThread();
  const Cluster &cluster = *thread.cta->cluster;
  const LaunchState &launch = currentWorker().launch;
  bool isOwn = thread.cta->isShared(address);
  bool isCluster = address - cluster.windowBegin <
                   uint64_t(kSharedWindow) * cluster.ctas.size();
  bool isLocal = llvm::any_of(thread.localFrames, [&](const LocalFrame &frame) {
    return address >= frame.begin && address < frame.end;
  });
  auto params = reinterpret_cast<uint64_t>(launch.params);
  bool isParam = address - params < launch.parameterBytes;
  const DeviceMemory::Allocation *allocation = launch.memory.find(address, 1);
  switch (space) {
  case StateSpace::Generic:
    return 1;
  case StateSpace::SharedCta:
    return isOwn;
  case StateSpace::SharedCluster:
    return isCluster;
  case StateSpace::Local:
    return isLocal;
  case StateSpace::Param:
    return isParam;
  case StateSpace::Const:
    return allocation && allocation->isReadOnly;
  case StateSpace::Global:
    return !isCluster && !isLocal && !isParam &&
           !(allocation && allocation->isReadOnly);
  }
  return 0;
}

uint64_t bpt_emu_mapa(uint64_t address, uint32_t rank, uint32_t site) {
  Thread &thread = currentThread();
  const Cluster &cluster = *thread.cta->cluster;
  if (rank >= cluster.ctas.size())
    fail(site, "mapa: the cluster has {0} blocks, there is none of rank {1}",
         cluster.ctas.size(), rank);
  uint64_t offset = address - cluster.windowBegin;
  if (offset >= uint64_t(kSharedWindow) * cluster.ctas.size())
    fail(site, "mapa: {0:x} is not an address in shared memory", address);
  return cluster.windowBegin + uint64_t(rank) * kSharedWindow +
         offset % kSharedWindow;
}

uint32_t bpt_emu_getctarank(uint64_t address, uint32_t site) {
  const Cluster &cluster = *currentThread().cta->cluster;
  uint64_t offset = address - cluster.windowBegin;
  if (offset >= uint64_t(kSharedWindow) * cluster.ctas.size())
    fail(site, "getctarank: {0:x} is not an address in shared memory", address);
  return static_cast<uint32_t>(offset / kSharedWindow);
}

void bpt_emu_exit(uint32_t site) { exitThread(site); }

void bpt_emu_trap(uint32_t site) { fail(site, "the kernel traps"); }

void bpt_emu_error(const char *message, uint32_t site) {
  fail(site, "{0}", message);
}

void bpt_emu_stack_check(uint32_t site) {
  if (!Fibre::hasStackLeft(currentThread().stack))
    fail(site, "the calls are nested too deeply for the thread's stack");
}

void bpt_emu_block(uint32_t block) { enterBlock(block); }

void bpt_emu_nanosleep(uint32_t nanoseconds, uint32_t site) {
  yield("nanosleep", site);
}

void bpt_emu_griddepcontrol(GridDependency action, uint32_t site) {
  // One grid runs at a time: what came before is complete.
}

void bpt_emu_prefetch(uint64_t address, StateSpace space, uint32_t site) {
  Thread &thread = currentThread();
  bool isShared = bpt_emu_isspacep(address, StateSpace::SharedCluster);
  if (isShared)
    fail(site, "prefetch: {0:x} is an address in shared memory", address);
  if (space == StateSpace::Local &&
      !bpt_emu_isspacep(address, StateSpace::Local))
    failAt(thread, site, "prefetch: {0:x} is not in local memory", address);
}

void bpt_emu_discard(uint64_t address, uint32_t bytes, uint32_t site) {
  Thread &thread = currentThread();
  checkGlobal(thread, address, bytes, bytes, /*isWrite=*/true, "discard", site);
  if (detectsGlobalRaces())
    raceGlobal(thread, address, bytes, /*isRead=*/false, /*isWrite=*/true,
               /*isStrong=*/false, site);
  std::memset(getPointer(address), 0xFF, bytes);
}
