//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_EMULATE_REPORT_H
#define BPT_TOOLS_BPT_EMULATE_REPORT_H

#include "Case.h"

namespace mlir::bpt::emulator {

llvm::json::Object toJSON(const CaseResult &result);

/// What an error is: one line, and whether the kernel made it.
struct CaseError {
  std::string message;
  bool isFault = false;
  /// It names a file and a line already.
  bool isLocated = false;
};
CaseError takeError(llvm::Error error);

constexpr int kSuccess = 0, kFault = 1, kUserError = 2;

} // namespace mlir::bpt::emulator

#endif // BPT_TOOLS_BPT_EMULATE_REPORT_H
