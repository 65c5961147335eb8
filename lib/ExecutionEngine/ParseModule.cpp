//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/ParseModule.h"
#include "bpt/ExecutionEngine/Compile.h"
#include "bpt/ExecutionEngine/FileIO.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace mlir::bpt;

std::unique_ptr<MLIRContext> bpt::createCompilerContext() {
  DialectRegistry registry;
  registerCompilerDialects(registry);
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  // The whole module would follow the line.
  context->printOpOnDiagnostic(false);
  return context;
}

OwningOpRef<ModuleOp> bpt::parseModule(StringRef source, StringRef name,
                                       MLIRContext &context,
                                       llvm::SourceMgr &sources) {
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(source, name),
                             {});
  return parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
}

llvm::Expected<OwningOpRef<ModuleOp>>
bpt::parseModuleFile(StringRef path, MLIRContext &context,
                     llvm::SourceMgr &sources) {
  llvm::Expected<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  return parseModule((*file)->getBytes(), path, context, sources);
}
