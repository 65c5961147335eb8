//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Device/DeviceABI.h"
#include "bpt/ExecutionEngine/Device/CudaDevice.h"
#include "bpt/ExecutionEngine/Device/DeviceScope.h"
#include <cstring>

using namespace mlir::bpt::runtime;

namespace mlir::bpt::runtime {
/// The device of a thread and what has failed on it.
class ThreadState {
public:
  static ThreadState &get() {
    thread_local ThreadState state;
    return state;
  }

  /// Calls `call` with the device, unless something has failed before.
  template <typename Call> void run(Call call) {
    Status &status = scope ? scope->status : ambientStatus;
    if (status.failed())
      return;
    Device *device = scope ? scope->device : getAmbientDevice(status);
    if (device)
      status = call(*device);
  }

  /// Frees also what was allocated before something failed.
  void free(void *block) {
    Status &status = scope ? scope->status : ambientStatus;
    Status ignored;
    Status &own = status.failed() ? ignored : status;
    Device *device = scope ? scope->device : getAmbientDevice(own);
    if (device && block)
      own = device->deallocate(block);
  }

  BlockAllocator *getMemory() {
    Status ignored;
    Device *device = scope ? scope->device : getAmbientDevice(ignored);
    return device ? &device->getMemory() : nullptr;
  }

  DeviceScope *enter(DeviceScope *inner) {
    DeviceScope *outer = scope;
    scope = inner;
    return outer;
  }
  void leave(DeviceScope *outer) { scope = outer; }

  const char *takeError() {
    Status &status = scope ? scope->status : ambientStatus;
    if (!status.failed())
      return nullptr;
    taken = status.getMessage();
    status = Status::success();
    return taken.c_str();
  }

private:
  /// The GPU of programs that choose none. Never closed: results may be freed
  /// while the process exits.
  static Device *getAmbientDevice(Status &status) {
    static Device *device = nullptr;
    static std::mutex mutex;
    std::lock_guard<std::mutex> lock(mutex);
    if (!device) {
      std::unique_ptr<Device> opened;
      status = openCudaDevice(CudaDeviceOptions(), opened);
      device = opened.release();
    }
    if (device && !status.failed())
      status = device->makeCurrent();
    return status.failed() ? nullptr : device;
  }

  DeviceScope *scope = nullptr;
  Status ambientStatus;
  std::string taken;
};
} // namespace mlir::bpt::runtime

DeviceScope::DeviceScope(Device &device)
    : device(&device), status(device.makeCurrent()),
      outer(ThreadState::get().enter(this)) {}

DeviceScope::~DeviceScope() { ThreadState::get().leave(outer); }

BlockAllocator *mlir::bpt::runtime::getDeviceMemory() {
  return ThreadState::get().getMemory();
}

void *bptDeviceAlloc(uint64_t bytes, uint64_t alignment) {
  void *block = nullptr;
  ThreadState::get().run(
      [&](Device &device) { return device.allocate(bytes, alignment, block); });
  return block;
}

void bptDeviceFree(void *block) { ThreadState::get().free(block); }

void bptDeviceCopyToDevice(void *target, const void *source, uint64_t bytes) {
  ThreadState::get().run([&](Device &device) {
    return bytes ? device.copyToDevice(target, source, bytes)
                 : Status::success();
  });
}

void bptDeviceCopyToHost(void *target, const void *source, uint64_t bytes) {
  bool isDone = false;
  ThreadState::get().run([&](Device &device) {
    Status status =
        bytes ? device.copyToHost(target, source, bytes) : Status::success();
    isDone = !status.failed();
    return status;
  });
  if (!isDone)
    std::memset(target, 0, bytes);
}

void bptDeviceCopy(void *target, const void *source, uint64_t bytes) {
  ThreadState::get().run([&](Device &device) {
    return bytes ? device.copy(target, source, bytes) : Status::success();
  });
}

void bptDeviceFill(void *target, const void *pattern, uint64_t patternBytes,
                   uint64_t count) {
  ThreadState::get().run([&](Device &device) {
    return device.fill(target, pattern, patternBytes, count);
  });
}

void bptDeviceMemset(void *target, uint64_t value, uint64_t bytes) {
  ThreadState::get().run(
      [&](Device &device) { return device.fill(target, &value, 1, bytes); });
}

BPTDeviceModule *bptDeviceLoadModule(const char *ptx, uint64_t bytes,
                                     const char *name) {
  BPTDeviceModule *module = nullptr;
  ThreadState::get().run([&](Device &device) {
    return device.loadModule({ptx, bytes}, name, module);
  });
  return module;
}

BPTDeviceKernel *bptDeviceGetKernel(BPTDeviceModule *module, const char *name) {
  BPTDeviceKernel *kernel = nullptr;
  ThreadState::get().run(
      [&](Device &device) { return device.getKernel(*module, name, kernel); });
  return kernel;
}

uint64_t bptDeviceCountResidentBlocks(BPTDeviceKernel *kernel, uint64_t items,
                                      uint64_t threads, uint64_t sharedBytes) {
  uint64_t blocks = 0;
  ThreadState::get().run([&](Device &device) {
    return device.countResidentBlocks(*kernel, items, threads, sharedBytes,
                                      blocks);
  });
  return blocks;
}

void bptDeviceLaunch(BPTDeviceKernel *kernel, uint64_t gridX, uint64_t gridY,
                     uint64_t gridZ, uint64_t blockX, uint64_t blockY,
                     uint64_t blockZ, uint64_t clusterX, uint64_t clusterY,
                     uint64_t clusterZ, uint64_t sharedBytes,
                     void **arguments) {
  ThreadState::get().run([&](Device &device) {
    LaunchShape shape;
    shape.grid = {gridX, gridY, gridZ};
    shape.block = {blockX, blockY, blockZ};
    shape.cluster = {clusterX, clusterY, clusterZ};
    shape.sharedBytes = sharedBytes;
    return device.launch(*kernel, shape, arguments);
  });
}

void bptDeviceEncodeTensorMap(void *map, uint64_t elementType, uint64_t rank,
                              void *base, const uint64_t *sizes,
                              const uint64_t *strides, const uint32_t *box,
                              const uint32_t *elementStrides,
                              uint64_t interleave, uint64_t swizzle,
                              uint64_t l2Promotion, uint64_t outOfBoundsFill) {
  ThreadState::get().run([&](Device &device) {
    return device.encodeTensorMap(map, {elementType, rank, base, sizes, strides,
                                        box, elementStrides, interleave,
                                        swizzle, l2Promotion, outOfBoundsFill});
  });
}

void bptDeviceSynchronize() {
  ThreadState::get().run([](Device &device) { return device.synchronize(); });
}

const char *bptDeviceTakeError() { return ThreadState::get().takeError(); }

const std::vector<Symbol> &mlir::bpt::runtime::getDeviceSymbols() {
  auto address = [](auto *function) {
    return reinterpret_cast<void *>(function);
  };
  static const std::vector<Symbol> symbols = {
      {"bptDeviceAlloc", address(&bptDeviceAlloc)},
      {"bptDeviceFree", address(&bptDeviceFree)},
      {"bptDeviceCopyToDevice", address(&bptDeviceCopyToDevice)},
      {"bptDeviceCopyToHost", address(&bptDeviceCopyToHost)},
      {"bptDeviceCopy", address(&bptDeviceCopy)},
      {"bptDeviceFill", address(&bptDeviceFill)},
      {"bptDeviceMemset", address(&bptDeviceMemset)},
      {"bptDeviceLoadModule", address(&bptDeviceLoadModule)},
      {"bptDeviceGetKernel", address(&bptDeviceGetKernel)},
      {"bptDeviceCountResidentBlocks", address(&bptDeviceCountResidentBlocks)},
      {"bptDeviceLaunch", address(&bptDeviceLaunch)},
      {"bptDeviceEncodeTensorMap", address(&bptDeviceEncodeTensorMap)},
      {"bptDeviceSynchronize", address(&bptDeviceSynchronize)},
      {"bptDeviceTakeError", address(&bptDeviceTakeError)},
  };
  return symbols;
}
