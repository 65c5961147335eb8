//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Device/CudaDevice.h"
#include "CudaDriver.h"
#include "bpt/ExecutionEngine/Device/CodeCache.h"
#include "bpt/ExecutionEngine/Device/Ptxas.h"
#include <algorithm>
#include <thread>

using namespace mlir::bpt;
using namespace mlir::bpt::cuda;
using namespace mlir::bpt::runtime;

namespace {
struct CudaModule : public BPTDeviceModule {
  explicit CudaModule(const Driver &driver) : driver(driver) {}
  ~CudaModule() override {
    if (handle)
      (void)driver.cuModuleUnload(handle);
  }

  const Driver &driver;
  CUmodule handle = nullptr;
};

struct CudaKernel : public BPTDeviceKernel {
  CUfunction handle = nullptr;
  std::mutex mutex;
  /// What the driver has been told to allow.
  uint64_t allowedSharedBytes = 0;
};

/// An event that is destroyed with its owner.
class Event {
public:
  explicit Event(const Driver &driver) : driver(&driver) {}
  Event(Event &&other) : driver(other.driver), handle(other.handle) {
    other.handle = nullptr;
  }
  Event &operator=(Event &&other) {
    std::swap(handle, other.handle);
    return *this;
  }
  ~Event() {
    if (handle)
      (void)driver->cuEventDestroy(handle);
  }

  Status record(CUstream stream) {
    Status status = BPT_CUDA(*driver, cuEventCreate, &handle, CU_EVENT_DEFAULT);
    if (status.failed())
      return status;
    return BPT_CUDA(*driver, cuEventRecord, handle, stream);
  }

  /// Waits for this event.
  Status getTimeSince(const Event &start, double &milliseconds) {
    Status status = BPT_CUDA(*driver, cuEventSynchronize, handle);
    if (status.failed())
      return status;
    float time = 0;
    status = BPT_CUDA(*driver, cuEventElapsedTime, &time, start.handle, handle);
    milliseconds = time;
    return status;
  }

private:
  const Driver *driver;
  CUevent handle = nullptr;
};

class CudaDevice : public Device {
public:
  CudaDevice(const Driver &driver, RemarkHandler remark)
      : Device(/*keepsFreed=*/true), driver(driver), remark(remark),
        cache("cubin", std::move(remark)) {}

  ~CudaDevice() override {
    if (!context)
      return;
    (void)driver.cuCtxSetCurrent(context);
    getMemory().releaseCache();
    clearModules();
    starts.clear();
    if (stream)
      (void)driver.cuStreamDestroy(stream);
    (void)driver.cuDevicePrimaryCtxRelease(ordinal);
  }

  Status open(unsigned number);

  Status makeCurrent() override {
    return BPT_CUDA(driver, cuCtxSetCurrent, context);
  }
  Status startTimer() override;
  Status stopTimer(std::optional<double> &milliseconds) override;
  Status copyToDevice(void *target, const void *source,
                      uint64_t bytes) override;
  Status copyToHost(void *target, const void *source, uint64_t bytes) override;
  Status copy(void *target, const void *source, uint64_t bytes) override;
  Status encodeTensorMap(void *map, const TensorMapShape &shape) override;
  Status synchronize() override;

protected:
  void *acquire(size_t capacity, size_t alignment) override;
  void release(void *address, size_t capacity) override;
  std::optional<std::pair<uint64_t, uint64_t>> getFreeAndTotal() override;
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
  std::optional<std::string> getCubin(std::string_view ptx);
  Status loadImage(const void *image, std::string_view name,
                   CUmodule &handle) const;

  const Driver &driver;
  RemarkHandler remark;
  CodeCache cache;
  /// Looked for when the first module is loaded.
  std::optional<std::optional<Ptxas>> ptxas;
  int driverVersion = 0;
  CUdevice ordinal = 0;
  int multiprocessors = 0;
  CUcontext context = nullptr;
  CUstream stream = nullptr;
  std::mutex timerMutex;
  std::map<std::thread::id, Event> starts;
  std::mutex lastMutex;
  std::string lastKernel;
};
} // namespace

static CUdeviceptr toDevice(const void *address) {
  return reinterpret_cast<CUdeviceptr>(address);
}

Status CudaDevice::open(unsigned number) {
  int count = 0;
  Status status = BPT_CUDA(driver, cuDeviceGetCount, &count);
  if (status.failed())
    return status;
  if (count == 0)
    return Status::failure("this machine has no GPU that CUDA can use");
  if (number >= static_cast<unsigned>(count))
    return Status::failure("there is no GPU " + std::to_string(number) +
                           ": CUDA shows " + std::to_string(count));
  int major = 0, minor = 0, sharedBytes = 0;
  char product[256] = "";
  status = BPT_CUDA(driver, cuDriverGetVersion, &driverVersion);
  if (!status.failed())
    status = BPT_CUDA(driver, cuDeviceGet, &ordinal, number);
  if (!status.failed())
    status = BPT_CUDA(driver, cuDeviceGetName, product, sizeof(product) - 1,
                      ordinal);
  if (!status.failed())
    status = BPT_CUDA(driver, cuDeviceGetAttribute, &major,
                      CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, ordinal);
  if (!status.failed())
    status = BPT_CUDA(driver, cuDeviceGetAttribute, &minor,
                      CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, ordinal);
  if (!status.failed())
    status = BPT_CUDA(driver, cuDeviceGetAttribute, &sharedBytes,
                      CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
                      ordinal);
  if (!status.failed())
    status = BPT_CUDA(driver, cuDeviceGetAttribute, &multiprocessors,
                      CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, ordinal);
  if (status.failed())
    return status;
  properties.device = "cuda";
  properties.product = product;
  properties.chip.number = major * 10 + minor;
  properties.chip.suffix = properties.chip.number >= 90 ? 'a' : 0;
  properties.maxSharedBytes = sharedBytes;
  if (properties.chip.number < kOldestChip)
    return Status::failure(std::string("the GPU '") + product + "' is sm_" +
                           std::to_string(properties.chip.number) +
                           "; BPT generates code for sm_" +
                           std::to_string(kOldestChip) + " and later");

  status = BPT_CUDA(driver, cuDevicePrimaryCtxRetain, &context, ordinal);
  if (!status.failed())
    status = makeCurrent();
  if (!status.failed())
    status = BPT_CUDA(driver, cuStreamCreate, &stream, CU_STREAM_DEFAULT);
  return status;
}

Status CudaDevice::startTimer() {
  Event event(driver);
  Status status = event.record(stream);
  if (status.failed())
    return status;
  std::lock_guard<std::mutex> lock(timerMutex);
  starts.insert_or_assign(std::this_thread::get_id(), std::move(event));
  return status;
}

Status CudaDevice::stopTimer(std::optional<double> &milliseconds) {
  Event end(driver);
  Status status = end.record(stream);
  if (!status.failed())
    status = synchronize();
  if (status.failed())
    return status;
  std::lock_guard<std::mutex> lock(timerMutex);
  auto start = starts.find(std::this_thread::get_id());
  if (start == starts.end())
    return status;
  double time = 0;
  status = end.getTimeSince(start->second, time);
  milliseconds = time;
  starts.erase(start);
  return status;
}

void *CudaDevice::acquire(size_t capacity, size_t alignment) {
  CUdeviceptr address = 0;
  if (driver.cuMemAlloc(&address, capacity) != CUDA_SUCCESS)
    return nullptr;
  return reinterpret_cast<void *>(address);
}

void CudaDevice::release(void *address, size_t capacity) {
  (void)driver.cuMemFree(toDevice(address));
}

std::optional<std::pair<uint64_t, uint64_t>> CudaDevice::getFreeAndTotal() {
  size_t available = 0, total = 0;
  if (driver.cuMemGetInfo(&available, &total) != CUDA_SUCCESS)
    return std::nullopt;
  return std::pair<uint64_t, uint64_t>(available, total);
}

Status CudaDevice::synchronize() {
  Status status = BPT_CUDA(driver, cuStreamSynchronize, stream);
  if (!status.failed())
    return status;
  std::lock_guard<std::mutex> lock(lastMutex);
  if (lastKernel.empty())
    return status;
  return Status::failure(status.getMessage() +
                         "; the last kernel launched is '" + lastKernel + "'");
}

Status CudaDevice::copyToDevice(void *target, const void *source,
                                uint64_t bytes) {
  Status status = BPT_CUDA(driver, cuMemcpyHtoDAsync, toDevice(target), source,
                           bytes, stream);
  return status.failed() ? status : synchronize();
}

Status CudaDevice::copyToHost(void *target, const void *source,
                              uint64_t bytes) {
  Status status = BPT_CUDA(driver, cuMemcpyDtoHAsync, target, toDevice(source),
                           bytes, stream);
  return status.failed() ? status : synchronize();
}

Status CudaDevice::copy(void *target, const void *source, uint64_t bytes) {
  return BPT_CUDA(driver, cuMemcpyDtoDAsync, toDevice(target), toDevice(source),
                  bytes, stream);
}

Status CudaDevice::fillChecked(void *target, uint64_t pattern,
                               uint64_t patternBytes, uint64_t count) {
  CUdeviceptr address = toDevice(target);
  switch (patternBytes) {
  case 1:
    return BPT_CUDA(driver, cuMemsetD8Async, address, pattern, count, stream);
  case 2:
    return BPT_CUDA(driver, cuMemsetD16Async, address, pattern, count, stream);
  case 4:
    return BPT_CUDA(driver, cuMemsetD32Async, address, pattern, count, stream);
  default:
    break;
  }
  // The driver fills with 4 bytes at most; the halves of 8 are two columns.
  for (unsigned half = 0; half < 2; ++half) {
    Status status =
        BPT_CUDA(driver, cuMemsetD2D32Async, address + 4 * half, /*pitch=*/8,
                 static_cast<unsigned>(pattern >> (32 * half)), /*width=*/1,
                 /*height=*/count, stream);
    if (status.failed())
      return status;
  }
  return Status::success();
}

/// Machine code for this GPU from the cache or from ptxas; none without ptxas,
/// or if it fails, which is a remark: the driver may yet take the PTX.
std::optional<std::string> CudaDevice::getCubin(std::string_view ptx) {
  if (!ptxas)
    ptxas = Ptxas::find();
  if (!*ptxas)
    return std::nullopt;
  std::string key = properties.chip.getName() + "\nptxas " +
                    (*ptxas)->getVersion() + "\ndriver " +
                    std::to_string(driverVersion) + "\n";
  key += ptx;
  if (std::optional<std::string> cubin = cache.read(key))
    return cubin;
  PtxasResult result;
  Status status = (*ptxas)->assemble(ptx, properties.chip, result);
  if (status.failed()) {
    remark(status.getMessage() + "; the driver assembles instead");
    return std::nullopt;
  }
  cache.write(key, result.cubin);
  return std::move(result.cubin);
}

Status CudaDevice::loadImage(const void *image, std::string_view name,
                             CUmodule &handle) const {
  char log[4096] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER,
                            CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log) - 1)};
  Status status = BPT_CUDA(driver, cuModuleLoadDataEx, &handle, image,
                           std::size(options), options, values);
  if (!status.failed())
    return status;
  std::string message =
      "module '" + std::string(name) + "': " + status.getMessage();
  if (log[0]) {
    std::string_view line(log);
    line = line.substr(0, line.find('\n'));
    message += ": " + std::string(line);
  }
  return Status::failure(std::move(message));
}

Status CudaDevice::loadNew(std::string_view ptx, std::string_view name,
                           std::unique_ptr<BPTDeviceModule> &module) {
  auto loaded = std::make_unique<CudaModule>(driver);
  Status status = Status::failure("");
  if (std::optional<std::string> cubin = getCubin(ptx)) {
    // Code of a ptxas that is newer than the driver may be refused.
    status = loadImage(cubin->data(), name, loaded->handle);
    if (status.failed())
      remark(status.getMessage() + "; the driver assembles the PTX instead");
  }
  if (status.failed())
    status = loadImage(std::string(ptx).c_str(), name, loaded->handle);
  if (!status.failed())
    module = std::move(loaded);
  return status;
}

Status CudaDevice::findKernel(BPTDeviceModule &module, const std::string &name,
                              std::unique_ptr<BPTDeviceKernel> &kernel) {
  auto found = std::make_unique<CudaKernel>();
  CUresult result = driver.cuModuleGetFunction(
      &found->handle, static_cast<CudaModule &>(module).handle, name.c_str());
  if (result == CUDA_ERROR_NOT_FOUND)
    return Status::failure("module '" + module.name + "' has no kernel '" +
                           name + "'");
  Status status = driver.check(result, "cuModuleGetFunction");
  int bytes = 0;
  if (!status.failed())
    status = BPT_CUDA(driver, cuFuncGetAttribute, &bytes,
                      CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, found->handle);
  found->staticSharedBytes = bytes;
  if (!status.failed())
    kernel = std::move(found);
  return status;
}

/// More than 48 KiB of shared memory has to be asked for.
static Status allowSharedBytes(const Driver &driver, CudaKernel &kernel,
                               uint64_t bytes) {
  std::lock_guard<std::mutex> lock(kernel.mutex);
  if (bytes <= kernel.allowedSharedBytes)
    return Status::success();
  Status status = BPT_CUDA(driver, cuFuncSetAttribute, kernel.handle,
                           CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                           static_cast<int>(bytes));
  if (!status.failed())
    kernel.allowedSharedBytes = bytes;
  return status;
}

Status CudaDevice::countBlocksAtATime(BPTDeviceKernel &base,
                                      const LaunchShape &shape,
                                      uint64_t &blocks) {
  auto &kernel = static_cast<CudaKernel &>(base);
  Status status = allowSharedBytes(driver, kernel, shape.sharedBytes);
  int ofOne = 0;
  if (!status.failed())
    status =
        BPT_CUDA(driver, cuOccupancyMaxActiveBlocksPerMultiprocessor, &ofOne,
                 kernel.handle, static_cast<int>(shape.block.getVolume()),
                 shape.sharedBytes);
  blocks = uint64_t(ofOne) * multiprocessors;
  return status;
}

Status CudaDevice::launchChecked(BPTDeviceKernel &base,
                                 const LaunchShape &shape,
                                 void *const *arguments, KernelProfile *entry) {
  auto &kernel = static_cast<CudaKernel &>(base);
  Status status = allowSharedBytes(driver, kernel, shape.sharedBytes);
  if (status.failed())
    return status;

  CUlaunchAttribute cluster = {};
  cluster.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  cluster.value.clusterDim.x = shape.cluster.x;
  cluster.value.clusterDim.y = shape.cluster.y;
  cluster.value.clusterDim.z = shape.cluster.z;
  CUlaunchConfig config = {};
  config.gridDimX = shape.grid.x;
  config.gridDimY = shape.grid.y;
  config.gridDimZ = shape.grid.z;
  config.blockDimX = shape.block.x;
  config.blockDimY = shape.block.y;
  config.blockDimZ = shape.block.z;
  config.sharedMemBytes = shape.sharedBytes;
  config.hStream = stream;
  config.attrs = &cluster;
  config.numAttrs = shape.cluster == Dim3() ? 0 : 1;

  Event start(driver), end(driver);
  if (entry)
    status = start.record(stream);
  if (status.failed())
    return status;
  status = BPT_CUDA(driver, cuLaunchKernelEx, &config, kernel.handle,
                    const_cast<void **>(arguments), nullptr);
  if (status.failed())
    return Status::failure("kernel '" + kernel.name +
                           "': " + status.getMessage());
  {
    std::lock_guard<std::mutex> lock(lastMutex);
    lastKernel = kernel.name;
  }
  if (!entry)
    return status;
  status = end.record(stream);
  if (!status.failed())
    status = synchronize();
  double milliseconds = 0;
  if (!status.failed())
    status = end.getTimeSince(start, milliseconds);
  entry->milliseconds = entry->milliseconds.value_or(0) + milliseconds;
  return status;
}

Status CudaDevice::encodeTensorMap(void *map, const TensorMapShape &shape) {
  return BPT_CUDA(driver, cuTensorMapEncodeTiled,
                  static_cast<CUtensorMap *>(map), shape.elementType,
                  shape.rank, shape.base, shape.sizes, shape.strides, shape.box,
                  shape.elementStrides, shape.interleave, shape.swizzle,
                  shape.l2Promotion, shape.outOfBoundsFill);
}

Status mlir::bpt::runtime::openCudaDevice(const CudaDeviceOptions &options,
                                          std::unique_ptr<Device> &device) {
  const Driver *driver = nullptr;
  Status status = Driver::open(driver);
  if (status.failed())
    return status;
  RemarkHandler remark = options.remark;
  if (!remark)
    remark = [](const std::string &) {};
  auto opened = std::make_unique<CudaDevice>(*driver, std::move(remark));
  status = opened->open(options.ordinal);
  if (!status.failed())
    device = std::move(opened);
  return status;
}
