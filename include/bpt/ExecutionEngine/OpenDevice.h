//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_OPENDEVICE_H
#define BPT_EXECUTIONENGINE_OPENDEVICE_H

#include "bpt/ExecutionEngine/Device/Device.h"
#include "llvm/Support/Error.h"

namespace mlir::bpt {

struct DeviceOptions {
  /// `cpu`, `cuda` or `cuda-emulator`.
  std::string device = "cpu";
  /// The architecture to generate code for: `sm_90a`. Empty: that of the GPU;
  /// for the emulator sm_80. For `cpu` there is none.
  std::string chip;
  /// Of the emulator: the order in which warps run, 0 for that of their
  /// numbers, and whether asynchronous copies land at once.
  uint64_t emulatorSeed = 0;
  bool emulatorEager = false;
  /// Of the emulator, 0 for those of a GPU of the chip.
  unsigned emulatorMultiprocessors = 0;
  /// Of the emulator, 0 for all cores.
  unsigned threads = 0;
  bool profile = false;
  runtime::RemarkHandler remark;
};

/// A device and the architecture that code for it is generated for; neither for
/// `cpu`.
struct OpenedDevice {
  std::shared_ptr<runtime::Device> device;
  std::optional<runtime::Chip> chip;
};

/// Opens a device. An error is one line.
llvm::Expected<OpenedDevice> openDevice(const DeviceOptions &options);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_OPENDEVICE_H
