//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions of NVIDIA's driver that BPT's programs call, on the emulator: a
// program for a GPU runs as it is where there is none. A stream has no work
// behind it that could be late, since every call is done when it returns.
//
// What a kernel does wrong goes to stderr, with its place, and is an illegal
// access for the program. BPT_EMULATED_CHIP says which GPU this is, and
// BPT_EMULATED_MULTIPROCESSORS how many it has.
//
//===----------------------------------------------------------------------===//

#include "CudaTypes.h"
#include "bpt/Emulator/Runtime/TensorMap.h"
#include "bpt/Emulator/Translate/Module.h"
#include "bpt/ExecutionEngine/Device/Chip.h"
#include "bpt/ExecutionEngine/Device/CounterModel.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <cstdlib>
#include <cstring>

using namespace mlir::bpt;
using namespace mlir::bpt::cuda;

namespace {
constexpr CUresult kInvalidValue = 1, kInvalidPTX = 218, kIllegalAddress = 700;
/// Of CUDA 12.8, whose driver takes all PTX that the emulator does.
constexpr int kVersion = 12080;
constexpr int kMaxSharedBytes = 227 * 1024;
constexpr size_t kMemoryBytes = size_t(64) << 30;

using Clock = std::chrono::steady_clock;
} // namespace

// What the driver's handles point to.
namespace mlir::bpt::cuda {
struct CUmod_st {
  std::unique_ptr<emulator::Module> module;
  /// The handles that have been given out.
  std::vector<std::unique_ptr<CUfunc_st>> functions;
};
struct CUfunc_st {
  emulator::Module *module;
  const emulator::Kernel *kernel;
};
struct CUevent_st {
  Clock::time_point time;
};
} // namespace mlir::bpt::cuda

/// Never destroyed: the program may free memory in its own destructors.
static emulator::DeviceMemory &getMemory() {
  static auto *memory = new emulator::DeviceMemory();
  return *memory;
}

static runtime::Chip getChip() {
  const char *name = std::getenv("BPT_EMULATED_CHIP");
  return runtime::Chip::parse(name ? name : "sm_80").value_or(runtime::Chip());
}

static int countMultiprocessors() {
  const char *count = std::getenv("BPT_EMULATED_MULTIPROCESSORS");
  if (count)
    return std::max(std::atoi(count), 1);
  const runtime::GPURates *gpu = runtime::findRates(getChip());
  return gpu ? static_cast<int>(gpu->multiprocessors) : 1;
}

static CUresult report(llvm::Error error, CUresult result) {
  llvm::errs() << "emulated CUDA: " << llvm::toString(std::move(error)) << '\n';
  return result;
}

/// Whether [address, address + bytes) is in one block, with a line if not.
static CUresult check(CUdeviceptr address, size_t bytes) {
  if (getMemory().find(address, bytes))
    return CUDA_SUCCESS;
  uint64_t inside = 0;
  while (inside < bytes && getMemory().find(address, inside + 1))
    ++inside;
  return report(llvm::createStringError("a copy or fill of " +
                                        llvm::Twine(bytes) +
                                        " bytes is out of bounds: it reaches " +
                                        getMemory().describe(address + inside)),
                kIllegalAddress);
}

template <typename T>
static CUresult fill(CUdeviceptr target, size_t pitch, T value, size_t count) {
  if (count == 0)
    return CUDA_SUCCESS;
  if (CUresult result = check(target, (count - 1) * pitch + sizeof(T)))
    return result;
  for (size_t i = 0; i < count; ++i)
    std::memcpy(reinterpret_cast<char *>(target) + i * pitch, &value,
                sizeof(T));
  return CUDA_SUCCESS;
}

// NOLINTBEGIN(readability-identifier-naming)
extern "C" {

CUresult cuInit(unsigned flags) {
  if (getChip().number >= runtime::kOldestChip)
    return CUDA_SUCCESS;
  return report(llvm::createStringError(
                    "BPT_EMULATED_CHIP: chips are sm_70, sm_80, sm_90a and so "
                    "on"),
                CUDA_ERROR_NO_DEVICE);
}
CUresult cuDriverGetVersion(int *version) {
  *version = kVersion;
  return CUDA_SUCCESS;
}
CUresult cuGetErrorName(CUresult error, const char **name) {
  *name = error == kIllegalAddress ? "CUDA_ERROR_ILLEGAL_ADDRESS"
          : error == kInvalidPTX   ? "CUDA_ERROR_INVALID_PTX"
                                   : "CUDA_ERROR_UNKNOWN";
  return CUDA_SUCCESS;
}
CUresult cuGetErrorString(CUresult error, const char **text) {
  *text = "the emulator has said why";
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
  *count = 1;
  return CUDA_SUCCESS;
}
CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  *device = ordinal;
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetName(char *name, int size, CUdevice device) {
  std::string product = "emulated " + getChip().getName();
  std::strncpy(name, product.c_str(), size);
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice device) {
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
    *value = static_cast<int>(getChip().getMajor());
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
    *value = static_cast<int>(getChip().number % 10);
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
    *value = countMultiprocessors();
    return CUDA_SUCCESS;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    *value = kMaxSharedBytes;
    return CUDA_SUCCESS;
  }
  return kInvalidValue;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  // Null is no context.
  static char only;
  *context = reinterpret_cast<CUcontext>(&only);
  return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) { return CUDA_SUCCESS; }
CUresult cuCtxSetCurrent(CUcontext context) { return CUDA_SUCCESS; }
CUresult cuCtxSynchronize() { return CUDA_SUCCESS; }

CUresult cuMemGetInfo_v2(size_t *available, size_t *total) {
  *total = kMemoryBytes;
  *available = kMemoryBytes - getMemory().getBytesInUse();
  return CUDA_SUCCESS;
}
CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  void *block = getMemory().allocate(bytes, "block");
  *address = reinterpret_cast<CUdeviceptr>(block);
  return block ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}
CUresult cuMemFree_v2(CUdeviceptr address) {
  bool isKnown = getMemory().free(reinterpret_cast<void *>(address));
  return isKnown ? CUDA_SUCCESS : kInvalidValue;
}
CUresult cuMemcpyHtoD_v2(CUdeviceptr target, const void *source, size_t bytes) {
  if (CUresult result = check(target, bytes))
    return result;
  std::memcpy(reinterpret_cast<void *>(target), source, bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr target, const void *source,
                              size_t bytes, CUstream stream) {
  return cuMemcpyHtoD_v2(target, source, bytes);
}
CUresult cuMemcpyDtoH_v2(void *target, CUdeviceptr source, size_t bytes) {
  if (CUresult result = check(source, bytes))
    return result;
  std::memcpy(target, reinterpret_cast<void *>(source), bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemcpyDtoHAsync_v2(void *target, CUdeviceptr source, size_t bytes,
                              CUstream stream) {
  return cuMemcpyDtoH_v2(target, source, bytes);
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr target, CUdeviceptr source,
                              size_t bytes, CUstream stream) {
  if (CUresult result = check(source, bytes))
    return result;
  return cuMemcpyHtoD_v2(target, reinterpret_cast<const void *>(source), bytes);
}
CUresult cuMemsetD8Async(CUdeviceptr target, unsigned char value, size_t count,
                         CUstream stream) {
  return fill(target, sizeof(value), value, count);
}
CUresult cuMemsetD16Async(CUdeviceptr target, unsigned short value,
                          size_t count, CUstream stream) {
  return fill(target, sizeof(value), value, count);
}
CUresult cuMemsetD32Async(CUdeviceptr target, unsigned value, size_t count,
                          CUstream stream) {
  return fill(target, sizeof(value), value, count);
}
/// Of one column, which is all that the runtime asks for.
CUresult cuMemsetD2D32Async(CUdeviceptr target, size_t pitch, unsigned value,
                            size_t width, size_t height, CUstream stream) {
  return width == 1 ? fill(target, pitch, value, height) : kInvalidValue;
}

/// PTX only. The log of errors is the options' business.
CUresult cuModuleLoadDataEx(CUmodule *module, const void *image,
                            unsigned numOptions, CUjit_option *options,
                            void **values) {
  auto loaded = std::make_unique<CUmod_st>();
  auto handle = emulator::Module::load(static_cast<const char *>(image),
                                       "module", getMemory());
  if (!handle)
    return report(handle.takeError(), kInvalidPTX);
  loaded->module = std::move(*handle);
  *module = loaded.release();
  return CUDA_SUCCESS;
}
CUresult cuModuleUnload(CUmodule module) {
  delete module;
  return CUDA_SUCCESS;
}
CUresult cuModuleGetFunction(CUfunction *function, CUmodule module,
                             const char *name) {
  const emulator::Kernel *kernel = module->module->findKernel(name);
  if (!kernel)
    return CUDA_ERROR_NOT_FOUND;
  module->functions.push_back(
      std::make_unique<CUfunc_st>(CUfunc_st{module->module.get(), kernel}));
  *function = module->functions.back().get();
  return CUDA_SUCCESS;
}
CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute,
                            CUfunction function) {
  if (attribute != CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES)
    return kInvalidValue;
  *value = static_cast<int>(function->kernel->staticSharedBytes);
  return CUDA_SUCCESS;
}
CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute,
                            int value) {
  return value <= kMaxSharedBytes ? CUDA_SUCCESS : kInvalidValue;
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks,
                                                     CUfunction function,
                                                     int threads,
                                                     size_t sharedBytes) {
  *blocks = 1;
  const runtime::GPURates *gpu = runtime::findRates(getChip());
  if (!gpu)
    return CUDA_SUCCESS;
  runtime::KernelProfile entry;
  entry.shape.block.x = threads;
  entry.shape.sharedBytes = sharedBytes;
  entry.staticSharedBytes = function->kernel->staticSharedBytes;
  *blocks = static_cast<int>(
      runtime::computeOccupancy(*gpu, entry, /*registers=*/0).blocks);
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function,
                          void **arguments, void **extra) {
  emulator::Dim3 cluster = {1, 1, 1};
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    const CUlaunchAttribute &attribute = config->attrs[i];
    if (attribute.id != CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION)
      return kInvalidValue;
    cluster = {attribute.value.clusterDim.x, attribute.value.clusterDim.y,
               attribute.value.clusterDim.z};
  }
  llvm::Error error = function->module->launch(
      *function->kernel, {config->gridDimX, config->gridDimY, config->gridDimZ},
      {config->blockDimX, config->blockDimY, config->blockDimZ}, cluster,
      config->sharedMemBytes, arguments);
  if (error)
    return report(std::move(error), kIllegalAddress);
  return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
  *stream = nullptr;
  return CUDA_SUCCESS;
}
CUresult cuStreamDestroy_v2(CUstream stream) { return CUDA_SUCCESS; }
CUresult cuStreamSynchronize(CUstream stream) { return CUDA_SUCCESS; }
CUresult cuEventCreate(CUevent *event, unsigned flags) {
  *event = new CUevent_st();
  return CUDA_SUCCESS;
}
CUresult cuEventDestroy_v2(CUevent event) {
  delete event;
  return CUDA_SUCCESS;
}
CUresult cuEventRecord(CUevent event, CUstream stream) {
  event->time = Clock::now();
  return CUDA_SUCCESS;
}
CUresult cuEventSynchronize(CUevent event) { return CUDA_SUCCESS; }
CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  *milliseconds =
      std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return CUDA_SUCCESS;
}

CUresult cuTensorMapEncodeTiled(CUtensorMap *map, int type, uint32_t rank,
                                void *base, const uint64_t *sizes,
                                const uint64_t *strides, const uint32_t *box,
                                const uint32_t *steps, int interleave,
                                int swizzle, int promotion, int fill) {
  using namespace emulator;
  if (rank == 0)
    return kInvalidValue;
  TensorMapDescription description;
  description.type = static_cast<TensorMapType>(type);
  description.address = base;
  description.dims = {sizes, rank};
  description.strides = {strides, rank - 1};
  description.box = {box, rank};
  description.elementStrides = {steps, rank};
  description.interleave = static_cast<TensorMapInterleave>(interleave);
  description.swizzle = static_cast<TensorMapSwizzle>(swizzle);
  description.l2Promotion = static_cast<TensorMapL2Promotion>(promotion);
  description.fill = static_cast<TensorMapFill>(fill);
  llvm::Expected<TensorMap> encoded = encodeTiled(description);
  if (!encoded)
    return report(encoded.takeError(), kInvalidValue);
  std::memcpy(map, encoded->bytes, sizeof(encoded->bytes));
  return CUDA_SUCCESS;
}

} // extern "C"
// NOLINTEND(readability-identifier-naming)
