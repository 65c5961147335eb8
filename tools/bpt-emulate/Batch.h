//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_EMULATE_BATCH_H
#define BPT_TOOLS_BPT_EMULATE_BATCH_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::bpt::emulator {

/// Runs the cases of a JSON file and prints one JSON list of what came out. The
/// exit code is the worst of the cases'.
llvm::Expected<int> runBatch(llvm::StringRef path, llvm::raw_ostream &os);

} // namespace mlir::bpt::emulator

#endif // BPT_TOOLS_BPT_EMULATE_BATCH_H
