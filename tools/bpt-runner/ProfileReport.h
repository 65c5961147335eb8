//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_RUNNER_PROFILEREPORT_H
#define BPT_TOOLS_BPT_RUNNER_PROFILEREPORT_H

#include "bpt/ExecutionEngine/Device/Device.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::bpt {

/// Prints what every kernel did: a line each, below it its counters and the
/// model of them for a GPU of that chip.
void printProfile(ArrayRef<runtime::KernelProfile> profile,
                  const runtime::Chip &chip, llvm::raw_ostream &os);

llvm::json::Array profileToJSON(ArrayRef<runtime::KernelProfile> profile,
                                const runtime::Chip &chip);

} // namespace mlir::bpt

#endif // BPT_TOOLS_BPT_RUNNER_PROFILEREPORT_H
