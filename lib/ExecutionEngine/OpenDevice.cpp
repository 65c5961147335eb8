//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/OpenDevice.h"
#include "bpt/ExecutionEngine/Device/CudaDevice.h"

using namespace mlir;
using namespace mlir::bpt;

static llvm::Error checkChip(const runtime::Chip &chip,
                             const runtime::DeviceProperties &properties) {
  if (chip.runsOn(properties.chip))
    return llvm::Error::success();
  return llvm::createStringError(
      "--chip=" + chip.getName() + ": the GPU '" + properties.product +
      "' is " + properties.chip.getName() + " and does not run its code");
}

llvm::Expected<OpenedDevice> bpt::openDevice(const DeviceOptions &options) {
  if (options.device != "cpu" && options.device != "cuda" &&
      options.device != "cuda-emulator")
    return llvm::createStringError("--device=" + options.device +
                                   ": devices are cpu, cuda and cuda-emulator");
  OpenedDevice opened;
  if (options.device == "cpu") {
    if (!options.chip.empty())
      return llvm::createStringError("--chip=" + options.chip +
                                     ": device cpu has no chip to choose");
    return opened;
  }
  std::optional<runtime::Chip> chip;
  if (!options.chip.empty()) {
    chip = runtime::Chip::parse(options.chip);
    if (!chip || chip->number < runtime::kOldestChip)
      return llvm::createStringError(
          "--chip=" + options.chip +
          ": chips are sm_70, sm_80, sm_90a and so on");
  }

  if (options.device == "cuda-emulator")
    return llvm::createStringError("this build has no device "
                                   "'cuda-emulator'; it has cpu and cuda");
  runtime::CudaDeviceOptions cudaOptions;
  cudaOptions.remark = options.remark;
  std::unique_ptr<runtime::Device> device;
  runtime::Status status = runtime::openCudaDevice(cudaOptions, device);
  if (status.failed())
    return llvm::createStringError(status.getMessage());
  opened.chip = chip.value_or(device->getProperties().chip);
  if (llvm::Error error = checkChip(opened.chip, device->getProperties()))
    return std::move(error);
  device->setProfiling(options.profile);
  opened.device = std::move(device);
  return opened;
}
