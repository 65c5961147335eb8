//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Program.h"
#include "Array.h"
#include "Errors.h"
#include <utility>

namespace nb = nanobind;
using namespace bpt::python;

static const char *orNull(const std::optional<std::string> &text) {
  return text ? text->c_str() : nullptr;
}

/// Calls the C API without the GIL.
template <typename Compile>
static std::unique_ptr<Program> makeProgram(const CompileOptions &options,
                                            Compile compile) {
  BPTCompileOptions given = {options.function.c_str(), options.device.c_str(),
                             orNull(options.chip),     orNull(options.strategy),
                             options.threads,          !options.tensorCores};
  DiagnosticCollector diagnostics;
  BPTProgram *program;
  {
    nb::gil_scoped_release release;
    program = compile(&given, diagnostics.getHandler());
  }
  std::unique_ptr<Program> compiled;
  if (program)
    compiled = std::make_unique<Program>(program);
  diagnostics.finish(/*failed=*/!compiled);
  return compiled;
}

std::unique_ptr<Program> Program::compileFile(const std::string &path,
                                              const CompileOptions &options) {
  return makeProgram(options, [&](const BPTCompileOptions *given,
                                  BPTDiagnosticHandler handler) {
    return bptCompileFile(path.c_str(), given, handler);
  });
}

std::unique_ptr<Program> Program::compile(nb::bytes source,
                                          const std::string &name,
                                          const CompileOptions &options) {
  return makeProgram(options, [&](const BPTCompileOptions *given,
                                  BPTDiagnosticHandler handler) {
    return bptCompile(source.c_str(), source.size(), name.c_str(), given,
                      handler);
  });
}

Program::Program(BPTProgram *program, std::vector<Array> bound)
    : bound(std::move(bound)), program(program) {}

Program::~Program() { bptDestroyProgram(program); }

static nb::tuple toPython(const BPTTensorSpec &spec) {
  nb::list sizes;
  for (int64_t i = 0; i < spec.rank; ++i) {
    if (spec.sizes[i] == BPT_DYNAMIC)
      sizes.append(nb::none());
    else
      sizes.append(spec.sizes[i]);
  }
  return nb::make_tuple(spec.name, getName(spec.elementType), nb::tuple(sizes));
}

nb::list Program::getArguments() const {
  nb::list list;
  for (int64_t i = 0; i < bptGetNumArguments(program); ++i)
    list.append(toPython(bptGetArgument(program, i)));
  return list;
}

nb::list Program::getResults() const {
  nb::list list;
  for (int64_t i = 0; i < bptGetNumResults(program); ++i)
    list.append(toPython(bptGetResult(program, i)));
  return list;
}

std::optional<int64_t> Program::getPlannedBytes() const {
  int64_t bytes = bptGetPlannedBytes(program);
  return bytes < 0 ? std::nullopt : std::optional(bytes);
}

std::optional<int64_t>
Program::planBytes(const std::vector<std::vector<int64_t>> &shapes) const {
  std::vector<BPTTensorView> views;
  for (size_t i = 0; i < shapes.size(); ++i)
    views.push_back({bptGetArgument(program, i).elementType,
                     static_cast<int64_t>(shapes[i].size()), shapes[i].data(),
                     nullptr});
  DiagnosticCollector diagnostics;
  int64_t bytes = bptPlanBytes(program, views.data(), views.size(),
                               diagnostics.getHandler());
  diagnostics.finish(/*failed=*/bytes == -2);
  return bytes < 0 ? std::nullopt : std::optional(bytes);
}

std::optional<size_t> Program::getWorkspaceBytes() const {
  int64_t bytes = workspaceBytes;
  return bytes < 0 ? std::nullopt : std::optional<size_t>(bytes);
}

/// `argument 2 ('wq')`
std::string Program::getTitle(const char *kind, const BPTTensorSpec &spec,
                              int64_t number) const {
  std::string title = std::string(kind) + " " + std::to_string(number);
  return *spec.name ? title + " ('" + spec.name + "')" : title;
}

static std::string getTypeString(const BPTTensorSpec &spec) {
  std::string text;
  for (int64_t i = 0; i < spec.rank; ++i)
    text +=
        (spec.sizes[i] == BPT_DYNAMIC ? "?" : std::to_string(spec.sizes[i])) +
        "x";
  return text + getName(spec.elementType);
}

/// Whether an array can take a result of that type.
static bool fits(const BPTTensorSpec &spec, const Array &array) {
  const std::vector<int64_t> &sizes = array.getSizes();
  if (array.getElementType() != spec.elementType ||
      sizes.size() != static_cast<size_t>(spec.rank))
    return false;
  for (size_t i = 0; i < sizes.size(); ++i)
    if (spec.sizes[i] != BPT_DYNAMIC && spec.sizes[i] != sizes[i])
      return false;
  return true;
}

std::unique_ptr<Program> Program::bind(const std::vector<int64_t> &numbers,
                                       nb::sequence given) const {
  std::vector<Array> arrays;
  for (nb::handle object : given) {
    int64_t number = numbers.at(arrays.size());
    arrays.push_back(Array::import(
        object, Array::Access::Read,
        getTitle("argument", bptGetArgument(program, number), number)));
  }
  DiagnosticCollector diagnostics;
  BPTProgram *made;
  {
    nb::gil_scoped_release release;
    std::vector<BPTTensorView> views;
    for (Array &array : arrays)
      views.push_back(array.view());
    made =
        bptBind(program, numbers.data(), views.data(),
                static_cast<int64_t>(views.size()), diagnostics.getHandler());
  }
  std::unique_ptr<Program> rest;
  if (made)
    rest = std::make_unique<Program>(made, std::move(arrays));
  diagnostics.finish(/*failed=*/!rest);
  return rest;
}

namespace {
/// The results of a call, destroyed with it unless they are taken.
class Results {
public:
  explicit Results(size_t count) : results(count, nullptr) {}
  ~Results() {
    for (BPTResult *result : results)
      if (result)
        bptDestroyResult(result);
  }
  Results(const Results &) = delete;
  Results &operator=(const Results &) = delete;

  BPTResult **get() { return results.data(); }
  size_t size() const { return results.size(); }
  BPTTensorView getTensor(size_t i) const { return bptGetTensor(results[i]); }
  BPTResult *take(size_t i) { return std::exchange(results[i], nullptr); }

private:
  std::vector<BPTResult *> results;
};
} // namespace

nb::list Program::run(nb::sequence given, nb::object out) {
  std::vector<Array> arguments, outputs;
  int64_t numArguments = bptGetNumArguments(program);
  for (nb::handle object : given) {
    auto i = static_cast<int64_t>(arguments.size());
    std::string title =
        i < numArguments ? getTitle("argument", bptGetArgument(program, i), i)
                         : "argument " + std::to_string(i);
    bool isWritten = i < numArguments && bptGetArgument(program, i).isWritten;
    arguments.push_back(Array::import(
        object, isWritten ? Array::Access::Write : Array::Access::Read, title));
    if (isWritten && !arguments.back().isDense())
      throw Error(title + " is written in place; it must be contiguous in "
                          "row-major order, and aligned to its elements");
  }
  Results results(bptGetNumResults(program));
  for (nb::handle object : out) {
    auto i = static_cast<int64_t>(outputs.size());
    BPTTensorSpec spec = bptGetResult(program, i);
    std::string title = "out for " + getTitle("result", spec, i);
    outputs.push_back(Array::import(object, Array::Access::Write, title));
    if (!fits(spec, outputs.back()))
      throw Error(title + ": expected " + getTypeString(spec) + ", got " +
                  outputs.back().getTypeString());
  }

  DiagnosticCollector diagnostics;
  bool failed;
  {
    nb::gil_scoped_release release;
    std::vector<BPTTensorView> views;
    for (Array &argument : arguments)
      views.push_back(argument.view());
    size_t bytes = 0;
    failed = bptRun(program, views.data(), static_cast<int64_t>(views.size()),
                    results.get(), &bytes, diagnostics.getHandler()) != 0;
    if (!failed)
      workspaceBytes = static_cast<int64_t>(bytes);
  }
  diagnostics.finish(failed);

  // Nothing is written unless everything fits.
  for (size_t i = 0; i < outputs.size(); ++i) {
    BPTTensorView tensor = results.getTensor(i);
    std::vector<int64_t> sizes(tensor.sizes, tensor.sizes + tensor.rank);
    if (sizes == outputs[i].getSizes())
      continue;
    BPTTensorSpec spec = bptGetResult(program, static_cast<int64_t>(i));
    BPTTensorSpec actual = {"", tensor.elementType, tensor.rank, tensor.sizes,
                            /*isWritten=*/0};
    throw Error("out for " + getTitle("result", spec, static_cast<int64_t>(i)) +
                ": the result is " + getTypeString(actual) + ", got " +
                outputs[i].getTypeString());
  }
  nb::list list;
  if (!outputs.empty()) {
    nb::gil_scoped_release release;
    for (size_t i = 0; i < outputs.size(); ++i)
      outputs[i].assign(results.getTensor(i));
  } else {
    for (size_t i = 0; i < results.size(); ++i)
      list.append(toNumPy(results.take(i)));
  }
  return list;
}
