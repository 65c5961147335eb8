//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The extension bpt._native, which the package bpt wraps.
//
//===----------------------------------------------------------------------===//

#include "Array.h"
#include "Errors.h"
#include "Program.h"
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace nb::literals;
using namespace bpt::python;

static void assignText(const char *written, size_t length, void *context) {
  static_cast<std::string *>(context)->assign(written, length);
}

static std::string runPasses(nb::bytes source, const std::string &name,
                             const std::string &pipeline) {
  std::string text;
  DiagnosticCollector diagnostics;
  bool failed;
  {
    nb::gil_scoped_release release;
    failed = bptRunPasses(source.c_str(), source.size(), name.c_str(),
                          pipeline.c_str(), assignText, &text,
                          diagnostics.getHandler()) != 0;
  }
  diagnostics.finish(failed);
  return text;
}

static std::string generate(const std::vector<std::string> &flags) {
  std::vector<const char *> arguments;
  for (const std::string &flag : flags)
    arguments.push_back(flag.c_str());
  std::string text;
  DiagnosticCollector diagnostics;
  bool failed;
  {
    nb::gil_scoped_release release;
    failed =
        bptGenerate(arguments.data(), static_cast<int64_t>(arguments.size()),
                    assignText, &text, diagnostics.getHandler()) != 0;
  }
  diagnostics.finish(failed);
  return text;
}

NB_MODULE(_native, module) {
  module.doc() = "The compiler, in this process. Use the package bpt.";
  // A program may live as long as the process.
  nb::set_leak_warnings(false);
  registerErrors();

  nb::class_<CompileOptions>(module, "CompileOptions")
      .def(
          "__init__",
          [](CompileOptions *self, std::string function, std::string device,
             std::optional<std::string> chip,
             std::optional<std::string> strategy, unsigned threads,
             bool tensorCores) {
            new (self) CompileOptions{
                std::move(function), std::move(device), std::move(chip),
                std::move(strategy), threads,           tensorCores};
          },
          "function"_a, "device"_a, "chip"_a.none(), "strategy"_a.none(),
          "threads"_a, "tensor_cores"_a);

  nb::class_<Program>(module, "Program", "A compiled function.")
      .def_prop_ro("arguments", &Program::getArguments,
                   nb::sig("def arguments(self) -> list[tuple[str, str, "
                           "tuple[int | None, ...]]]"),
                   "Name, element type and sizes of each.")
      .def_prop_ro("results", &Program::getResults,
                   nb::sig("def results(self) -> list[tuple[str, str, "
                           "tuple[int | None, ...]]]"),
                   "Name, element type and sizes of each.")
      .def_prop_ro("planned_bytes", &Program::getPlannedBytes,
                   "What a call holds at most.")
      .def("plan_bytes", &Program::planBytes, "shapes"_a,
           "The same for arguments of these shapes.")
      .def_prop_ro("workspace_bytes", &Program::getWorkspaceBytes,
                   "Of the call that ended last.")
      .def("bind", &Program::bind, "numbers"_a, "arrays"_a,
           nb::sig("def bind(self, numbers: list[int], arrays: list[object]) "
                   "-> Program"),
           "A program that takes the other arguments.")
      .def("run", &Program::run, "arguments"_a, "out"_a,
           nb::sig("def run(self, arguments: list[object] | tuple[object, "
                   "...], out: list[object] | tuple[object, ...]) -> "
                   "list[object]"),
           "Calls the function; with arrays in out, returns no others.");

  module.def("compile", &Program::compile, "source"_a, "name"_a, "options"_a,
             "Compiles a module's text or bytecode.");
  module.def("compile_file", &Program::compileFile, "path"_a, "options"_a,
             "Compiles a module's file.");
  module.def("run_passes", &runPasses, "source"_a, "name"_a, "pipeline"_a,
             "The text of a module after a pipeline of passes.");
  module.def("generate", &generate, "flags"_a,
             "What bpt-gen prints with these arguments.");
  module.def(
      "as_narrow_float",
      [](nb::handle object) {
        Array array = Array::import(object, Array::Access::Write, "the array");
        return array.exportAs(array.getElementType() == BPT_UI8 ? BPT_F8E4M3FN
                                                                : BPT_BF16,
                              object);
      },
      "array"_a,
      "An object that exports a ui16 array by DLPack as one of bf16, and one "
      "of ui8 as one of f8E4M3FN.");
}
