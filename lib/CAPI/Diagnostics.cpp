//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"
#include "bpt/ExecutionEngine/CompiledFunction.h"
#include "mlir/IR/Location.h"

using namespace mlir;
using namespace mlir::bpt;

static thread_local DiagnosticSink *current = nullptr;

DiagnosticSink::DiagnosticSink(const BPTDiagnosticHandler &handler)
    : handler(handler), outer(current) {
  current = this;
}

DiagnosticSink::~DiagnosticSink() { current = outer; }

DiagnosticSink *DiagnosticSink::getCurrent() { return current; }

ScopedDiagnosticHandler DiagnosticSink::listen(MLIRContext &context) {
  return ScopedDiagnosticHandler(&context, [this](Diagnostic &diagnostic) {
    reportDiagnostic(diagnostic);
  });
}

void DiagnosticSink::report(BPTSeverity severity, StringRef location,
                            StringRef message) {
  std::string place = location.str(), text = message.str();
  BPTDiagnostic diagnostic = {severity, place.c_str(), text.c_str()};
  if (handler.handle)
    handler.handle(&diagnostic, handler.context);
}

void DiagnosticSink::report(llvm::Error error) {
  llvm::handleAllErrors(
      std::move(error),
      [&](const CompiledCodeError &failure) {
        // `file:line:column: error: message`, or without the place.
        constexpr StringLiteral kError = "error: ";
        auto [location, message] = failure.getLine().split(kError);
        if (location.size() == failure.getLine().size())
          std::swap(location, message);
        location.consume_back(": ");
        report(BPT_ERROR, location, message);
      },
      [&](const llvm::ErrorInfoBase &other) {
        report(BPT_ERROR, "", other.message());
      });
}

static BPTSeverity getSeverity(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return BPT_ERROR;
  case DiagnosticSeverity::Warning:
    return BPT_WARNING;
  case DiagnosticSeverity::Remark:
    return BPT_REMARK;
  case DiagnosticSeverity::Note:
    return BPT_NOTE;
  }
  llvm_unreachable("unknown severity");
}

void DiagnosticSink::reportDiagnostic(Diagnostic &diagnostic) {
  std::string location;
  if (auto place = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>())
    location = place.getFilename().str() + ":" +
               std::to_string(place.getLine()) + ":" +
               std::to_string(place.getColumn());
  report(getSeverity(diagnostic.getSeverity()), location, diagnostic.str());
  for (Diagnostic &note : diagnostic.getNotes())
    reportDiagnostic(note);
}
