//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/OpenDevice.h"
#include "bpt/ExecutionEngine/Device/CudaDevice.h"
#include "bpt/ExecutionEngine/EmulatorDevice.h"

using namespace mlir;
using namespace mlir::bpt;

/// The floor of what code with tensor cores is written for.
static constexpr runtime::Chip kEmulatedChip = {80, 0};

static std::shared_ptr<runtime::Device>
openEmulator(const DeviceOptions &options, const runtime::Chip &chip) {
  EmulatorDeviceOptions emulatorOptions;
  emulatorOptions.chip = chip;
  emulatorOptions.seed = options.emulatorSeed;
  emulatorOptions.eager = options.emulatorEager;
  emulatorOptions.threads = options.threads;
  emulatorOptions.multiprocessors = options.emulatorMultiprocessors;
  emulatorOptions.remark = options.remark;
  std::unique_ptr<runtime::Device> device =
      createEmulatorDevice(emulatorOptions);
  device->setProfiling(options.profile);
  return device;
}

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

  if (options.device == "cuda-emulator") {
    opened.chip = chip.value_or(kEmulatedChip);
    opened.device = openEmulator(options, *opened.chip);
    return opened;
  }
  runtime::CudaDeviceOptions cudaOptions;
  cudaOptions.remark = options.remark;
  std::unique_ptr<runtime::Device> device;
  runtime::Status status = runtime::openCudaDevice(cudaOptions, device);
  if (status.failed())
    return llvm::createStringError(status.getMessage());
  opened.chip = chip.value_or(device->getProperties().chip);
  if (llvm::Error error = checkChip(*opened.chip, device->getProperties()))
    return std::move(error);
  device->setProfiling(options.profile);
  opened.device = std::move(device);
  return opened;
}
