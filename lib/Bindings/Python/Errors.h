//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_BINDINGS_PYTHON_ERRORS_H
#define BPT_LIB_BINDINGS_PYTHON_ERRORS_H

#include "bpt-c/Compiler.h"
#include <exception>
#include <nanobind/nanobind.h>
#include <string>
#include <vector>

namespace bpt::python {

struct Diagnostic {
  BPTSeverity severity;
  std::string location;
  std::string message;
};

/// What becomes a bpt.Error.
class Error : public std::exception {
public:
  explicit Error(std::vector<Diagnostic> diagnostics)
      : diagnostics(std::move(diagnostics)) {}
  explicit Error(std::string message)
      : Error(std::vector<Diagnostic>{{BPT_ERROR, "", std::move(message)}}) {}

  const std::vector<Diagnostic> &getDiagnostics() const { return diagnostics; }

private:
  std::vector<Diagnostic> diagnostics;
};

/// Collects what the C API says in one call. Needs no GIL.
class DiagnosticCollector {
public:
  BPTDiagnosticHandler getHandler();

  /// With the GIL, after the call: throws if it failed, else logs.
  void finish(bool failed);

private:
  std::vector<Diagnostic> diagnostics;
};

/// Makes an Error a bpt.Error in Python.
void registerErrors();

} // namespace bpt::python

#endif // BPT_LIB_BINDINGS_PYTHON_ERRORS_H
