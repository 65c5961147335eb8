//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_STATE_H
#define BPT_LIB_EMULATOR_RUNTIME_STATE_H

#include "Fibre.h"
#include "RaceShadow.h"
#include "VectorClock.h"
#include "bpt/Emulator/Runtime/ABI.h"
#include "bpt/Emulator/Runtime/Launch.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

/// A launch as it runs: worker threads of the host, each with clusters that are
/// resident on it; their CTAs, warps and threads.
namespace mlir::bpt::emulator {

constexpr uint32_t kWarpSize = 32;
constexpr uint32_t kAllLanes = 0xFFFFFFFFu;
/// Of a CTA's window, and what a kernel can have of it on sm_90.
constexpr uint32_t kSharedWindow = 256 << 10;
constexpr uint32_t kMaxShared = 227 << 10;
constexpr uint32_t kNumBarriers = 16;
constexpr uint32_t kNoSite = 0x7FFFFFFF;

struct Cluster;
struct Cta;
struct LaunchState;
struct Thread;
struct Warp;
class ProfileRecorder;
class Worker;

/// One cp.async, from its issue to its delivery.
struct PendingCopy {
  uint32_t destination;
  const uint8_t *source;
  uint32_t bytes, sourceBytes;
  uint32_t site;
};

/// Groups of asynchronous operations: how many have been committed and have
/// retired, and the agent that stands for the operations. The agent's step is
/// the number of the operation's group, from 1.
struct GroupCounter {
  Agent agent = kNoAgent;
  uint32_t committed = 0, retired = 0;
  /// Operations that no group holds yet.
  uint32_t open = 0;

  uint32_t openStep() const { return committed + 1; }
};

/// Operations that a thread has issued and that are still to be carried out:
/// those that no group holds yet, and the groups, oldest first. They complete
/// in order, so that one agent can stand for all.
template <typename Operation> struct GroupQueue {
  struct Group {
    std::vector<Operation> operations;
    uint32_t step;
  };

  std::vector<Operation> open;
  std::deque<Group> groups;
  Agent agent = kNoAgent;
  /// The agent's, of the operations that are issued now.
  uint32_t step = 1;

  void add(Operation operation) { open.push_back(std::move(operation)); }
  void commit() {
    groups.push_back({std::move(open), step++});
    open.clear();
  }
  bool empty() const {
    return open.empty() && llvm::all_of(groups, [](const Group &group) {
             return group.operations.empty();
           });
  }
};

/// An asynchronous operation that is still to be carried out.
using Delivery = std::function<void()>;

/// A .local frame.
struct LocalFrame {
  std::unique_ptr<uint8_t[]> storage;
  uint64_t begin, end;
};

struct Thread {
  Fibre fibre;
  uint8_t *stack = nullptr;
  Warp *warp = nullptr;
  Cta *cta = nullptr;
  Dim3 id;
  /// In the CTA.
  uint32_t linearId = 0;
  uint32_t lane = 0;
  bool exited = false;

  /// Why it does not run, for reports.
  const char *waitingFor = nullptr;
  uint32_t waitSite = kNoSite;
  bool polling = false;
  /// The last volatile or atomic access, and how often it was made in a row.
  uint32_t lastStrongSite = kNoSite;
  uint32_t strongRepeats = 0;
  uint32_t accessesLeft = 1 << 16;

  GroupQueue<PendingCopy> copies;
  /// cp.async.mbarrier.arrive that are to come.
  uint32_t pendingArrivals = 0;
  GroupQueue<Delivery> bulk;
  /// barrier.cluster: whether it has arrived without waiting, and when.
  bool hasClusterArrival = false;
  uint32_t clusterArrivalPhase = 0;
  /// The mbarrier and phase whose test failed last, which may not fail again
  /// for nothing, and the number of such failures in a row.
  uint64_t lastFailedWait = 0;
  uint32_t failedWaits = 0;
  std::vector<LocalFrame> localFrames;
  /// The allocation that the last global access hit.
  const DeviceMemory::Allocation *lastAllocation = nullptr;

  /// Race detection.
  Agent agent = kNoAgent;
  uint32_t step = 1;
  SyncClock clock;
  /// What relaxed stores publish and relaxed loads have seen, by the last
  /// fence.
  SyncClock fenced, unfenced;

  /// Profile mode: the block at whose start it waits.
  uint32_t block = 0;
};

/// Profile mode: what the lanes of a warp access by one instruction.
struct WarpRequest {
  uint32_t site;
  AccessKind kind;
  bool isShared;
  uint32_t bytes;
  uint32_t lanes;
  std::array<uint64_t, kWarpSize> addresses;
};

/// What the lanes of a warp have brought to one collective operation.
struct Rendezvous {
  const char *name = nullptr;
  uint32_t mask = 0, arrived = 0;
  uint32_t site = kNoSite;
  bool aligned = false;
  std::array<void *, kWarpSize> arguments;
};

/// Executes a collective operation for the lanes in `lanes`, whose argument
/// frames are in `arguments`.
using CollectiveHandler = void (*)(Warp &warp, void *const *arguments,
                                   uint32_t lanes);

struct Warp {
  Cta *cta = nullptr;
  uint32_t index = 0;
  uint32_t created = 0, alive = 0, ready = 0;
  /// Profile mode: lanes at the start of a block.
  uint32_t atBlock = 0;
  std::vector<WarpRequest> requests;
  std::array<Thread *, kWarpSize> threads = {};
  std::array<Rendezvous, kWarpSize> rendezvous;
  std::array<CollectiveHandler, kWarpSize> handlers = {};

  /// The warp's part of its warpgroup's wgmma groups.
  GroupCounter wgmma;
  /// Lanes that wait for the parts of the other warps.
  uint32_t wgmmaWaiters = 0;
  bool wgmmaFenced = false;
  /// Of each thread (setmaxnreg); 0 if they cannot change.
  uint32_t registers = 0;
};

/// One of a CTA's 16 barriers.
struct NamedBarrier {
  bool inUse = false;
  uint32_t expected = 0;
  uint32_t site = kNoSite;
  bool aligned = false;
  /// By warp: lanes that arrived, those of them that wait, and the instruction
  /// of the first.
  llvm::SmallVector<uint32_t, 4> arrived, waiting, sites;
  uint32_t population = 0;
  bool allTrue = true, anyTrue = false;
  /// Where the waiting threads' reductions go.
  struct Result {
    BarrierReduction op;
    uint32_t value;
  };
  std::vector<Result *> results;
  SyncClock clock;
};

/// A thread that waits for a phase of an mbarrier.
struct PhaseWaiter {
  Thread *thread;
  uint32_t address;
  uint32_t parity;
};

/// An mbarrier. Its 64 bits in memory mirror this.
struct Mbarrier {
  /// Between mbarrier.init and mbarrier.inval.
  bool isValid = false;
  uint32_t expected = 0, pending = 0;
  /// Bytes that are expected and have not come.
  int64_t transactions = 0;
  /// Of the phases that have completed.
  uint32_t phase = 0;
  /// From the arrivals of the running phase, and of the last complete one.
  SyncClock arriving, completed;
  /// Copies that complete bytes of it; the step is the phase, from 1.
  Agent agent = kNoAgent;
};

struct Cta {
  Cluster *cluster = nullptr;
  Dim3 id;
  Dim3 idInCluster;
  uint32_t rank = 0;
  uint32_t windowBegin = 0;
  uint32_t numThreads = 0, liveThreads = 0;
  std::vector<Warp> warps;
  std::array<NamedBarrier, kNumBarriers> barriers;
  /// By address.
  std::map<uint32_t, Mbarrier> mbarriers;
  std::vector<PhaseWaiter> phaseWaiters;
  /// Registers that warps have given back, and who waits for some.
  uint32_t freeRegisters = 0;
  std::vector<Thread *> registerWaiters;
  /// By byte of shared memory.
  std::vector<uint64_t> initialized;
  RaceShadow shadow;

  Thread &getThread(uint32_t linearId) {
    return *warps[linearId / kWarpSize].threads[linearId % kWarpSize];
  }
  bool isShared(uint64_t address) const {
    return address - windowBegin < kSharedWindow;
  }
};

struct Cluster {
  Worker *worker = nullptr;
  uint64_t index = 0;
  Dim3 id;
  std::vector<std::unique_ptr<Cta>> ctas;
  std::vector<Thread> threads;
  uint32_t liveThreads = 0;
  uint32_t windowBegin = 0;
  /// In the order of their issue.
  std::deque<Delivery> deliveries;

  /// barrier.cluster
  uint32_t clusterPhase = 0, clusterArrivals = 0;
  SyncClock arrivalClock, releaseClock;
  std::vector<Thread *> clusterWaiters;

  /// Race detection.
  /// By agent: whether its accesses are the async proxy's.
  std::vector<bool> agents;
  llvm::DenseMap<uint64_t, SyncClock> locations;
  GlobalShadow globalShadow;
  /// It has read global memory otherwise than plainly: other clusters' accesses
  /// may be ordered before its own.
  bool mayFollowOthers = false;

  Agent addAgent(bool isAsyncProxy);
};

/// The worker, thread and launch of the calling fibre.
Worker &currentWorker();
Thread &currentThread();

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_STATE_H
