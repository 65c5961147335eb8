//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/EmulatorDevice.h"
#include "bpt/Emulator/Runtime/TensorMap.h"
#include "bpt/Emulator/Translate/Module.h"
#include "bpt/ExecutionEngine/Device/CounterModel.h"
#include "llvm/ADT/StringExtras.h"
#include <cstring>

using namespace mlir;
using namespace mlir::bpt;
using runtime::KernelProfile;
using runtime::LaunchShape;
using runtime::Status;

/// The shared memory that a block may have, by chip.
static uint64_t getMaxSharedBytes(const runtime::Chip &chip) {
  constexpr std::pair<unsigned, uint64_t> kKiB[] = {
      {70, 96},  {72, 96}, {75, 64},  {80, 163},  {86, 99},
      {87, 163}, {89, 99}, {90, 227}, {100, 227}, {120, 99}};
  uint64_t bytes = 0;
  for (auto [number, kibibytes] : kKiB)
    if (number <= chip.number)
      bytes = kibibytes * 1024;
  return bytes;
}

namespace {
struct EmulatorModule : public BPTDeviceModule {
  std::unique_ptr<emulator::Module> handle;
  /// Of ptxas, where it was asked.
  std::map<std::string, runtime::KernelResources, std::less<>> resources;
};

struct EmulatorKernel : public BPTDeviceKernel {
  const emulator::Kernel *handle = nullptr;
};

class EmulatorDevice : public runtime::Device {
public:
  explicit EmulatorDevice(const EmulatorDeviceOptions &options)
      : Device(/*keepsFreed=*/false), options(options) {
    properties.device = "cuda-emulator";
    properties.product = "emulator";
    properties.chip = options.chip;
    properties.maxSharedBytes = getMaxSharedBytes(options.chip);
  }
  ~EmulatorDevice() override {
    getMemory().releaseCache();
    clearModules();
  }

  Status copyToDevice(void *target, const void *source,
                      uint64_t bytes) override;
  Status copyToHost(void *target, const void *source, uint64_t bytes) override;
  Status copy(void *target, const void *source, uint64_t bytes) override;
  Status encodeTensorMap(void *map,
                         const runtime::TensorMapShape &shape) override;
  Status synchronize() override { return Status::success(); }

protected:
  /// Not rounded up, so that the first byte beyond a block is out of bounds.
  size_t getCapacity(size_t size, size_t alignment) const override {
    return size;
  }
  void *acquire(size_t capacity, size_t alignment) override;
  void release(void *address, size_t capacity) override;
  Status fillChecked(void *target, uint64_t pattern, uint64_t patternBytes,
                     uint64_t count) override;
  Status loadNew(std::string_view ptx, std::string_view name,
                 std::unique_ptr<BPTDeviceModule> &module) override;
  Status findKernel(BPTDeviceModule &module, const std::string &name,
                    std::unique_ptr<BPTDeviceKernel> &kernel) override;
  Status countBlocksAtATime(BPTDeviceKernel &kernel, const LaunchShape &shape,
                            uint64_t &blocks) override;
  Status launchChecked(BPTDeviceKernel &kernel, const LaunchShape &shape,
                       void *const *arguments, KernelProfile *entry) override;

private:
  /// Success if all the bytes are in one block.
  Status check(const char *what, const void *address, uint64_t bytes) const;

  EmulatorDeviceOptions options;
  emulator::DeviceMemory memory;
  /// Nothing may be freed or written while a kernel runs.
  std::mutex work;
  uint64_t numBlocks = 0;
};
} // namespace

void *EmulatorDevice::acquire(size_t capacity, size_t alignment) {
  std::lock_guard<std::mutex> lock(work);
  return memory.allocate(capacity, "block " + std::to_string(numBlocks++));
}

void EmulatorDevice::release(void *address, size_t capacity) {
  std::lock_guard<std::mutex> lock(work);
  (void)memory.free(address);
}

Status EmulatorDevice::check(const char *what, const void *address,
                             uint64_t bytes) const {
  auto begin = reinterpret_cast<uint64_t>(address);
  if (memory.find(begin, bytes))
    return Status::success();
  // The first byte that is outside: the block's bytes are inside.
  uint64_t inside = 0;
  while (inside < bytes && memory.find(begin, inside + 1))
    ++inside;
  return Status::failure(std::string(what) + " of " + std::to_string(bytes) +
                         " bytes is out of bounds: it reaches " +
                         memory.describe(begin + inside));
}

Status EmulatorDevice::copyToDevice(void *target, const void *source,
                                    uint64_t bytes) {
  std::lock_guard<std::mutex> lock(work);
  Status status = check("a copy to the device", target, bytes);
  if (!status.failed())
    std::memcpy(target, source, bytes);
  return status;
}

Status EmulatorDevice::copyToHost(void *target, const void *source,
                                  uint64_t bytes) {
  std::lock_guard<std::mutex> lock(work);
  Status status = check("a copy from the device", source, bytes);
  if (!status.failed())
    std::memcpy(target, source, bytes);
  return status;
}

Status EmulatorDevice::copy(void *target, const void *source, uint64_t bytes) {
  std::lock_guard<std::mutex> lock(work);
  Status status = check("a copy on the device", source, bytes);
  if (!status.failed())
    status = check("a copy on the device", target, bytes);
  if (!status.failed())
    std::memmove(target, source, bytes);
  return status;
}

Status EmulatorDevice::fillChecked(void *target, uint64_t pattern,
                                   uint64_t patternBytes, uint64_t count) {
  std::lock_guard<std::mutex> lock(work);
  uint64_t bytes;
  if (__builtin_mul_overflow(patternBytes, count, &bytes))
    bytes = UINT64_MAX;
  Status status = check("a fill", target, bytes);
  if (status.failed())
    return status;
  auto *out = static_cast<char *>(target);
  for (uint64_t i = 0; i < count; ++i, out += patternBytes)
    std::memcpy(out, &pattern, patternBytes);
  return status;
}

Status EmulatorDevice::encodeTensorMap(void *map,
                                       const runtime::TensorMapShape &shape) {
  using namespace emulator;
  auto fail = [](const std::string &reason) {
    return Status::failure("a tensor map cannot be encoded: " + reason);
  };
  constexpr uint64_t kMaxRank = 5;
  if (shape.rank == 0 || shape.rank > kMaxRank)
    return fail("its rank is " + std::to_string(shape.rank) +
                "; ranks are 1 to 5");
  if (shape.elementType > uint64_t(TensorMapType::TF32FlushToZero))
    return fail("there is no element type " +
                std::to_string(shape.elementType));
  if (shape.interleave > uint64_t(TensorMapInterleave::Bytes32) ||
      shape.swizzle > uint64_t(TensorMapSwizzle::Bytes128) ||
      shape.l2Promotion > uint64_t(TensorMapL2Promotion::Bytes256) ||
      shape.outOfBoundsFill > uint64_t(TensorMapFill::NaN))
    return fail("its interleave, swizzle, L2 promotion or fill is none that "
                "the emulator knows");
  TensorMapDescription description;
  description.type = static_cast<TensorMapType>(shape.elementType);
  description.address = shape.base;
  description.dims = {shape.sizes, shape.rank};
  description.strides = {shape.strides, shape.rank - 1};
  description.box = {shape.box, shape.rank};
  description.elementStrides = {shape.elementStrides, shape.rank};
  description.interleave = static_cast<TensorMapInterleave>(shape.interleave);
  description.swizzle = static_cast<TensorMapSwizzle>(shape.swizzle);
  description.l2Promotion =
      static_cast<TensorMapL2Promotion>(shape.l2Promotion);
  description.fill = static_cast<TensorMapFill>(shape.outOfBoundsFill);
  llvm::Expected<TensorMap> encoded = encodeTiled(description);
  if (!encoded)
    return fail(llvm::toString(encoded.takeError()));
  std::memcpy(map, encoded->bytes, sizeof(encoded->bytes));
  return Status::success();
}

Status EmulatorDevice::loadNew(std::string_view ptx, std::string_view name,
                               std::unique_ptr<BPTDeviceModule> &module) {
  auto loaded = std::make_unique<EmulatorModule>();
  llvm::Expected<std::unique_ptr<emulator::Module>> handle =
      emulator::Module::load(ptx, name, memory);
  if (!handle)
    return Status::failure(llvm::toString(handle.takeError()));
  loaded->handle = std::move(*handle);
  // Registers decide how many blocks run at once; only ptxas knows them.
  if (isProfiling()) {
    std::optional<runtime::Ptxas> ptxas = runtime::Ptxas::find();
    runtime::PtxasResult result;
    Status status = ptxas ? ptxas->assemble(ptx, options.chip, result)
                          : Status::failure("there is no ptxas");
    if (status.failed() && options.remark)
      options.remark("registers of the kernels are unknown: " +
                     status.getMessage());
    loaded->resources = std::move(result.kernels);
  }
  module = std::move(loaded);
  return Status::success();
}

Status EmulatorDevice::findKernel(BPTDeviceModule &module,
                                  const std::string &name,
                                  std::unique_ptr<BPTDeviceKernel> &kernel) {
  auto found = std::make_unique<EmulatorKernel>();
  auto &loaded = static_cast<EmulatorModule &>(module);
  found->handle = loaded.handle->findKernel(name);
  if (!found->handle)
    return Status::failure("module '" + module.name + "' has no kernel '" +
                           name + "'");
  found->staticSharedBytes = found->handle->staticSharedBytes;
  if (auto entry = loaded.resources.find(name); entry != loaded.resources.end())
    found->resources = entry->second;
  kernel = std::move(found);
  return Status::success();
}

Status EmulatorDevice::countBlocksAtATime(BPTDeviceKernel &kernel,
                                          const LaunchShape &shape,
                                          uint64_t &blocks) {
  // As the model's GPU; of one that it does not know, one multiprocessor.
  const runtime::GPURates *gpu = runtime::findRates(options.chip);
  uint64_t multiprocessors = options.multiprocessors;
  if (multiprocessors == 0)
    multiprocessors = gpu ? gpu->multiprocessors : 1;
  blocks = multiprocessors;
  if (!gpu)
    return Status::success();
  KernelProfile entry;
  entry.shape = shape;
  entry.staticSharedBytes = kernel.staticSharedBytes;
  unsigned registers = kernel.resources ? kernel.resources->registers : 0;
  blocks *= runtime::computeOccupancy(*gpu, entry, registers).blocks;
  return Status::success();
}

static emulator::Dim3 toDim3(const runtime::Dim3 &dim) {
  return {static_cast<uint32_t>(dim.x), static_cast<uint32_t>(dim.y),
          static_cast<uint32_t>(dim.z)};
}

/// Adds the counters of a launch; all launches have the same in the same order.
static void addCounters(const emulator::Profile &profile,
                        KernelProfile &entry) {
  size_t position = 0;
  auto add = [&](const llvm::Twine &name, uint64_t value) {
    if (position == entry.counters.size())
      entry.counters.emplace_back(name.str(), 0);
    entry.counters[position++].second += value;
  };
  uint64_t warpInstructions = 0, threadInstructions = 0;
  for (unsigned i = 0; i < emulator::kNumInstructionClasses; ++i) {
    warpInstructions += profile.warpInstructions[i];
    threadInstructions += profile.threadInstructions[i];
  }
  add("warp_instructions", warpInstructions);
  add("thread_instructions", threadInstructions);
  for (unsigned i = 0; i < emulator::kNumInstructionClasses; ++i)
    add("warp_instructions." +
            emulator::getName(static_cast<emulator::InstructionClass>(i)),
        profile.warpInstructions[i]);
  add("tensor_operations", profile.tensorOperations);
  add("exponentials", profile.exponentials);
  add("barriers", profile.barriers);
  add("global_load_bytes", profile.globalLoadBytes);
  add("global_store_bytes", profile.globalStoreBytes);
  add("global_load_sectors", profile.globalLoadSectors);
  add("global_store_sectors", profile.globalStoreSectors);
  add("shared_load_bytes", profile.sharedLoadBytes);
  add("shared_store_bytes", profile.sharedStoreBytes);
  add("shared_wavefronts", profile.sharedWavefronts);
  add("shared_ideal_wavefronts", profile.sharedIdealWavefronts);
  add("async_bytes", profile.asyncBytes);
  add("wgmma_shared_bytes", profile.wgmmaSharedBytes);
}

/// Adds what each instruction accessed.
static void addAccesses(const emulator::Profile &profile,
                        const emulator::KernelDescription &kernel,
                        KernelProfile &entry) {
  for (const emulator::SiteProfile &site : profile.sites) {
    const emulator::Site &where = kernel.sites[site.site];
    runtime::AccessProfile &access = entry.accesses[where.line];
    access.text = llvm::StringRef(where.text).trim().str();
    access.requests += site.requests;
    access.sharedBytes += site.sharedBytes;
    access.globalBytes += site.globalBytes;
    access.wavefronts += site.wavefronts;
    access.idealWavefronts += site.idealWavefronts;
    access.sectors += site.sectors;
  }
}

Status EmulatorDevice::launchChecked(BPTDeviceKernel &kernel,
                                     const LaunchShape &shape,
                                     void *const *arguments,
                                     KernelProfile *entry) {
  std::lock_guard<std::mutex> lock(work);
  emulator::LaunchOptions launch;
  launch.threads = options.threads;
  launch.seed = options.seed;
  launch.eager = options.eager;
  launch.profile = entry != nullptr;
  emulator::LaunchReport report;
  auto &module = static_cast<EmulatorModule &>(*kernel.module);
  const emulator::Kernel &handle =
      *static_cast<EmulatorKernel &>(kernel).handle;
  llvm::Error error = module.handle->launch(
      handle, toDim3(shape.grid), toDim3(shape.block), toDim3(shape.cluster),
      static_cast<uint32_t>(shape.sharedBytes), arguments, launch, &report);
  if (error)
    return Status::failure(llvm::toString(std::move(error)));
  if (!entry)
    return Status::success();
  auto description = module.handle->describe(handle, /*profile=*/true);
  if (!description)
    return Status::failure(llvm::toString(description.takeError()));
  addCounters(report.profile, *entry);
  addAccesses(report.profile, *description, *entry);
  return Status::success();
}

std::unique_ptr<runtime::Device>
bpt::createEmulatorDevice(const EmulatorDeviceOptions &options) {
  return std::make_unique<EmulatorDevice>(options);
}
