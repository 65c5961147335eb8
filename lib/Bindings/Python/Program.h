//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_BINDINGS_PYTHON_PROGRAM_H
#define BPT_LIB_BINDINGS_PYTHON_PROGRAM_H

#include "Array.h"
#include <atomic>
#include <memory>
#include <nanobind/nanobind.h>
#include <optional>
#include <string>
#include <vector>

namespace bpt::python {

struct CompileOptions {
  std::string function, device;
  std::optional<std::string> chip, strategy;
  unsigned threads;
  bool tensorCores;
};

/// A compiled function. Compiling and calling release the GIL.
class Program {
public:
  /// Of a file, or of a module's text or bytecode, which `name` stands for.
  static std::unique_ptr<Program> compileFile(const std::string &path,
                                              const CompileOptions &options);
  static std::unique_ptr<Program> compile(nanobind::bytes source,
                                          const std::string &name,
                                          const CompileOptions &options);
  explicit Program(BPTProgram *program, std::vector<Array> bound = {});
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;
  ~Program();

  /// Tuples of the name, the element type and the sizes, None where dynamic.
  nanobind::list getArguments() const;
  nanobind::list getResults() const;

  /// A program that takes the other arguments: those of these numbers are bound
  /// to these arrays, which it holds.
  std::unique_ptr<Program> bind(const std::vector<int64_t> &numbers,
                                nanobind::sequence arrays) const;

  /// The results as NumPy arrays; none if `out` holds arrays for them.
  nanobind::list run(nanobind::sequence arguments, nanobind::object out);

  /// Before any call; None where it is not known.
  std::optional<int64_t> getPlannedBytes() const;
  /// The same for arguments of these shapes, one for each.
  std::optional<int64_t>
  planBytes(const std::vector<std::vector<int64_t>> &shapes) const;
  /// Of the call that ended last; None before the first.
  std::optional<size_t> getWorkspaceBytes() const;

private:
  std::string getTitle(const char *kind, const BPTTensorSpec &spec,
                       int64_t number) const;

  /// What the program reads; it goes after it.
  std::vector<Array> bound;
  BPTProgram *program;
  /// -1 before the first call.
  std::atomic<int64_t> workspaceBytes{-1};
};

} // namespace bpt::python

#endif // BPT_LIB_BINDINGS_PYTHON_PROGRAM_H
