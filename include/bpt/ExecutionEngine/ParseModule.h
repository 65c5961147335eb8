//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_PARSEMODULE_H
#define BPT_EXECUTIONENGINE_PARSEMODULE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/SourceMgr.h"
#include <memory>

namespace mlir::bpt {

/// A context that knows what a module may be made of. It has no threads, and
/// an error is one line.
std::unique_ptr<MLIRContext> createCompilerContext();

/// Parses a module, text or bytecode, that `name` stands for in locations. Null
/// after a diagnostic. The source goes to `sources`, so that a
/// SourceMgrDiagnosticHandler can show its lines.
OwningOpRef<ModuleOp> parseModule(StringRef source, StringRef name,
                                  MLIRContext &context,
                                  llvm::SourceMgr &sources);

/// The same of a file; an error says why it cannot be read.
llvm::Expected<OwningOpRef<ModuleOp>>
parseModuleFile(StringRef path, MLIRContext &context, llvm::SourceMgr &sources);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_PARSEMODULE_H
