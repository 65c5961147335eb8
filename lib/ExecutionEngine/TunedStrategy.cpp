//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TunedStrategy.h"
#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "bpt/ExecutionEngine/Device/CodeCache.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;

std::string bpt::findTunedStrategy(ModuleOp module, StringRef target) {
  std::string folder = runtime::CodeCache::chooseFolder();
  std::string path = (folder + "/tuned-" + target + ".mlir").str();
  if (folder.empty() || !llvm::sys::fs::exists(path))
    return "";
  bool isBlocked =
      module->walk([](BlockedOpInterface) { return WalkResult::interrupt(); })
          .wasInterrupted();
  if (!isBlocked)
    return "";
  remark::passed(module.getLoc(),
                 remark::RemarkOpts::name("TunedStrategy").category("bpt-cpu"))
      << ("the strategy is '" + path + "', tuned for " + target).str();
  return path;
}
