//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A compiled function with arguments that stay on the device, so that calls can
// be timed without the copies. To be used within a DeviceScope.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_DEVICE_CHECK_INVOCATION_H
#define BPT_TOOLS_DEVICE_CHECK_INVOCATION_H

#include "bpt-c/Launcher.h"
#include <algorithm>
#include <vector>

namespace mlir::bpt::devicecheck {

struct Tensor {
  std::vector<int64_t> sizes;
  std::vector<char> bytes;
};

inline int64_t getByteWidth(BPTElementType type) {
  constexpr int64_t kWidths[] = {8, 4, 2, 2, 1, 1, 2, 4, 8, 1, 2, 4, 8};
  return kWidths[type];
}

inline int64_t getNumElements(const std::vector<int64_t> &sizes) {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return count;
}

class Invocation {
public:
  Invocation(const BPTFunction &function, const std::vector<Tensor> &arguments);
  ~Invocation();
  Invocation(const Invocation &) = delete;
  Invocation &operator=(const Invocation &) = delete;

  /// Gives back the results of the call before.
  void call();
  /// Waits for the call.
  Tensor fetchResult(int64_t index) const;

private:
  void freeResults();

  const BPTFunction &function;
  std::vector<void *> blocks;
  /// Memref descriptors: two pointers, an offset, sizes, strides. The results'
  /// are one after the other.
  std::vector<std::vector<int64_t>> arguments;
  std::vector<int64_t> results;
  std::vector<void *> pointers;
};

} // namespace mlir::bpt::devicecheck

#endif // BPT_TOOLS_DEVICE_CHECK_INVOCATION_H
