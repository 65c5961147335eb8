//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_PROCESSMEMORY_H
#define BPT_EXECUTIONENGINE_PROCESSMEMORY_H

#include "bpt/ExecutionEngine/HostTensor.h"
#include <optional>

namespace mlir::bpt {

/// How much the process's resident set grows, at its highest, between
/// construction and `getPeakGrowth`. None where the system does not tell.
class ResidentSetMeter {
public:
  ResidentSetMeter();
  std::optional<size_t> getPeakGrowth() const;

private:
  std::optional<size_t> start;
};

/// Reads every page of the tensor, so that a mapped file is in memory before
/// something is measured.
void touchPages(const HostTensor &tensor);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_PROCESSMEMORY_H
