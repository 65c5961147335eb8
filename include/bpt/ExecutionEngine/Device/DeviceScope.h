//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_DEVICE_DEVICESCOPE_H
#define BPT_EXECUTIONENGINE_DEVICE_DEVICESCOPE_H

#include "bpt/ExecutionEngine/Device/Device.h"
#include "bpt/ExecutionEngine/Runtime/Runtime.h"

namespace mlir::bpt::runtime {

/// Makes a device that of this thread for the functions of DeviceABI.h. Scopes
/// nest. Without one the functions open the first GPU of the machine, once per
/// process.
class DeviceScope {
public:
  explicit DeviceScope(Device &device);
  ~DeviceScope();
  DeviceScope(const DeviceScope &) = delete;
  DeviceScope &operator=(const DeviceScope &) = delete;

  /// The first failure of a call since the scope began.
  const Status &getStatus() const { return status; }

private:
  friend class ThreadState;

  Device *device;
  Status status;
  DeviceScope *outer;
};

/// The memory of this thread's device; null if it has none or it failed.
BlockAllocator *getDeviceMemory();

/// The functions of DeviceABI.h, for code that is linked in this process.
const std::vector<Symbol> &getDeviceSymbols();

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_DEVICE_DEVICESCOPE_H
