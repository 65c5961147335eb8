//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_DEVICE_PTXAS_H
#define BPT_EXECUTIONENGINE_DEVICE_PTXAS_H

#include "bpt/ExecutionEngine/Device/Chip.h"
#include "bpt/ExecutionEngine/Device/Status.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mlir::bpt::runtime {

/// What ptxas says of a kernel.
struct KernelResources {
  unsigned registers = 0;
  uint64_t spillStoreBytes = 0;
  uint64_t spillLoadBytes = 0;
  /// It runs products of warpgroups one after the other, against what the code
  /// says, or takes no notice of registers that warps give away.
  bool serializes = false;
};

struct PtxasResult {
  std::string cubin;
  /// By kernel name.
  std::map<std::string, KernelResources, std::less<>> kernels;
};

/// NVIDIA's assembler as a program of this machine.
class Ptxas {
public:
  /// What the environment variable BPT_PTXAS names (nothing, if it is empty),
  /// else the ptxas on PATH, else that of /usr/local/cuda. None if there is
  /// none that tells its version.
  static std::optional<Ptxas> find();

  /// As it prints it: `V13.0.88`.
  const std::string &getVersion() const { return version; }

  Status assemble(std::string_view ptx, const Chip &chip,
                  PtxasResult &result) const;

private:
  std::string path;
  std::string version;
};

/// Reads the report that `ptxas -v` writes.
std::map<std::string, KernelResources, std::less<>>
parsePtxasReport(std::string_view report);

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_DEVICE_PTXAS_H
