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

using namespace mlir::bpt::emulator;

static constexpr uint32_t kMbarrierBytes = 8;

/// Volatile loads and atomics in a row, of one instruction, after which the
/// thread is taken to poll.
static constexpr uint32_t kLoadsUntilPolling = 2;
static constexpr uint32_t kAtomicsUntilPolling = 32;

static void checkAlignment(Thread &thread, uint64_t address, uint32_t alignment,
                           const char *what, uint32_t site) {
  if (address & (alignment - 1))
    failAt(thread, site,
           "misaligned {0}: address {1:x} is not a multiple of {2} bytes", what,
           address, alignment);
}

SharedPlace mlir::bpt::emulator::checkShared(Thread &thread, uint64_t address,
                                             uint32_t bytes, uint32_t alignment,
                                             bool ownOnly, const char *what,
                                             uint32_t site) {
  checkAlignment(thread, address, alignment, what, site);
  Cluster &cluster = *thread.cta->cluster;
  uint64_t rank = (address - cluster.windowBegin) / kSharedWindow;
  if (address < cluster.windowBegin || rank >= cluster.ctas.size())
    failAt(thread, site,
           "{0}: address {1:x} is not in the shared memory of the {2}", what,
           address, cluster.ctas.size() > 1 ? "cluster" : "block");
  Cta &cta = *cluster.ctas[rank];
  if (&cta != thread.cta) {
    if (ownOnly)
      failAt(thread, site,
             "{0}: address {1:x} is in the shared memory of block {2} of the "
             "cluster, where only the own block's is allowed",
             what, address, rank);
    if (cta.liveThreads == 0)
      failAt(thread, site,
             "{0}: block {1} of the cluster, whose shared memory this is, has "
             "exited",
             what, rank);
  }
  auto offset = static_cast<uint32_t>(address - cta.windowBegin);
  uint32_t size = cluster.worker->launch.sharedBytes;
  if (uint64_t(offset) + bytes > size)
    failAt(thread, site,
           "{0} out of bounds: bytes {1} to {2} of {3} bytes of shared memory",
           what, offset, uint64_t(offset) + bytes, size);
  return {&cta, offset};
}

void mlir::bpt::emulator::checkGlobal(Thread &thread, uint64_t address,
                                      uint64_t bytes, uint32_t alignment,
                                      bool isWrite, const char *what,
                                      uint32_t site) {
  checkAlignment(thread, address, alignment, what, site);
  const DeviceMemory::Allocation *allocation = thread.lastAllocation;
  if (!allocation || address < allocation->begin ||
      address + bytes > allocation->end) {
    const DeviceMemory &memory = currentWorker().launch.memory;
    allocation = memory.find(address, bytes);
    if (!allocation) {
      getErrorBuffer() =
          llvm::formatv("{0} of {1} bytes out of bounds: {2:x} is {3}", what,
                        bytes, address, memory.describe(address));
      abandon(thread, site);
    }
    thread.lastAllocation = allocation;
  }
  if (isWrite && allocation->isReadOnly)
    failAt(thread, site, "{0} writes '{1}', which is constant", what,
           allocation->name);
}

/// Calls `function(word, mask)` for the bits of a range of bytes.
template <typename Function>
static void forEachWord(uint32_t offset, uint32_t bytes, Function function) {
  for (uint32_t begin = offset, end = offset + bytes; begin < end;) {
    uint32_t bit = begin % 64;
    uint32_t count = std::min(64 - bit, end - begin);
    uint64_t mask = (count == 64 ? ~uint64_t(0) : (uint64_t(1) << count) - 1)
                    << bit;
    function(begin / 64, mask);
    begin += count;
  }
}

void mlir::bpt::emulator::checkInitialized(Thread &thread,
                                           const SharedPlace &place,
                                           uint32_t bytes, uint32_t site) {
  if (!currentWorker().launch.options.uninitialized)
    return;
  bool isInitialized = true;
  forEachWord(place.offset, bytes, [&](uint32_t word, uint64_t mask) {
    isInitialized &= (place.cta->initialized[word] & mask) == mask;
  });
  if (!isInitialized)
    failAt(thread, site,
           "reads uninitialised shared memory: nothing has been written to all "
           "of bytes {0} to {1}",
           place.offset, place.offset + bytes);
}

void mlir::bpt::emulator::checkNoMbarrier(Thread &thread,
                                          const SharedPlace &place,
                                          uint32_t bytes, uint32_t site) {
  const std::map<uint32_t, Mbarrier> &mbarriers = place.cta->mbarriers;
  uint32_t address = place.cta->windowBegin + place.offset;
  auto next = mbarriers.lower_bound(address + bytes);
  if (next == mbarriers.begin())
    return;
  const auto &[begin, mbarrier] = *std::prev(next);
  if (mbarrier.isValid && begin + kMbarrierBytes > address)
    failAt(thread, site,
           "writes to the mbarrier at {0:x} of shared memory; mbarrier.inval "
           "has to come first",
           begin - place.cta->windowBegin);
}

void mlir::bpt::emulator::markInitialized(Cta &cta, uint32_t offset,
                                          uint32_t bytes) {
  forEachWord(offset, bytes, [&](uint32_t word, uint64_t mask) {
    cta.initialized[word] |= mask;
  });
}

//===----------------------------------------------------------------------===//
// The accesses of threads
//===----------------------------------------------------------------------===//

static const char *getAccessName(AccessKind kind) {
  switch (kind) {
  case AccessKind::Load:
    return "load";
  case AccessKind::Store:
    return "store";
  case AccessKind::Atomic:
    return "atomic access";
  }
  llvm_unreachable("access kind");
}

/// Threads that look at the same place again and again let others run.
static void yieldIfPolling(Thread &thread, AccessKind kind, uint32_t site) {
  if (kind == AccessKind::Store)
    return;
  if (thread.lastStrongSite != site) {
    thread.lastStrongSite = site;
    thread.strongRepeats = 0;
  }
  uint32_t limit =
      kind == AccessKind::Load ? kLoadsUntilPolling : kAtomicsUntilPolling;
  if (++thread.strongRepeats >= limit)
    yield("a polling loop", site);
}

static void accessShared(Thread &thread, uint64_t address, uint32_t bytes,
                         uint32_t access, uint32_t site) {
  AccessKind kind = getKind(access);
  StateSpace space = getSpace(access);
  if (space == StateSpace::Global || space == StateSpace::Const ||
      space == StateSpace::Local || space == StateSpace::Param)
    failAt(thread, site, "{0}: address {1:x} is in shared memory",
           getAccessName(kind), address);
  SharedPlace place =
      checkShared(thread, address, bytes, bytes, space == StateSpace::SharedCta,
                  getAccessName(kind), site);
  bool isStrong =
      kind == AccessKind::Atomic || getSemantics(access) != Semantics::Weak;
  if (detectsRaces()) {
    raceShared(thread, *place.cta, place.offset, bytes,
               kind != AccessKind::Store, kind != AccessKind::Load, isStrong,
               site);
    if (isStrong)
      synchronizeThrough(thread, address, kind, getSemantics(access));
  }
  if (kind != AccessKind::Store)
    checkInitialized(thread, place, bytes, site);
  if (kind != AccessKind::Load) {
    checkNoMbarrier(thread, place, bytes, site);
    markInitialized(*place.cta, place.offset, bytes);
  }
}

static bool isInLocalFrame(const Thread &thread, uint64_t address,
                           uint32_t bytes) {
  return llvm::any_of(thread.localFrames, [&](const LocalFrame &frame) {
    return address >= frame.begin && address + bytes <= frame.end;
  });
}

bool mlir::bpt::emulator::isParameter(const LaunchState &launch,
                                      uint64_t address, uint32_t bytes) {
  auto begin = reinterpret_cast<uint64_t>(launch.params);
  return address >= begin && address + bytes <= begin + launch.parameterBytes;
}

static void accessOther(Thread &thread, uint64_t address, uint32_t bytes,
                        uint32_t access, uint32_t site) {
  AccessKind kind = getKind(access);
  StateSpace space = getSpace(access);
  const char *name = getAccessName(kind);
  if (space == StateSpace::SharedCta || space == StateSpace::SharedCluster)
    checkShared(thread, address, bytes, bytes, false, name, site);
  if (space == StateSpace::Local || space == StateSpace::Generic) {
    if (isInLocalFrame(thread, address, bytes))
      return checkAlignment(thread, address, bytes, name, site);
    if (space == StateSpace::Local)
      failAt(thread, site,
             "{0} out of bounds: {1} bytes at {2:x} are not in the thread's "
             "local memory",
             name, bytes, address);
  }
  const LaunchState &launch = currentWorker().launch;
  if (space == StateSpace::Param || space == StateSpace::Generic) {
    if (isParameter(launch, address, bytes)) {
      if (kind != AccessKind::Load)
        failAt(thread, site, "{0} to a kernel parameter", name);
      return checkAlignment(thread, address, bytes, name, site);
    }
    if (space == StateSpace::Param)
      failAt(thread, site,
             "{0} out of bounds: {1} bytes at {2:x} are not in the kernel's "
             "parameters",
             name, bytes, address);
  }
  checkGlobal(thread, address, bytes, bytes, kind != AccessKind::Load, name,
              site);
  if (!detectsGlobalRaces() || space == StateSpace::Const)
    return;
  bool isStrong =
      kind == AccessKind::Atomic || getSemantics(access) != Semantics::Weak;
  raceGlobal(thread, address, bytes, kind != AccessKind::Store,
             kind != AccessKind::Load, isStrong, site);
  if (isStrong)
    synchronizeThrough(thread, address, kind, getSemantics(access));
  if (isStrong)
    thread.cta->cluster->mayFollowOthers |= kind != AccessKind::Store;
  else
    raceGrid(thread, address, bytes, kind != AccessKind::Load, site);
}

void mlir::bpt::emulator::checkAccess(Thread &thread, uint64_t address,
                                      uint32_t bytes, uint32_t access,
                                      uint32_t site) {
  Worker &worker = currentWorker();
  ++worker.report.accesses;
  AccessKind kind = getKind(access);
  if (kind == AccessKind::Atomic || getSemantics(access) != Semantics::Weak)
    yieldIfPolling(thread, kind, site);
  else if (--thread.accessesLeft == 0)
    yield("a loop", site);

  Cluster &cluster = *thread.cta->cluster;
  bool isShared = address - cluster.windowBegin <
                  uint64_t(kSharedWindow) * cluster.ctas.size();
  if (isShared)
    accessShared(thread, address, bytes, access, site);
  else
    accessOther(thread, address, bytes, access, site);
  if (worker.recorder)
    worker.recorder->access(thread, address, bytes, kind, isShared, site);
}

void bpt_emu_access(uint64_t address, uint32_t bytes, uint32_t access,
                    uint32_t site) {
  checkAccess(currentThread(), address, bytes, access, site);
}
