//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_RUNTIME_PROFILE_H
#define BPT_EMULATOR_RUNTIME_PROFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <array>
#include <cstdint>
#include <vector>

namespace mlir::bpt::emulator {

struct KernelDescription;

/// The classes that instructions are counted in.
enum class InstructionClass : uint8_t {
  Integer,
  FloatAdd,
  FloatMul,
  FloatFma,
  /// Comparisons, minima, selections and the like on floats.
  FloatOther,
  /// Arithmetic on f16, bf16 and their pairs.
  Half,
  Double,
  /// ex2 and tanh.
  Exponential,
  /// The other approximations: rcp, rsqrt, sqrt, sin, cos, lg2.
  Special,
  Conversion,
  LoadGlobal,
  StoreGlobal,
  LoadShared,
  StoreShared,
  /// Local, constant and parameter memory.
  LoadOther,
  StoreOther,
  Atomic,
  /// ldmatrix, stmatrix, movmatrix.
  MatrixMove,
  Mma,
  Wgmma,
  /// shfl, vote, match, redux, elect.
  WarpCollective,
  /// bar, barrier, mbarrier, fences and waits.
  Synchronization,
  /// cp.async, bulk and tensor copies.
  AsyncCopy,
  Branch,
  /// Moves, setmaxnreg, ...
  Other
};
constexpr unsigned kNumInstructionClasses =
    static_cast<unsigned>(InstructionClass::Other) + 1;

llvm::StringRef getName(InstructionClass instructionClass);

using InstructionCounts = std::array<uint64_t, kNumInstructionClasses>;

/// What one instruction that accesses memory did, in all warps.
struct SiteProfile {
  uint32_t site = 0;
  /// Warp-level executions and the lanes that took part.
  uint64_t requests = 0, lanes = 0;
  uint64_t sharedBytes = 0, globalBytes = 0;
  /// Passes of the 32 banks; `idealWavefronts` is what the bytes alone need.
  uint64_t wavefronts = 0, idealWavefronts = 0;
  /// 32-byte sectors of global memory.
  uint64_t sectors = 0;
};

/// Exact counts of a launch, for warps that reconverge at the earliest program
/// point.
struct Profile {
  /// Instructions that warps issued, and those times the lanes that took part.
  InstructionCounts warpInstructions = {}, threadInstructions = {};
  /// Floating-point (and integer) operations of mma and wgmma: 2 * m * n * k.
  uint64_t tensorOperations = 0;
  uint64_t exponentials = 0;
  /// Executions of a CTA's or cluster's barrier, once for all its threads.
  uint64_t barriers = 0;
  uint64_t globalLoadBytes = 0, globalStoreBytes = 0;
  uint64_t globalLoadSectors = 0, globalStoreSectors = 0;
  uint64_t sharedLoadBytes = 0, sharedStoreBytes = 0;
  uint64_t sharedWavefronts = 0, sharedIdealWavefronts = 0;
  /// Bytes that cp.async, bulk and tensor copies move between global and shared
  /// memory; they are also in the figures of global memory.
  uint64_t asyncBytes = 0;
  /// Shared memory that wgmma reads.
  uint64_t wgmmaSharedBytes = 0;
  /// By site, where there were requests.
  std::vector<SiteProfile> sites;

  void merge(const Profile &other);
};

llvm::json::Object toJSON(const Profile &profile,
                          const KernelDescription &kernel);
void print(llvm::raw_ostream &os, const Profile &profile,
           const KernelDescription &kernel);

} // namespace mlir::bpt::emulator

#endif // BPT_EMULATOR_RUNTIME_PROFILE_H
