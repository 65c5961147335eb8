//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"
#include "bpt-c/Compiler.h"
#include "bpt/ExecutionEngine/Compile.h"
#include "bpt/ExecutionEngine/ParseModule.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace mlir::bpt;

int bptRunPasses(const char *source, size_t length, const char *name,
                 const char *pipeline,
                 void (*write)(const char *text, size_t length, void *context),
                 void *context, BPTDiagnosticHandler handler) {
  DiagnosticSink sink(handler);
  registerCompilerPasses();
  std::unique_ptr<MLIRContext> compilerContext = createCompilerContext();
  ScopedDiagnosticHandler diagnostics = sink.listen(*compilerContext);
  StringRef text(pipeline), anchor = ModuleOp::getOperationName();
  std::string anchored = text.trim().starts_with(anchor)
                             ? text.str()
                             : (anchor + "(" + text + ")").str();
  std::string message;
  llvm::raw_string_ostream messages(message);
  FailureOr<OpPassManager> passes = parsePassPipeline(anchored, messages);
  if (failed(passes)) {
    // The parser may say where in the pipeline, and shows it in further lines.
    StringRef reason = StringRef(message).trim().split('\n').first;
    if (size_t at = reason.find("error: "); at != StringRef::npos)
      reason = reason.substr(at).split(' ').second;
    return sink.report(
               llvm::createStringError("pipeline '" + text + "': " + reason)),
           1;
  }

  llvm::SourceMgr sources;
  OwningOpRef<ModuleOp> module =
      parseModule({source, length}, name, *compilerContext, sources);
  if (!module)
    return 1;
  PassManager manager(compilerContext.get());
  static_cast<OpPassManager &>(manager) = std::move(*passes);
  if (failed(manager.run(*module)))
    return 1;
  std::string result;
  llvm::raw_string_ostream os(result);
  module->print(os);
  write(result.data(), result.size(), context);
  return 0;
}
