//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A GPU, or what stands for one, that host programs work on. Like all of this
// folder it needs no LLVM: code compiled ahead of time is linked with it.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_DEVICE_DEVICE_H
#define BPT_EXECUTIONENGINE_DEVICE_DEVICE_H

#include "bpt/ExecutionEngine/Device/Chip.h"
#include "bpt/ExecutionEngine/Device/DeviceABI.h"
#include "bpt/ExecutionEngine/Device/Ptxas.h"
#include "bpt/ExecutionEngine/Device/Status.h"
#include "bpt/ExecutionEngine/Runtime/BlockAllocator.h"
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A kernel of a loaded module; devices derive theirs.
struct BPTDeviceKernel {
  virtual ~BPTDeviceKernel() = default;

  std::string name;
  BPTDeviceModule *module = nullptr;
  uint64_t staticSharedBytes = 0;
  /// Of ptxas, where they are known.
  std::optional<mlir::bpt::runtime::KernelResources> resources;
};

/// A loaded module, with the kernels that were asked for.
struct BPTDeviceModule {
  virtual ~BPTDeviceModule() = default;

  std::string name;
  std::string ptx;
  std::map<std::string, std::unique_ptr<BPTDeviceKernel>, std::less<>> kernels;
};

namespace mlir::bpt::runtime {

/// Of every block, as the driver gives them.
constexpr size_t kBlockAlignment = 256;

struct Dim3 {
  uint64_t x = 1, y = 1, z = 1;

  /// Saturates.
  uint64_t getVolume() const;
  /// `4x2x1`.
  std::string getText() const;
  bool operator==(const Dim3 &other) const {
    return x == other.x && y == other.y && z == other.z;
  }
};

struct LaunchShape {
  Dim3 grid, block, cluster;
  uint64_t sharedBytes = 0;
};

/// The parameters of bptDeviceEncodeTensorMap.
struct TensorMapShape {
  uint64_t elementType;
  uint64_t rank;
  void *base;
  const uint64_t *sizes;
  const uint64_t *strides;
  const uint32_t *box;
  const uint32_t *elementStrides;
  uint64_t interleave;
  uint64_t swizzle;
  uint64_t l2Promotion;
  uint64_t outOfBoundsFill;
};

struct DeviceProperties {
  /// As --device spells it.
  std::string device;
  /// The product, if there is one.
  std::string product;
  Chip chip;
  /// What a block may have of shared memory, static and dynamic.
  uint64_t maxSharedBytes = 0;
};

/// What one instruction that accesses memory did, in all warps.
struct AccessProfile {
  std::string text;
  /// Warp-level executions, and the bytes that their lanes asked for.
  uint64_t requests = 0, sharedBytes = 0, globalBytes = 0;
  /// Passes of the 32 banks, and what they would be without conflicts.
  uint64_t wavefronts = 0, idealWavefronts = 0;
  /// 32-byte pieces of global memory.
  uint64_t sectors = 0;
};

/// What the launches of one kernel in one shape did.
struct KernelProfile {
  std::string kernel;
  LaunchShape shape;
  uint64_t staticSharedBytes = 0;
  std::optional<KernelResources> resources;
  uint64_t launches = 0;
  /// On a GPU: the time of all launches.
  std::optional<double> milliseconds;
  /// On the emulator: the sums over all launches, in the order of its report.
  std::vector<std::pair<std::string, uint64_t>> counters;
  /// The same by line of the PTX.
  std::map<unsigned, AccessProfile> accesses;

  /// A counter by its name; 0 if there is none.
  uint64_t getCounter(std::string_view name) const;
};

/// Calls may come from several threads at a time; those of one thread are in
/// order.
class Device : private MemorySource {
public:
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;
  ~Device() override = default;

  const DeviceProperties &getProperties() const { return properties; }
  /// Blocks that are live, and their bytes.
  BlockAllocator &getMemory() { return memory; }

  // What DeviceABI.h says of each.
  Status allocate(uint64_t bytes, uint64_t alignment, void *&block);
  Status deallocate(void *block);
  virtual Status copyToDevice(void *target, const void *source,
                              uint64_t bytes) = 0;
  virtual Status copyToHost(void *target, const void *source,
                            uint64_t bytes) = 0;
  virtual Status copy(void *target, const void *source, uint64_t bytes) = 0;
  Status fill(void *target, const void *pattern, uint64_t patternBytes,
              uint64_t count);
  Status loadModule(std::string_view ptx, std::string_view name,
                    BPTDeviceModule *&module);
  Status getKernel(BPTDeviceModule &module, std::string_view name,
                   BPTDeviceKernel *&kernel);
  Status countResidentBlocks(BPTDeviceKernel &kernel, uint64_t items,
                             uint64_t threads, uint64_t sharedBytes,
                             uint64_t &blocks);
  Status launch(BPTDeviceKernel &kernel, const LaunchShape &shape,
                void *const *arguments);
  virtual Status encodeTensorMap(void *map, const TensorMapShape &shape) = 0;
  virtual Status synchronize() = 0;

  /// Readies this thread for calls; DeviceScope does it.
  virtual Status makeCurrent() { return Status::success(); }
  /// Measure the work of this thread's calls in between on the device's clock.
  /// Stopping waits for the work; a device without a clock gives no time.
  virtual Status startTimer() { return Status::success(); }
  virtual Status stopTimer(std::optional<double> &milliseconds) {
    return synchronize();
  }

  /// With profiling every launch is waited for and entered in the profile.
  void setProfiling(bool enable) { profiling = enable; }
  const std::vector<KernelProfile> &getProfile() const { return profile; }
  void clearProfile() { profile.clear(); }

protected:
  /// `keepsFreed` as of BlockAllocator. A derived class gives back memory and
  /// modules before it goes.
  explicit Device(bool keepsFreed)
      : memory(*this, kBlockAlignment, keepsFreed) {}

  bool isProfiling() const { return profiling; }

  /// Unloads everything, while the device can still be used.
  void clearModules() { modules.clear(); }

  size_t getCapacity(size_t size, size_t alignment) const override;

  /// Free and total bytes of memory, if known.
  virtual std::optional<std::pair<uint64_t, uint64_t>> getFreeAndTotal() {
    return std::nullopt;
  }
  virtual Status fillChecked(void *target, uint64_t pattern,
                             uint64_t patternBytes, uint64_t count) = 0;
  virtual Status loadNew(std::string_view ptx, std::string_view name,
                         std::unique_ptr<BPTDeviceModule> &module) = 0;
  virtual Status findKernel(BPTDeviceModule &module, const std::string &name,
                            std::unique_ptr<BPTDeviceKernel> &kernel) = 0;
  /// The blocks of a launch within the limits that the device holds at a time.
  virtual Status countBlocksAtATime(BPTDeviceKernel &kernel,
                                    const LaunchShape &shape,
                                    uint64_t &blocks) = 0;
  /// A launch within the limits. `entry` is where to count, null without
  /// profiling.
  virtual Status launchChecked(BPTDeviceKernel &kernel,
                               const LaunchShape &shape, void *const *arguments,
                               KernelProfile *entry) = 0;

  DeviceProperties properties;

private:
  Status checkLaunch(const BPTDeviceKernel &kernel,
                     const LaunchShape &shape) const;
  KernelProfile &getProfileEntry(const BPTDeviceKernel &kernel,
                                 const LaunchShape &shape);

  BlockAllocator memory;
  std::mutex mutex;
  /// By the hash of their text.
  std::multimap<size_t, std::unique_ptr<BPTDeviceModule>> modules;
  bool profiling = false;
  std::vector<KernelProfile> profile;
};

/// Where remarks go: what is worth knowing but changes no result.
using RemarkHandler = std::function<void(const std::string &)>;

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_DEVICE_DEVICE_H
