//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints model IR of attention, a feed-forward network, a layer or a model.
//
//===----------------------------------------------------------------------===//

#include "bpt/Generator/CommandLine.h"
#include "bpt/Generator/Generator.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

/// Exit code for errors of the user's.
static constexpr int kUsageError = 2;

static int report(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "bpt-gen") << message << "\n";
  return kUsageError;
}

int main(int argc, char **argv) {
  llvm::InitLLVM initLLVM(argc, argv);
  MLIRContext context(MLIRContext::Threading::DISABLED);
  auto options = bpt::parseCommandLine(
      &context, llvm::ArrayRef(argv, argc).drop_front(), llvm::outs());
  if (!options)
    return report(llvm::toString(options.takeError()));
  if (*options) {
    auto module = bpt::generateModule(&context, **options);
    if (!module)
      return report(llvm::toString(module.takeError()));
    (*module)->print(llvm::outs());
  }
  llvm::outs().flush();
  if (std::error_code failure = llvm::outs().error()) {
    llvm::outs().clear_error();
    return report("cannot write the output: " + failure.message());
  }
  return 0;
}
