//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_TRANSLATE_MODULE_H
#define BPT_EMULATOR_TRANSLATE_MODULE_H

#include "bpt/Emulator/Runtime/Launch.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>

namespace mlir::bpt::emulator {

struct KernelParameter {
  std::string name;
  uint32_t offset = 0, bytes = 0, alignment = 1;
};

/// What PTX says about a kernel.
struct Kernel {
  std::string name;
  std::vector<KernelParameter> parameters;
  uint32_t parameterBytes = 0;
  uint32_t staticSharedBytes = 0;
  /// .reqntid, .maxntid and .reqnctapercluster; all 0 where absent.
  Dim3 requiredBlock = {0, 0, 0}, maxBlock = {0, 0, 0};
  Dim3 requiredCluster = {0, 0, 0};
  /// .maxnreg and .minnctapersm; 0 where absent.
  uint32_t maxRegisters = 0, minBlocks = 0;
};

struct ModuleOptions {
  /// How well the host's code is optimised, 0 or 1. By default kernels that run
  /// few instructions are compiled fast and others well.
  std::optional<unsigned> optLevel;
};

/// A PTX module, ready to run. Its .global variables live in the device's
/// memory as long as it does.
class Module {
public:
  /// Parses, checks and translates. The error is of the form
  /// `name:12:5: error: message`, followed by the line. `memory` must outlive
  /// the module.
  static llvm::Expected<std::unique_ptr<Module>>
  load(llvm::StringRef text, llvm::StringRef name, DeviceMemory &memory,
       const ModuleOptions &options = {});

  ~Module();

  llvm::ArrayRef<Kernel> getKernels() const;
  /// Null if there is none of that name.
  const Kernel *findKernel(llvm::StringRef name) const;

  /// Runs a kernel of this module to its end. `arguments` points to the value
  /// of each parameter, in order. For errors see emulator::launch.
  llvm::Error launch(const Kernel &kernel, Dim3 grid, Dim3 block, Dim3 cluster,
                     uint32_t dynamicShared, void *const *arguments,
                     const LaunchOptions &options = {},
                     LaunchReport *report = nullptr);

  /// What printing the profile of a kernel's launch needs.
  llvm::Expected<KernelDescription> describe(const Kernel &kernel,
                                             bool profile);

private:
  struct Impl;
  explicit Module(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl;
};

} // namespace mlir::bpt::emulator

#endif // BPT_EMULATOR_TRANSLATE_MODULE_H
