//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_RUNTIME_LAUNCH_H
#define BPT_EMULATOR_RUNTIME_LAUNCH_H

#include "bpt/Emulator/Runtime/Memory.h"
#include "bpt/Emulator/Runtime/Profile.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace mlir::bpt::emulator {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;

  uint64_t product() const { return uint64_t(x) * y * z; }
};

/// Where an instruction is from.
struct Site {
  uint32_t line = 0;
  std::string text;
  /// The line of the source that .loc names, if one does.
  std::string sourceFile;
  uint32_t sourceLine = 0;
};

/// What a basic block holds, for profiles.
struct BasicBlock {
  uint32_t line = 0;
  std::array<uint16_t, kNumInstructionClasses> counts = {};
};

/// A translated kernel.
struct KernelDescription {
  std::string name;
  void (*entry)(const uint8_t *params) = nullptr;
  uint32_t parameterBytes = 0;
  uint32_t staticSharedBytes = 0;
  /// Of `extern .shared` arrays; they begin at the next multiple after the
  /// static ones.
  uint32_t dynamicSharedAlignment = 16;
  llvm::ArrayRef<Site> sites;
  /// All functions' blocks, in program order.
  llvm::ArrayRef<BasicBlock> blocks;
  /// .reqntid, .maxntid (both 0 where absent), .reqnctapercluster.
  Dim3 requiredBlock = {0, 0, 0}, maxBlock = {0, 0, 0};
  Dim3 requiredCluster = {0, 0, 0};
  /// .maxnreg and .minnctapersm, 0 where absent.
  uint32_t maxRegisters = 0, minBlocks = 0;

  /// Registers of a thread as the kernel starts, if it is compiled so that it
  /// can change them (setmaxnreg); 0 if it is not.
  uint32_t getInitialRegisters() const;
};

struct LaunchGeometry {
  Dim3 grid, block;
  Dim3 cluster;
  uint32_t dynamicShared = 0;
};

struct LaunchOptions {
  /// Host threads; 0: as many as there are cores.
  unsigned threads = 0;
  /// Other than 0: warps run in a random order.
  uint64_t seed = 0;
  /// Asynchronous copies land at once, instead of as late as they may.
  bool eager = false;
  /// Reports data races in shared memory and missing proxy fences.
  bool races = true;
  /// Also races between the threads of one CTA in global memory.
  bool globalRaces = true;
  /// Reports reads of shared memory that nothing was written to.
  bool uninitialized = true;
  /// Counts; warps run in lockstep.
  bool profile = false;
};

struct LaunchReport {
  uint64_t fibreSwitches = 0;
  uint64_t accesses = 0;
  uint64_t asyncCopies = 0;
  uint64_t matrixProducts = 0;
  double seconds = 0;
  /// With LaunchOptions::profile.
  Profile profile;
};

/// Runs a kernel to its end. `params` is the parameter space. An error is one
/// that the kernel made, or says that the launch is not valid (see
/// LaunchError::isFault).
llvm::Error launch(const KernelDescription &kernel,
                   const LaunchGeometry &geometry,
                   llvm::ArrayRef<uint8_t> params, DeviceMemory &memory,
                   const LaunchOptions &options,
                   LaunchReport *report = nullptr);

class LaunchError : public llvm::ErrorInfo<LaunchError> {
public:
  // As llvm::ErrorInfo wants it.
  static char ID; // NOLINT(readability-identifier-naming)

  LaunchError(std::string message, bool fault)
      : message(std::move(message)), fault(fault) {}

  /// True if the kernel did something wrong, false if it was launched wrongly.
  bool isFault() const { return fault; }
  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }

private:
  std::string message;
  bool fault;
};

} // namespace mlir::bpt::emulator

#endif // BPT_EMULATOR_RUNTIME_LAUNCH_H
