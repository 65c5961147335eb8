//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/Runtime/Launch.h"
#include "Worker.h"
#include "llvm/Support/Alignment.h"
#include <chrono>
#include <cstring>
#include <thread>

using namespace mlir::bpt::emulator;

char LaunchError::ID = 0;

/// What every device of compute capability 7.0 and later allows.
static constexpr uint64_t kMaxThreads = 1024;
static constexpr uint64_t kMaxClusterBlocks = 16;
static constexpr Dim3 kMaxBlock = {1024, 1024, 64};
static constexpr Dim3 kMaxGrid = {0x7FFFFFFF, 0xFFFF, 0xFFFF};

/// Tensor maps among the parameters are aligned to 64 bytes.
struct alignas(128) ParameterChunk {
  uint8_t bytes[128];
};

template <typename... Args>
static llvm::Error invalid(const char *format, Args &&...args) {
  return llvm::make_error<LaunchError>(
      llvm::formatv(format, std::forward<Args>(args)...).str(),
      /*fault=*/false);
}

static bool exceeds(const Dim3 &dim, const Dim3 &limit) {
  return dim.x > limit.x || dim.y > limit.y || dim.z > limit.z;
}

static bool differs(const Dim3 &a, const Dim3 &b) {
  return a.x != b.x || a.y != b.y || a.z != b.z;
}

static std::string str(const Dim3 &dim) {
  return llvm::formatv("{0}x{1}x{2}", dim.x, dim.y, dim.z);
}

static llvm::Error checkBlock(const KernelDescription &kernel,
                              const Dim3 &block) {
  if (block.product() == 0 || block.product() > kMaxThreads ||
      exceeds(block, kMaxBlock))
    return invalid("kernel '{0}': a block of {1} threads; it can have up to "
                   "1024 threads, and 64 in z",
                   kernel.name, str(block));
  if (kernel.requiredBlock.product() != 0 &&
      differs(block, kernel.requiredBlock))
    return invalid("kernel '{0}': a block of {1} threads; .reqntid wants {2}",
                   kernel.name, str(block), str(kernel.requiredBlock));
  if (kernel.maxBlock.product() != 0 &&
      block.product() > kernel.maxBlock.product())
    return invalid("kernel '{0}': a block of {1} threads; .maxntid allows {2}",
                   kernel.name, str(block), kernel.maxBlock.product());
  return llvm::Error::success();
}

static llvm::Error checkCluster(const KernelDescription &kernel,
                                const LaunchGeometry &geometry) {
  const Dim3 &grid = geometry.grid, &cluster = geometry.cluster;
  if (cluster.product() == 0 || cluster.product() > kMaxClusterBlocks)
    return invalid("kernel '{0}': a cluster of {1} blocks; it can have 1 to 16",
                   kernel.name, str(cluster));
  if (grid.x % cluster.x || grid.y % cluster.y || grid.z % cluster.z)
    return invalid("kernel '{0}': a grid of {1} blocks cannot be divided into "
                   "clusters of {2}",
                   kernel.name, str(grid), str(cluster));
  if (kernel.requiredCluster.product() != 0 &&
      differs(cluster, kernel.requiredCluster))
    return invalid(
        "kernel '{0}': a cluster of {1} blocks; .reqnctapercluster wants {2}",
        kernel.name, str(cluster), str(kernel.requiredCluster));
  return llvm::Error::success();
}

static llvm::Error checkLaunch(const KernelDescription &kernel,
                               const LaunchGeometry &geometry,
                               llvm::ArrayRef<uint8_t> params,
                               uint64_t sharedBytes) {
  const Dim3 &grid = geometry.grid;
  if (grid.product() == 0 || exceeds(grid, kMaxGrid))
    return invalid("kernel '{0}': a grid of {1} blocks; x can be 1 to "
                   "2147483647, y and z 1 to 65535",
                   kernel.name, str(grid));
  if (llvm::Error error = checkBlock(kernel, geometry.block))
    return error;
  if (llvm::Error error = checkCluster(kernel, geometry))
    return error;
  if (params.size() != kernel.parameterBytes)
    return invalid("kernel '{0}': {1} bytes of parameters; it takes {2}",
                   kernel.name, params.size(), kernel.parameterBytes);
  if (sharedBytes > kMaxShared)
    return invalid("kernel '{0}': {1} bytes of shared memory; a block can have "
                   "{2}",
                   kernel.name, sharedBytes, kMaxShared);
  return llvm::Error::success();
}

static void runWorkers(LaunchState &launch, unsigned numThreads) {
  auto work = [&](unsigned index) { Worker(launch, index).run(); };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < numThreads; ++i)
    threads.emplace_back(work, i);
  work(0);
  for (std::thread &thread : threads)
    thread.join();
}

llvm::Error mlir::bpt::emulator::launch(const KernelDescription &kernel,
                                        const LaunchGeometry &geometry,
                                        llvm::ArrayRef<uint8_t> params,
                                        DeviceMemory &memory,
                                        const LaunchOptions &options,
                                        LaunchReport *report) {
  uint64_t dynamicOffset = llvm::alignTo(
      kernel.staticSharedBytes,
      llvm::Align(std::max<uint32_t>(kernel.dynamicSharedAlignment, 1)));
  uint64_t sharedBytes = dynamicOffset + geometry.dynamicShared;
  if (llvm::Error error = checkLaunch(kernel, geometry, params, sharedBytes))
    return error;

  std::vector<ParameterChunk> buffer(params.size() / sizeof(ParameterChunk) +
                                     1);
  if (!params.empty())
    std::memcpy(buffer.data(), params.data(), params.size());

  LaunchState state(kernel, geometry, memory, options);
  state.params = buffer.front().bytes;
  state.parameterBytes = kernel.parameterBytes;
  state.dynamicOffset = static_cast<uint32_t>(dynamicOffset);
  state.sharedBytes = static_cast<uint32_t>(sharedBytes);
  state.isExplicitCluster =
      geometry.cluster.product() > 1 || kernel.requiredCluster.product() != 0;
  state.numClusters = geometry.grid.product() / geometry.cluster.product();

  auto start = std::chrono::steady_clock::now();
  unsigned wanted = options.threads
                        ? options.threads
                        : std::max(1u, std::thread::hardware_concurrency());
  runWorkers(state, static_cast<unsigned>(
                        std::min<uint64_t>(wanted, state.numClusters)));
  std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start;
  state.report.seconds = elapsed.count();
  if (report)
    *report = std::move(state.report);
  if (state.failed)
    return llvm::make_error<LaunchError>(std::move(state.error),
                                         /*fault=*/true);
  return llvm::Error::success();
}
