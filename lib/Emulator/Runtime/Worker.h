//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_WORKER_H
#define BPT_LIB_EMULATOR_RUNTIME_WORKER_H

#include "GridShadow.h"
#include "Scheduler.h"
#include "State.h"
#include <atomic>
#include <mutex>

namespace mlir::bpt::emulator {

class ProfileRecorder;

/// What the workers of one launch share.
struct LaunchState {
  LaunchState(const KernelDescription &kernel, const LaunchGeometry &geometry,
              DeviceMemory &memory, const LaunchOptions &options)
      : kernel(kernel), geometry(geometry), memory(memory), options(options) {}

  const KernelDescription &kernel;
  const LaunchGeometry &geometry;
  DeviceMemory &memory;
  const LaunchOptions &options;
  const uint8_t *params = nullptr;
  uint32_t parameterBytes = 0;
  uint32_t dynamicOffset = 0, sharedBytes = 0;
  bool isExplicitCluster = false;
  uint64_t numClusters = 0;

  std::atomic<uint64_t> nextCluster{0};
  std::atomic<bool> failed{false};
  /// Workers that have clusters, and those of them whose threads all poll.
  std::atomic<unsigned> activeWorkers{0}, pollingWorkers{0};

  GridShadow gridShadow;

  std::mutex mutex;
  std::string error;
  LaunchReport report;
};

/// One host thread: runs clusters to their end, one at a time unless their
/// threads wait for other clusters.
class Worker {
public:
  Worker(LaunchState &launch, unsigned index);
  ~Worker();

  void run();
  unsigned getIndex() const { return index; }
  /// What pollers wait for may have come.
  void noteProgress();

  LaunchState &launch;
  LaunchReport report;
  std::unique_ptr<ProfileRecorder> recorder;
  /// What %clock counts.
  uint64_t clock = 0;

private:
  friend void suspend(const char *, uint32_t);
  friend void yield(const char *, uint32_t);
  friend void wake(Thread &);
  friend void wakeLanes(Warp &, uint32_t);
  friend void exitThread(uint32_t);
  friend void enterBlock(uint32_t);
  friend void deliverOldest(Cluster &);
  friend void abandon(const Thread &, uint32_t);
  friend std::string &getErrorBuffer();
  friend Worker &currentWorker();
  friend Thread &currentThread();

  /// False if its windows or stacks cannot be had.
  bool startCluster(uint64_t index);
  void startCta(Cluster &cluster, uint32_t rank);
  void retireCluster(Cluster &cluster);
  /// Runs threads until all have exited, another cluster is needed, or one has
  /// failed.
  void runThreads();

  /// The next thread to run; null if the main fibre has something to do.
  Thread *pick(Warp *preferred, uint32_t afterLane);
  Thread *pickLane(Warp &warp, uint32_t afterLane);
  bool wakePollers();
  void switchFrom(Thread &thread);
  [[noreturn]] void reportDeadlock();

  unsigned index;
  Fibre mainFibre;
  Thread *current = nullptr;
  StackPool stacks;
  std::vector<std::unique_ptr<Cluster>> clusters;
  std::vector<Warp *> warps;
  size_t warpCursor = 0;
  uint64_t randomState = 0;
  std::vector<Thread *> pollers;
  uint64_t fruitlessRounds = 0;
  bool needsCluster = false, isPolling = false;
  Delivery running;
  std::string error;
  bool hasFailed = false;
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_WORKER_H
