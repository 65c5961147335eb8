//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EXECUTIONENGINE_DEVICE_CUDADRIVER_H
#define BPT_LIB_EXECUTIONENGINE_DEVICE_CUDADRIVER_H

#include "CudaTypes.h"
#include "bpt/ExecutionEngine/Device/Status.h"

namespace mlir::bpt::cuda {

using runtime::Status;

/// The functions of the driver, found in its library when it is opened. A
/// member has the name of the function in the API; the library's symbol, which
/// carries the version of the ABI, is beside it.
#define BPT_CUDA_FUNCTIONS(X)                                                  \
  X(cuInit, "cuInit", unsigned)                                                \
  X(cuDriverGetVersion, "cuDriverGetVersion", int *)                           \
  X(cuGetErrorName, "cuGetErrorName", CUresult, const char **)                 \
  X(cuGetErrorString, "cuGetErrorString", CUresult, const char **)             \
  X(cuDeviceGetCount, "cuDeviceGetCount", int *)                               \
  X(cuDeviceGet, "cuDeviceGet", CUdevice *, int)                               \
  X(cuDeviceGetName, "cuDeviceGetName", char *, int, CUdevice)                 \
  X(cuDeviceGetAttribute, "cuDeviceGetAttribute", int *, CUdevice_attribute,   \
    CUdevice)                                                                  \
  X(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain", CUcontext *,         \
    CUdevice)                                                                  \
  X(cuDevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", CUdevice)       \
  X(cuCtxSetCurrent, "cuCtxSetCurrent", CUcontext)                             \
  X(cuMemGetInfo, "cuMemGetInfo_v2", size_t *, size_t *)                       \
  X(cuMemAlloc, "cuMemAlloc_v2", CUdeviceptr *, size_t)                        \
  X(cuMemFree, "cuMemFree_v2", CUdeviceptr)                                    \
  X(cuMemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2", CUdeviceptr, const void *,      \
    size_t, CUstream)                                                          \
  X(cuMemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2", void *, CUdeviceptr, size_t,    \
    CUstream)                                                                  \
  X(cuMemcpyDtoDAsync, "cuMemcpyDtoDAsync_v2", CUdeviceptr, CUdeviceptr,       \
    size_t, CUstream)                                                          \
  X(cuMemsetD8Async, "cuMemsetD8Async", CUdeviceptr, unsigned char, size_t,    \
    CUstream)                                                                  \
  X(cuMemsetD16Async, "cuMemsetD16Async", CUdeviceptr, unsigned short, size_t, \
    CUstream)                                                                  \
  X(cuMemsetD32Async, "cuMemsetD32Async", CUdeviceptr, unsigned, size_t,       \
    CUstream)                                                                  \
  X(cuMemsetD2D32Async, "cuMemsetD2D32Async", CUdeviceptr, size_t, unsigned,   \
    size_t, size_t, CUstream)                                                  \
  X(cuModuleLoadDataEx, "cuModuleLoadDataEx", CUmodule *, const void *,        \
    unsigned, CUjit_option *, void **)                                         \
  X(cuModuleUnload, "cuModuleUnload", CUmodule)                                \
  X(cuModuleGetFunction, "cuModuleGetFunction", CUfunction *, CUmodule,        \
    const char *)                                                              \
  X(cuFuncGetAttribute, "cuFuncGetAttribute", int *, CUfunction_attribute,     \
    CUfunction)                                                                \
  X(cuFuncSetAttribute, "cuFuncSetAttribute", CUfunction,                      \
    CUfunction_attribute, int)                                                 \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor,                               \
    "cuOccupancyMaxActiveBlocksPerMultiprocessor", int *, CUfunction, int,     \
    size_t)                                                                    \
  X(cuLaunchKernelEx, "cuLaunchKernelEx", const CUlaunchConfig *, CUfunction,  \
    void **, void **)                                                          \
  X(cuStreamCreate, "cuStreamCreate", CUstream *, unsigned)                    \
  X(cuStreamDestroy, "cuStreamDestroy_v2", CUstream)                           \
  X(cuStreamSynchronize, "cuStreamSynchronize", CUstream)                      \
  X(cuEventCreate, "cuEventCreate", CUevent *, unsigned)                       \
  X(cuEventDestroy, "cuEventDestroy_v2", CUevent)                              \
  X(cuEventRecord, "cuEventRecord", CUevent, CUstream)                         \
  X(cuEventSynchronize, "cuEventSynchronize", CUevent)                         \
  X(cuEventElapsedTime, "cuEventElapsedTime", float *, CUevent, CUevent)       \
  X(cuTensorMapEncodeTiled, "cuTensorMapEncodeTiled", CUtensorMap *, int,      \
    uint32_t, void *, const uint64_t *, const uint64_t *, const uint32_t *,    \
    const uint32_t *, int, int, int, int)

struct Driver {
  // NOLINTBEGIN(readability-identifier-naming)
#define BPT_DECLARE(name, symbol, ...) CUresult (*name)(__VA_ARGS__) = nullptr;
  BPT_CUDA_FUNCTIONS(BPT_DECLARE)
#undef BPT_DECLARE
  // NOLINTEND(readability-identifier-naming)

  /// The library of this process, opened and initialised on the first call. It
  /// is never closed: the driver's threads run in it.
  static Status open(const Driver *&driver);

  /// Success, or what a call of `function` failed with.
  Status check(CUresult result, const char *function) const;
};

/// `status = check(driver.f(args), "f")` is what every call looks like.
#define BPT_CUDA(driver, function, ...)                                        \
  (driver).check((driver).function(__VA_ARGS__), #function)

/// The oldest driver that takes the PTX which is generated: of CUDA 12.0.
constexpr int kMinDriverVersion = 12000;

} // namespace mlir::bpt::cuda

#endif // BPT_LIB_EXECUTIONENGINE_DEVICE_CUDADRIVER_H
