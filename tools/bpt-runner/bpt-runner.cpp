//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryReport.h"
#include "Options.h"
#include "Report.h"
#include "TensorFiles.h"
#include "bpt/ExecutionEngine/Compile.h"
#include "bpt/ExecutionEngine/FlopCount.h"
#include "bpt/ExecutionEngine/MachinePeak.h"
#include "bpt/ExecutionEngine/ParseModule.h"
#include "bpt/ExecutionEngine/ProcessMemory.h"
#include "bpt/ExecutionEngine/Runtime/Allocator.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <omp.h>

using namespace mlir;
using namespace mlir::bpt;

static constexpr int kMismatch = 1;
static constexpr int kUserError = 2;

/// An error that MLIR has printed already.
static llvm::Error alreadyReported() { return llvm::createStringError(""); }

static double getMilliseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// The type whose products the function is made of: its first floating-point
/// argument's.
static ElementType getComputeType(const FunctionSignature &signature) {
  for (const TensorSpec &argument : signature.arguments)
    if (isFloat(argument.elementType))
      return argument.elementType;
  return ElementType::F32;
}

/// Calls the function again and again, after a warm-up. A device with a clock
/// times its work, without the copies of arguments and results.
static llvm::Expected<std::vector<double>>
benchmark(const CompiledFunction &function, ArrayRef<HostTensor> arguments,
          unsigned numRuns) {
  constexpr double kBudget = 1000;
  constexpr size_t kMinRuns = 5, kMaxRuns = 1000;
  std::vector<double> times;
  double total = 0;
  while (numRuns ? times.size() < numRuns
                 : times.size() < kMinRuns ||
                       (total < kBudget && times.size() < kMaxRuns)) {
    auto start = std::chrono::steady_clock::now();
    llvm::Expected<CompiledFunction::Result> result = function.run(arguments);
    double time = getMilliseconds(std::chrono::steady_clock::now() - start);
    if (!result)
      return result.takeError();
    times.push_back(result->deviceMs.value_or(time));
    total += time;
  }
  return times;
}

static SmallVector<SmallVector<int64_t>>
getShapes(ArrayRef<HostTensor> tensors) {
  SmallVector<SmallVector<int64_t>> shapes;
  for (const HostTensor &tensor : tensors)
    shapes.emplace_back(tensor.getShape());
  return shapes;
}

namespace {
/// A function whose bound arguments it has been given.
struct Binding {
  BindableFunction::Bound bound;
  /// The arguments that calls take.
  SmallVector<HostTensor> arguments;
  /// Of what computed from the bound ones, if a plan is asked for.
  std::optional<MemoryReport> plan;
};
} // namespace

/// Binds the bound ones of all arguments, and computes what they determine.
static llvm::Expected<Binding> bind(const BindableFunction &compiled,
                                    ModuleOp module,
                                    ArrayRef<HostTensor> arguments,
                                    const RunnerOptions &options,
                                    Report &report) {
  Binding binding;
  SmallVector<HostTensor> tensors;
  for (auto [i, argument] : llvm::enumerate(arguments))
    (llvm::is_contained(compiled.getBound(), i) ? tensors : binding.arguments)
        .push_back(argument);
  const CompiledFunction *prepare = compiled.getPrepare();
  if (prepare && (options.memoryPlan || options.memoryLimit)) {
    auto plan = MemoryReport::create(module, prepare->getSignature().name,
                                     getShapes(tensors), report.numThreads,
                                     /*withResults=*/true);
    if (!plan)
      return plan.takeError();
    if (options.memoryLimit)
      if (llvm::Error error = plan->checkLimit(*options.memoryLimit))
        return std::move(error);
    binding.plan = std::move(*plan);
  }
  auto start = std::chrono::steady_clock::now();
  auto bound = compiled.bind(tensors);
  if (!bound)
    return bound.takeError();
  if (!tensors.empty())
    report.bindMs = getMilliseconds(std::chrono::steady_clock::now() - start);
  binding.bound = std::move(*bound);
  return binding;
}

static llvm::Expected<int> run(const RunnerOptions &options) {
  DeviceOptions deviceOptions = options.device;
  deviceOptions.remark = [](const std::string &remark) {
    llvm::errs() << "bpt-runner: remark: " << remark << '\n';
  };
  llvm::Expected<OpenedDevice> target = openDevice(deviceOptions);
  if (!target)
    return target.takeError();
  if (options.threads)
    omp_set_num_threads(options.threads);
  runtime::setPoison(options.poison);

  std::unique_ptr<MLIRContext> context = createCompilerContext();
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, context.get(), llvm::errs());
  auto module = parseModuleFile(options.file, *context, sources);
  if (!module)
    return module.takeError();
  if (!*module)
    return alreadyReported();

  // Everything that can be wrong with the flags is found before the compiler
  // starts.
  FailureOr<FunctionSignature> signature =
      FunctionSignature::find(**module, options.function);
  if (failed(signature))
    return alreadyReported();
  TensorReader reader;
  SmallVector<unsigned> weightNumbers;
  auto arguments = readArguments(*signature, options.weights, options.inputs,
                                 reader, weightNumbers);
  if (!arguments)
    return arguments.takeError();
  if (llvm::Error error = signature->checkArguments(*arguments))
    return std::move(error);
  auto bound = findArguments(*signature, options.bind);
  if (!bound)
    return bound.takeError();
  if (options.bindWeights)
    bound->append(weightNumbers);
  auto outputs = OutputFiles::parse(options.outputs, *signature);
  if (!outputs)
    return outputs.takeError();
  if (options.expectedOutputs.size() > signature->results.size())
    return llvm::createStringError(
        Twine(options.expectedOutputs.size()) +
        " --expected-output flags, but function '" + signature->name +
        "' has " + Twine(signature->results.size()) + " results");
  SmallVector<HostTensor> expected;
  for (auto [i, reference] : llvm::enumerate(options.expectedOutputs)) {
    auto tensor = reader.readFile(reference);
    if (!tensor)
      return tensor.takeError();
    if (!signature->results[i].accepts(tensor->getShape()))
      return llvm::createStringError("result " + Twine(i) + " is " +
                                     signature->results[i].getTypeString() +
                                     ", but its expected output is " +
                                     tensor->getTypeString());
    expected.push_back(std::move(*tensor));
  }

  std::optional<double> flops =
      countFlops((*module)->lookupSymbol<FunctionOpInterface>(options.function),
                 getShapes(*arguments));

  auto start = std::chrono::steady_clock::now();
  CompileOptions compileOptions;
  compileOptions.function = options.function;
  compileOptions.chip = target->chip;
  compileOptions.device = target->device;
  compileOptions.strategy = options.strategy;
  compileOptions.tensorCores = options.tensorCores;
  FailureOr<std::unique_ptr<BindableFunction>> compiled =
      compileBindable(**module, compileOptions, *bound);
  if (failed(compiled))
    return alreadyReported();
  Report report;
  report.numThreads = omp_get_max_threads();
  report.flops = flops;
  report.compileMs = getMilliseconds(std::chrono::steady_clock::now() - start);

  // Files are mapped; their pages must not count as the function's.
  llvm::for_each(*arguments, touchPages);
  ResidentSetMeter residentSet;
  auto binding = bind(**compiled, **module, *arguments, options, report);
  if (!binding)
    return binding.takeError();
  const CompiledFunction &function = *binding->bound.function;

  if (options.memoryPlan || options.memoryLimit) {
    auto plan = MemoryReport::create(
        **module, options.function,
        function.getCodeShapes(getShapes(binding->arguments)),
        report.numThreads);
    if (!plan)
      return plan.takeError();
    if (binding->plan)
      plan->addBinding(*binding->plan, function.getKeptBytes());
    if (options.memoryPlan && !options.json) {
      plan->printText(llvm::outs());
      llvm::outs().flush();
    }
    if (options.memoryLimit)
      if (llvm::Error error = plan->checkLimit(*options.memoryLimit))
        return std::move(error);
    report.plan = std::move(*plan);
  }

  auto result = function.run(binding->arguments);
  if (!result)
    return result.takeError();
  if (target->device)
    report.profile = target->device->getProfile();
  report.chip = target->chip.value_or(runtime::Chip());
  if (options.memoryReport) {
    report.workspaceBytes =
        std::max(result->workspaceBytes, binding->bound.peakBytes);
    report.rssGrowthBytes = residentSet.getPeakGrowth();
  }
  for (auto [actual, reference] : llvm::zip(result->tensors, expected)) {
    auto difference =
        compareTensors(actual, reference, options.atol, options.rtol);
    if (!difference)
      return difference.takeError();
    report.differences.push_back(std::move(*difference));
  }
  if (llvm::Error error = outputs->write(result->tensors))
    return std::move(error);
  if (options.benchmarkRuns) {
    auto times =
        benchmark(function, binding->arguments, *options.benchmarkRuns);
    if (!times)
      return times.takeError();
    report.times = std::move(*times);
  }
  if (options.benchmarkRuns && !target->device) {
    auto peak =
        measureMachinePeak(getComputeType(*signature), report.numThreads);
    if (peak) {
      report.peakGflops = peak->gflops;
      report.peakInstruction = peak->instruction;
    } else {
      llvm::errs() << "bpt-runner: warning: "
                   << llvm::toString(peak.takeError()) << '\n';
    }
  }

  if (options.json) {
    printJSON(report, llvm::outs());
  } else {
    if (options.outputs.empty() && options.expectedOutputs.empty() &&
        !options.benchmarkRuns)
      printResults(*signature, result->tensors, llvm::outs());
    printText(report, llvm::outs());
  }
  bool matches = llvm::all_of(report.differences, [](const auto &difference) {
    return difference.numMismatches == 0;
  });
  return matches ? 0 : kMismatch;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::Expected<RunnerOptions> options = parseOptions(argc, argv);
  llvm::Expected<int> code =
      options ? run(*options) : llvm::Expected<int>(options.takeError());
  if (code)
    return *code;
  llvm::handleAllErrors(
      code.takeError(),
      // Its place is in the user's file.
      [](const CompiledCodeError &error) {
        llvm::errs() << error.getLine() << '\n';
      },
      [](const llvm::ErrorInfoBase &error) {
        if (std::string message = error.message(); !message.empty())
          llvm::errs() << "bpt-runner: error: " << message << '\n';
      });
  return kUserError;
}
