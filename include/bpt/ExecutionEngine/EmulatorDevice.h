//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_EMULATORDEVICE_H
#define BPT_EXECUTIONENGINE_EMULATORDEVICE_H

#include "bpt/ExecutionEngine/Device/Device.h"

namespace mlir::bpt {

struct EmulatorDeviceOptions {
  runtime::Chip chip;
  /// Other than 0: warps run in a random order.
  uint64_t seed = 0;
  /// Asynchronous copies land at once, instead of as late as they may.
  bool eager = false;
  /// 0: all cores.
  unsigned threads = 0;
  /// How many it has, as far as launches ask; 0: those of the GPU by which code
  /// for the chip is judged.
  unsigned multiprocessors = 0;
  runtime::RemarkHandler remark;
};

/// A device whose kernels are executed on the CPU, with every check that the
/// emulator has. Launches are waited for.
std::unique_ptr<runtime::Device>
createEmulatorDevice(const EmulatorDeviceOptions &options);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_EMULATORDEVICE_H
