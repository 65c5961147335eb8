//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"
#include "Worker.h"
#include <map>

using namespace mlir::bpt::emulator;

std::string mlir::bpt::emulator::describeSite(const LaunchState &launch,
                                              uint32_t site) {
  llvm::ArrayRef<Site> sites = launch.kernel.sites;
  if (site >= sites.size())
    return "the kernel's end";
  std::string text = llvm::formatv("PTX line {0}: `{1}`", sites[site].line,
                                   llvm::StringRef(sites[site].text).trim());
  if (sites[site].sourceLine)
    text += llvm::formatv(" ({0}:{1})", sites[site].sourceFile,
                          sites[site].sourceLine);
  return text;
}

uint32_t mlir::bpt::emulator::getLine(uint32_t site) {
  llvm::ArrayRef<Site> sites = currentWorker().launch.kernel.sites;
  return site < sites.size() ? sites[site].line : 0;
}

static std::string describe(const Dim3 &dim) {
  return llvm::formatv("({0},{1},{2})", dim.x, dim.y, dim.z);
}

std::string mlir::bpt::emulator::describeThread(const Thread &thread) {
  return "block " + describe(thread.cta->id) + ", thread " +
         describe(thread.id);
}

std::string &mlir::bpt::emulator::getErrorBuffer() {
  return currentWorker().error;
}

void mlir::bpt::emulator::abandon(const Thread &thread, uint32_t site) {
  Worker &worker = currentWorker();
  worker.error = llvm::formatv(
      "kernel '{0}', {1}, {2}: {3}", worker.launch.kernel.name,
      describeThread(thread), describeSite(worker.launch, site), worker.error);
  worker.hasFailed = true;
  worker.current->fibre.leaveFor(worker.mainFibre);
}

void Worker::reportDeadlock() {
  using Key = std::pair<uint32_t, const char *>;
  const Thread *any = nullptr;
  {
    std::map<Key, std::vector<const Thread *>> groups;
    for (const std::unique_ptr<Cluster> &cluster : clusters)
      for (const Thread &thread : cluster->threads)
        if (!thread.exited)
          groups[{thread.waitSite, thread.waitingFor}].push_back(&thread);
    error = "deadlock: no thread can go on";
    uint64_t remaining =
        launch.numClusters -
        std::min(launch.numClusters, launch.nextCluster.load());
    if (remaining)
      error += llvm::formatv(" ({0} clusters have not started: the threads may "
                             "wait for blocks that are not resident)",
                             remaining);
    for (const auto &[key, threads] : groups) {
      if (!any)
        any = threads.front();
      error += llvm::formatv(
          "\n  {0} {1} in {2} at {3}, first {4}", threads.size(),
          threads.size() == 1 ? "thread waits" : "threads wait",
          key.second ? key.second : "a loop", describeSite(launch, key.first),
          describeThread(*threads.front()));
    }
  }
  abandon(*any, any->waitSite);
}
