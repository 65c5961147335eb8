//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_DEVICE_CUDADEVICE_H
#define BPT_EXECUTIONENGINE_DEVICE_CUDADEVICE_H

#include "bpt/ExecutionEngine/Device/Device.h"

namespace mlir::bpt::runtime {

struct CudaDeviceOptions {
  /// Among those that the driver shows.
  unsigned ordinal = 0;
  RemarkHandler remark;
};

/// Opens a GPU through the CUDA driver, libcuda.so.1 or what the environment
/// variable BPT_CUDA_DRIVER names. PTX is assembled by ptxas where there is one
/// (see Ptxas.h), else by the driver.
Status openCudaDevice(const CudaDeviceOptions &options,
                      std::unique_ptr<Device> &device);

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_DEVICE_CUDADEVICE_H
