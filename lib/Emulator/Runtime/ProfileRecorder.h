//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_PROFILERECORDER_H
#define BPT_LIB_EMULATOR_RUNTIME_PROFILERECORDER_H

#include "State.h"

namespace mlir::bpt::emulator {

/// Counts what the clusters of one worker do. Accesses are gathered by warp and
/// instruction until the warp's lanes leave the block that they are in.
class ProfileRecorder {
public:
  explicit ProfileRecorder(const KernelDescription &kernel);

  /// The lanes begin a block together.
  void enterBlock(Warp &warp, uint32_t block, uint32_t lanes);
  void access(const Thread &thread, uint64_t address, uint32_t bytes,
              AccessKind kind, bool isShared, uint32_t site);
  /// Accounts for what the warp has gathered.
  void flush(Warp &warp);
  void account(const WarpRequest &request);

  void countTensorOperations(uint64_t operations);
  void countBarrier() { ++profile.barriers; }
  /// Of a cp.async, whose accesses are counted as such.
  void countAsyncBytes(uint32_t bytes) { profile.asyncBytes += bytes; }
  /// Bulk and tensor copies, row by row.
  void countAsyncLoad(uint64_t globalAddress, uint32_t bytes);
  void countAsyncStore(uint64_t globalAddress, uint32_t bytes);
  void countWgmmaOperand(uint64_t bytes) { profile.wgmmaSharedBytes += bytes; }

  Profile take();

private:
  SiteProfile &getSite(uint32_t site);

  const KernelDescription &kernel;
  Profile profile;
  /// By site.
  std::vector<SiteProfile> sites;
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_PROFILERECORDER_H
