//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "MemoryReport.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir::bpt;
namespace cl = llvm::cl;

static constexpr llvm::StringLiteral kOverview =
    R"(Compiles and runs a function of an MLIR module

FILE is model IR or IR that bpt-opt has lowered. Inputs, outputs and expected
outputs are tensors:
  @FILE.npy                    a NumPy array
  @FILE.safetensors#NAME       a tensor of a safetensors file
  2x3xf32=1 2 3 4 5 6          the elements (inputs only)
  1x128x768xf32=random:SEED    in [-1, 1); integers in 0..7 (inputs only)
  1x128xi32=random:SEED:0:100  in [0, 100) (inputs only)
  4xf32=splat:0                all alike (inputs only)

Exit code: 0 for success, 1 if an expected output does not match, 2 for an
error; among these are faults that the emulator finds in a kernel.
)";

llvm::Expected<RunnerOptions> mlir::bpt::parseOptions(int argc, char **argv) {
  // LLVM's libraries register hundreds of flags for their own debugging, among
  // them one of the same name as ours.
  cl::ResetCommandLineParser();
  cl::OptionCategory category("bpt-runner options");
  cl::opt<std::string> file(cl::Positional, cl::desc("FILE.mlir"),
                            cl::cat(category));
  cl::opt<std::string> function("function", cl::desc("Function to run"),
                                cl::value_desc("name"), cl::init("main"),
                                cl::cat(category));
  cl::opt<std::string> device("device", cl::desc("cpu, cuda or cuda-emulator"),
                              cl::value_desc("device"), cl::init("cpu"),
                              cl::cat(category));
  cl::opt<std::string> chip(
      "chip",
      cl::desc("Architecture to generate code for (default: that of the GPU; "
               "of cuda-emulator sm_80)"),
      cl::value_desc("sm_NN"), cl::cat(category));
  cl::opt<bool> tensorCores(
      "tensor-cores",
      cl::desc("Compute blocks that multiply f16 or bf16 on the GPU's tensor "
               "cores (default); =false: without"),
      cl::init(true), cl::cat(category));
  cl::opt<std::string> emulatorSeed(
      "emulator-seed",
      cl::desc("Run the emulator's warps in a random order of that seed"),
      cl::value_desc("N"), cl::cat(category));
  cl::opt<bool> emulatorEager(
      "emulator-eager",
      cl::desc("Let the emulator's asynchronous copies land at once instead of "
               "as late as they may"),
      cl::cat(category));
  cl::opt<unsigned> emulatorMultiprocessors(
      "emulator-multiprocessors",
      cl::desc("How many the emulator says that it has, on which the grid of "
               "some kernels depends (default: those of a GPU of the chip)"),
      cl::value_desc("N"), cl::init(0), cl::cat(category));
  cl::opt<bool> profile(
      "profile",
      cl::desc("Print what every kernel did: its time on a GPU, its counters "
               "and a model of them on the emulator"),
      cl::cat(category));
  cl::opt<std::string> strategy("strategy",
                                cl::desc("Tiling strategy: a transform script"),
                                cl::value_desc("file"), cl::cat(category));
  cl::list<std::string> inputs(
      "input", cl::desc("An argument; once per argument, in order"),
      cl::value_desc("tensor"), cl::cat(category));
  cl::list<std::string> outputs(
      "output", cl::desc("Where to write a result; once per result, in order"),
      cl::value_desc("@file"), cl::cat(category));
  cl::list<std::string> expected(
      "expected-output",
      cl::desc("What a result must be; once per result, in order"),
      cl::value_desc("@file"), cl::cat(category));
  cl::opt<std::string> weights(
      "weights",
      cl::desc("Safetensors file that holds arguments by their bpt.name"),
      cl::value_desc("file"), cl::cat(category));
  cl::list<std::string> bind(
      "bind",
      cl::desc("Arguments, by bpt.name or number, to bind once before all "
               "runs: what they alone determine is computed once"),
      cl::value_desc("name,..."), cl::CommaSeparated, cl::cat(category));
  cl::opt<bool> bindWeights("bind-weights",
                            cl::desc("Bind what comes from --weights"),
                            cl::cat(category));
  cl::opt<double> atol("atol", cl::desc("Absolute tolerance (default 1e-5)"),
                       cl::init(1e-5), cl::cat(category));
  cl::opt<double> rtol("rtol", cl::desc("Relative tolerance (default 1e-5)"),
                       cl::init(1e-5), cl::cat(category));
  cl::opt<std::string> benchmark(
      "benchmark",
      cl::desc("Time the function; N runs, else as many as take a second"),
      cl::value_desc("N"), cl::ValueOptional, cl::cat(category));
  cl::opt<bool> memoryReport(
      "memory-report",
      cl::desc("Print the peak bytes held beyond inputs and outputs"),
      cl::cat(category));
  cl::opt<bool> memoryPlan(
      "memory-plan",
      cl::desc("Print, before running, the peak bytes that the function will "
               "hold beyond inputs and outputs, and its largest buffers"),
      cl::cat(category));
  cl::opt<std::string> memoryLimit(
      "memory-limit",
      cl::desc("Do not run a function that would hold more than that beyond "
               "inputs and outputs, such as 2GiB"),
      cl::value_desc("size"), cl::cat(category));
  cl::opt<bool> poison(
      "poison-memory",
      cl::desc("Fill what the compiled code allocates with NaNs, to show reads "
               "of memory that was never written"),
      cl::cat(category));
  cl::opt<std::string> threads("threads", cl::desc("Number of threads"),
                               cl::value_desc("N"), cl::cat(category));
  cl::opt<bool> json("json", cl::desc("Print one JSON object"),
                     cl::cat(category));
  cl::HideUnrelatedOptions(category);

  std::string errors;
  llvm::raw_string_ostream os(errors);
  if (!cl::ParseCommandLineOptions(argc, argv, kOverview, &os)) {
    // One line: the first. It starts with the name of the tool.
    llvm::StringRef line = llvm::StringRef(errors).ltrim().split('\n').first;
    line.consume_front(argv[0]);
    line.consume_front("bpt-runner");
    line.consume_front(": ");
    return llvm::createStringError(line.rtrim());
  }

  if (file.empty())
    return llvm::createStringError(
        "there is no FILE.mlir to run.  Try: 'bpt-runner --help'");

  RunnerOptions options;
  options.file = file;
  options.function = function;
  options.device.device = device;
  options.device.chip = chip;
  options.device.emulatorEager = emulatorEager;
  options.device.emulatorMultiprocessors = emulatorMultiprocessors;
  options.device.profile = profile;
  options.strategy = strategy;
  options.tensorCores = tensorCores;
  options.inputs.assign(inputs.begin(), inputs.end());
  options.outputs.assign(outputs.begin(), outputs.end());
  options.expectedOutputs.assign(expected.begin(), expected.end());
  options.weights = weights;
  options.bind.assign(bind.begin(), bind.end());
  options.bindWeights = bindWeights;
  options.atol = atol;
  options.rtol = rtol;
  options.memoryReport = memoryReport;
  options.memoryPlan = memoryPlan;
  options.poison = poison;
  options.json = json;
  if (bindWeights && weights.empty())
    return llvm::createStringError(
        "--bind-weights binds what --weights=FILE holds; there is no FILE");
  if (!(atol >= 0 && rtol >= 0))
    return llvm::createStringError("--atol and --rtol must not be negative");
  if (benchmark.getNumOccurrences()) {
    unsigned runs = 0;
    if (!benchmark.empty() &&
        (llvm::StringRef(benchmark).getAsInteger(10, runs) || runs == 0 ||
         runs > 1000000))
      return llvm::createStringError("--benchmark=" + benchmark +
                                     ": the number of runs is 1 to 1000000");
    options.benchmarkRuns = runs;
  }
  if (memoryLimit.getNumOccurrences()) {
    llvm::Expected<int64_t> limit = parseByteSize(memoryLimit);
    if (!limit)
      return llvm::createStringError("--memory-limit: " +
                                     llvm::toString(limit.takeError()));
    options.memoryLimit = *limit;
  }
  if ((memoryPlan || options.memoryLimit) && device != "cpu")
    return llvm::createStringError(
        "--memory-plan and --memory-limit are for --device=cpu");
  if (emulatorSeed.getNumOccurrences() &&
      llvm::StringRef(emulatorSeed)
          .getAsInteger(10, options.device.emulatorSeed))
    return llvm::createStringError("--emulator-seed=" + emulatorSeed +
                                   ": a seed is a number from 0 on");
  bool isEmulator = device == "cuda-emulator";
  if (!isEmulator && (emulatorSeed.getNumOccurrences() || emulatorEager ||
                      emulatorMultiprocessors.getNumOccurrences()))
    return llvm::createStringError(
        "--emulator-seed, --emulator-eager and --emulator-multiprocessors are "
        "for --device=cuda-emulator");
  if (emulatorMultiprocessors.getNumOccurrences() &&
      emulatorMultiprocessors == 0)
    return llvm::createStringError(
        "--emulator-multiprocessors=0: a GPU has at least one");
  if (profile && device == "cpu")
    return llvm::createStringError(
        "--profile is for kernels, which device cpu has not");
  if (threads.getNumOccurrences() &&
      (llvm::StringRef(threads).getAsInteger(10, options.threads) ||
       options.threads == 0 || options.threads > 4096))
    return llvm::createStringError("--threads=" + threads +
                                   ": the number of threads is 1 to 4096");
  options.device.threads = options.threads;
  return options;
}
