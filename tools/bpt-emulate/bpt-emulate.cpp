//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Batch.h"
#include "Options.h"
#include "Report.h"
#include "bpt/Emulator/PTX/InstructionTable.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::bpt::emulator;

static llvm::Expected<int> run(const EmulateOptions &options) {
  if (options.instructions) {
    mlir::bpt::ptx::printForms(llvm::outs());
    return kSuccess;
  }
  if (!options.batch.empty())
    return runBatch(options.batch, llvm::outs());
  if (options.list) {
    llvm::Expected<std::string> kernels = listKernels(options.test);
    if (!kernels)
      return kernels.takeError();
    llvm::outs() << *kernels;
    return kSuccess;
  }
  llvm::Expected<CaseResult> result = runCase(options.test);
  if (!result)
    return result.takeError();
  llvm::outs() << result->output;
  if (options.json)
    llvm::outs() << llvm::json::Value(toJSON(*result)) << '\n';
  else
    llvm::outs() << result->profileText;
  return kSuccess;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::Expected<EmulateOptions> options = parseOptions(argc, argv);
  llvm::Expected<int> code =
      options ? run(*options) : llvm::Expected<int>(options.takeError());
  if (code)
    return *code;
  CaseError error = takeError(code.takeError());
  if (!error.isLocated)
    llvm::errs() << "bpt-emulate: error: ";
  llvm::errs() << error.message << '\n';
  return error.isFault ? kFault : kUserError;
}
