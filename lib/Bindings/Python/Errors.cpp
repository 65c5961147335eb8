//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Errors.h"

namespace nb = nanobind;
using namespace bpt::python;

/// A list of bpt.Diagnostic.
static nb::list toPython(const std::vector<Diagnostic> &diagnostics) {
  constexpr const char *kNames[] = {"error", "warning", "remark", "note"};
  nb::object type = nb::module_::import_("bpt.errors").attr("Diagnostic");
  nb::list list;
  for (const Diagnostic &diagnostic : diagnostics)
    list.append(type(diagnostic.location.c_str(), kNames[diagnostic.severity],
                     diagnostic.message.c_str()));
  return list;
}

BPTDiagnosticHandler DiagnosticCollector::getHandler() {
  return {
      [](const BPTDiagnostic *diagnostic, void *context) {
        static_cast<DiagnosticCollector *>(context)->diagnostics.push_back(
            {diagnostic->severity, diagnostic->location, diagnostic->message});
      },
      this};
}

void DiagnosticCollector::finish(bool failed) {
  if (failed)
    throw Error(std::move(diagnostics));
  if (!diagnostics.empty())
    nb::module_::import_("bpt.errors")
        .attr("log_diagnostics")(toPython(diagnostics));
}

void bpt::python::registerErrors() {
  nb::register_exception_translator(
      [](const std::exception_ptr &pointer, void *) {
        try {
          std::rethrow_exception(pointer);
        } catch (const Error &error) {
          nb::object type = nb::module_::import_("bpt.errors").attr("Error");
          nb::object value = type(toPython(error.getDiagnostics()));
          PyErr_SetObject(type.ptr(), value.ptr());
        }
      });
}
