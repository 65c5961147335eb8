//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Device/Device.h"
#include "bpt/ExecutionEngine/Runtime/Allocator.h"
#include <algorithm>
#include <cstring>

using namespace mlir::bpt::runtime;

// These are the same on every GPU that code is generated for.
static constexpr uint64_t kMaxThreads = 1024;
static constexpr Dim3 kMaxBlock{1024, 1024, 64};
static constexpr Dim3 kMaxGrid{(uint64_t{1} << 31) - 1, 65535, 65535};
/// What every GPU with clusters can do.
static constexpr uint64_t kMaxClusterBlocks = 8;
static constexpr unsigned kFirstChipWithClusters = 90;

uint64_t Dim3::getVolume() const {
  uint64_t volume;
  if (__builtin_mul_overflow(x, y, &volume) ||
      __builtin_mul_overflow(volume, z, &volume))
    return UINT64_MAX;
  return volume;
}

std::string Dim3::getText() const {
  return std::to_string(x) + "x" + std::to_string(y) + "x" + std::to_string(z);
}

uint64_t KernelProfile::getCounter(std::string_view name) const {
  auto found =
      std::find_if(counters.begin(), counters.end(),
                   [&](const auto &counter) { return counter.first == name; });
  return found == counters.end() ? 0 : found->second;
}

size_t Device::getCapacity(size_t size, size_t alignment) const {
  size_t bytes = std::max<size_t>(size, 1);
  return (bytes + alignment - 1) / alignment * alignment;
}

Status Device::allocate(uint64_t bytes, uint64_t alignment, void *&block) {
  block = nullptr;
  if (alignment > kBlockAlignment || (alignment & (alignment - 1)) != 0)
    return Status::failure("device memory cannot be aligned to " +
                           std::to_string(alignment) + " bytes");
  if (bytes <= INT64_MAX)
    block = memory.allocate(bytes, alignment);
  if (block) {
    // A read before a write shows; see setPoison.
    uint64_t ones = ~uint64_t{0};
    if (isPoisoning() && bytes != 0)
      return fill(block, &ones, 1, bytes);
    return Status::success();
  }
  // Where earlier work has failed, that is why.
  Status earlier = synchronize();
  if (earlier.failed())
    return earlier;
  std::string message = "device '" + properties.device +
                        "' is out of memory: the program asked for " +
                        std::to_string(bytes) + " bytes and holds " +
                        std::to_string(memory.getLiveBytes());
  if (auto sizes = getFreeAndTotal())
    message += "; " + std::to_string(sizes->first) + " of " +
               std::to_string(sizes->second) + " are available";
  return Status::failure(std::move(message));
}

Status Device::deallocate(void *block) {
  if (!block || memory.deallocate(block))
    return Status::success();
  return Status::failure("the program frees device memory that it did not "
                         "allocate, or frees it twice");
}

Status Device::fill(void *target, const void *pattern, uint64_t patternBytes,
                    uint64_t count) {
  bool isWidth = patternBytes == 1 || patternBytes == 2 || patternBytes == 4 ||
                 patternBytes == 8;
  if (!isWidth)
    return Status::failure("device memory is filled with patterns of 1, 2, 4 "
                           "or 8 bytes, not of " +
                           std::to_string(patternBytes));
  if (count == 0)
    return Status::success();
  uint64_t value = 0;
  std::memcpy(&value, pattern, patternBytes);
  return fillChecked(target, value, patternBytes, count);
}

Status Device::loadModule(std::string_view ptx, std::string_view name,
                          BPTDeviceModule *&module) {
  std::lock_guard<std::mutex> lock(mutex);
  size_t hash = std::hash<std::string_view>()(ptx);
  auto [first, last] = modules.equal_range(hash);
  auto found = std::find_if(
      first, last, [&](const auto &entry) { return entry.second->ptx == ptx; });
  if (found != last) {
    module = found->second.get();
    return Status::success();
  }
  std::unique_ptr<BPTDeviceModule> loaded;
  Status status = loadNew(ptx, name, loaded);
  if (status.failed())
    return status;
  loaded->name = name;
  loaded->ptx = ptx;
  module = modules.emplace(hash, std::move(loaded))->second.get();
  return status;
}

Status Device::getKernel(BPTDeviceModule &module, std::string_view name,
                         BPTDeviceKernel *&kernel) {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = module.kernels.find(name);
  if (found == module.kernels.end()) {
    std::unique_ptr<BPTDeviceKernel> loaded;
    Status status = findKernel(module, std::string(name), loaded);
    if (status.failed())
      return status;
    loaded->name = name;
    loaded->module = &module;
    found = module.kernels.emplace(std::string(name), std::move(loaded)).first;
  }
  kernel = found->second.get();
  return Status::success();
}

Status Device::checkLaunch(const BPTDeviceKernel &kernel,
                           const LaunchShape &shape) const {
  auto fail = [&](const std::string &reason) {
    return Status::failure("kernel '" + kernel.name +
                           "' cannot be launched: " + reason);
  };
  auto fits = [](const Dim3 &dim, const Dim3 &limit) {
    return dim.x <= limit.x && dim.y <= limit.y && dim.z <= limit.z;
  };
  const auto &[grid, block, cluster, sharedBytes] = shape;
  if (!fits(grid, kMaxGrid))
    return fail("its grid is " + grid.getText() + "; at most " +
                kMaxGrid.getText() + " blocks fit");
  if (block.getVolume() == 0 || block.getVolume() > kMaxThreads ||
      !fits(block, kMaxBlock))
    return fail("its blocks are " + block.getText() +
                " threads; a block has 1 to 1024, at most " +
                kMaxBlock.getText());
  if (!(cluster == Dim3())) {
    if (properties.chip.number < kFirstChipWithClusters)
      return fail("its clusters are " + cluster.getText() + " blocks, but " +
                  properties.chip.getName() + " has no clusters");
    if (cluster.getVolume() == 0 || cluster.getVolume() > kMaxClusterBlocks)
      return fail("its clusters are " + cluster.getText() +
                  " blocks; a cluster has 1 to 8");
    if (grid.x % cluster.x || grid.y % cluster.y || grid.z % cluster.z)
      return fail("its grid of " + grid.getText() +
                  " blocks is not made of whole clusters of " +
                  cluster.getText());
  }
  if (sharedBytes > properties.maxSharedBytes ||
      kernel.staticSharedBytes > properties.maxSharedBytes - sharedBytes)
    return fail("a block needs " + std::to_string(kernel.staticSharedBytes) +
                " bytes of static and " + std::to_string(sharedBytes) +
                " of dynamic shared memory; " + properties.chip.getName() +
                " has " + std::to_string(properties.maxSharedBytes));
  return Status::success();
}

KernelProfile &Device::getProfileEntry(const BPTDeviceKernel &kernel,
                                       const LaunchShape &shape) {
  auto found = std::find_if(
      profile.begin(), profile.end(), [&](const KernelProfile &entry) {
        return entry.kernel == kernel.name && entry.shape.grid == shape.grid &&
               entry.shape.block == shape.block &&
               entry.shape.cluster == shape.cluster &&
               entry.shape.sharedBytes == shape.sharedBytes;
      });
  if (found != profile.end())
    return *found;
  KernelProfile entry;
  entry.kernel = kernel.name;
  entry.shape = shape;
  entry.staticSharedBytes = kernel.staticSharedBytes;
  entry.resources = kernel.resources;
  return profile.emplace_back(std::move(entry));
}

Status Device::countResidentBlocks(BPTDeviceKernel &kernel, uint64_t items,
                                   uint64_t threads, uint64_t sharedBytes,
                                   uint64_t &blocks) {
  blocks = 0;
  LaunchShape shape;
  shape.grid.x = items;
  shape.block.x = threads;
  shape.sharedBytes = sharedBytes;
  Status status = checkLaunch(kernel, shape);
  uint64_t most = 0;
  if (!status.failed())
    status = countBlocksAtATime(kernel, shape, most);
  if (!status.failed())
    blocks = std::min(items, std::max<uint64_t>(most, 1));
  return status;
}

Status Device::launch(BPTDeviceKernel &kernel, const LaunchShape &shape,
                      void *const *arguments) {
  Status status = checkLaunch(kernel, shape);
  if (status.failed() || shape.grid.getVolume() == 0)
    return status;
  if (!profiling)
    return launchChecked(kernel, shape, arguments, nullptr);
  std::lock_guard<std::mutex> lock(mutex);
  KernelProfile &entry = getProfileEntry(kernel, shape);
  ++entry.launches;
  return launchChecked(kernel, shape, arguments, &entry);
}
