//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Generator/Generator.h"
#include "Diagnostics.h"
#include "bpt/Generator/CommandLine.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;
using namespace mlir::bpt;

int bptGenerate(const char *const *arguments, int64_t numArguments,
                void (*write)(const char *text, size_t length, void *context),
                void *context, BPTDiagnosticHandler handler) {
  DiagnosticSink sink(handler);
  MLIRContext mlirContext(MLIRContext::Threading::DISABLED);
  ScopedDiagnosticHandler diagnostics = sink.listen(mlirContext);
  std::string text;
  llvm::raw_string_ostream os(text);
  auto options = parseCommandLine(
      &mlirContext, {arguments, static_cast<size_t>(numArguments)}, os);
  if (!options)
    return sink.report(options.takeError()), 1;
  if (*options) {
    auto module = generateModule(&mlirContext, **options);
    if (!module)
      return sink.report(module.takeError()), 1;
    (*module)->print(os);
  }
  write(text.data(), text.size(), context);
  return 0;
}
