//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProfileReport.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::bpt;
using runtime::Dim3;
using runtime::KernelProfile;

static void printShape(const KernelProfile &entry, llvm::raw_ostream &os) {
  os << "kernel " << entry.kernel << ": grid " << entry.shape.grid.getText()
     << ", block " << entry.shape.block.getText();
  if (!(entry.shape.cluster == Dim3()))
    os << ", cluster " << entry.shape.cluster.getText();
  if (uint64_t bytes = entry.shape.sharedBytes + entry.staticSharedBytes)
    os << ", " << bytes << " bytes of shared memory";
  os << ", " << entry.launches
     << (entry.launches == 1 ? " launch" : " launches");
}

void bpt::printProfile(ArrayRef<KernelProfile> profile, llvm::raw_ostream &os) {
  for (const KernelProfile &entry : profile) {
    printShape(entry, os);
    if (entry.milliseconds)
      os << llvm::format(", %.4f ms", *entry.milliseconds);
    os << '\n';
    for (const auto &[name, value] : entry.counters)
      if (value != 0)
        os << "  " << name << ": " << value << '\n';
  }
}

static llvm::json::Value toJSON(const Dim3 &dim) {
  return llvm::json::Array{static_cast<int64_t>(dim.x),
                           static_cast<int64_t>(dim.y),
                           static_cast<int64_t>(dim.z)};
}

llvm::json::Array bpt::profileToJSON(ArrayRef<KernelProfile> profile) {
  llvm::json::Array kernels;
  for (const KernelProfile &entry : profile) {
    llvm::json::Object kernel{
        {"name", entry.kernel},
        {"grid", toJSON(entry.shape.grid)},
        {"block", toJSON(entry.shape.block)},
        {"cluster", toJSON(entry.shape.cluster)},
        {"shared_bytes", static_cast<int64_t>(entry.shape.sharedBytes +
                                              entry.staticSharedBytes)},
        {"launches", static_cast<int64_t>(entry.launches)},
    };
    if (entry.milliseconds)
      kernel["milliseconds"] = *entry.milliseconds;
    llvm::json::Object counters;
    for (const auto &[name, value] : entry.counters)
      counters[name] = static_cast<int64_t>(value);
    if (!counters.empty())
      kernel["counters"] = std::move(counters);
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}
