//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_CAPI_DIAGNOSTICS_H
#define BPT_LIB_CAPI_DIAGNOSTICS_H

#include "bpt-c/Compiler.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

namespace mlir::bpt {

/// Gives what one call of the C API has to say to the caller's handler: the
/// diagnostics of a context, errors, and remarks of devices.
class DiagnosticSink {
public:
  explicit DiagnosticSink(const BPTDiagnosticHandler &handler);
  ~DiagnosticSink();
  DiagnosticSink(const DiagnosticSink &) = delete;
  DiagnosticSink &operator=(const DiagnosticSink &) = delete;

  /// The diagnostics of the context, as long as what is returned lives.
  ScopedDiagnosticHandler listen(MLIRContext &context);

  /// One error for each in the list.
  void report(llvm::Error error);
  void report(BPTSeverity severity, StringRef location, StringRef message);

  /// The sink of the call that runs in this thread, or null.
  static DiagnosticSink *getCurrent();

private:
  void reportDiagnostic(Diagnostic &diagnostic);

  BPTDiagnosticHandler handler;
  DiagnosticSink *outer;
};

} // namespace mlir::bpt

#endif // BPT_LIB_CAPI_DIAGNOSTICS_H
