//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::bpt::emulator;
using llvm::StringRef;
namespace cl = llvm::cl;

static constexpr llvm::StringLiteral kOverview =
    R"(Runs a kernel of a PTX file on this machine's processor

The kernel's threads run one after the other in the order that barriers and
warps allow, with checks of every access. What is wrong with the kernel is
reported with the thread and the line. Arguments, once per parameter in order:
  @FILE.npy               a buffer with that content
  2x3xf32=1 2 3 4 5 6     a buffer; as --input of bpt-runner, random:SEED too
  i32:5  u64:7  f32:1.5   a scalar
  bytes:0500000000000000  a structure, two hexadecimal digits a byte
  'map:0;type=bf16;dims=64x128;strides=128;box=64x64;swizzle=128'
                          a tensor map over the buffer of argument 0; innermost
                          dimension first, strides in bytes from the second on;
                          also oob=nan, l2=128, elementstrides=1x1, interleave=0
Buffers that only tensor maps refer to follow behind the last parameter.

A batch is a JSON list of objects with the keys name, ptx (a path) or ptx_text,
kernel, grid, block, cluster (lists), shared, args (a list), outputs (argument
number to path), seed, eager, races, profile, threads. One JSON list comes out,
of objects with name, ok, and error or report.

Exit code: 0 for success, 1 if a kernel made an error, 2 for an error of the
user: bad PTX, arguments or files.
)";

/// `4`, `4,2`, `4,2,1`.
static bool parseDim3(StringRef text, Dim3 &dim) {
  uint32_t *fields[] = {&dim.x, &dim.y, &dim.z};
  llvm::SmallVector<StringRef, 3> words;
  text.split(words, ',');
  if (words.size() > 3)
    return false;
  for (auto [i, word] : llvm::enumerate(words))
    if (word.getAsInteger(10, *fields[i]))
      return false;
  return true;
}

/// `I=@FILE.npy`.
static llvm::Error parseOutput(StringRef text, Case &test) {
  auto [number, path] = text.split('=');
  unsigned index = 0;
  if (number.getAsInteger(10, index) || !path.consume_front("@") ||
      !path.ends_with(".npy"))
    return llvm::createStringError("--output=" + text +
                                   ": write ARGUMENT=@FILE.npy");
  if (!test.outputs.try_emplace(index, path.str()).second)
    return llvm::createStringError("--output=" + text + ": argument " + number +
                                   " is written twice");
  return llvm::Error::success();
}

llvm::Expected<EmulateOptions> mlir::bpt::emulator::parseOptions(int argc,
                                                                 char **argv) {
  // LLVM's libraries register hundreds of flags for their own debugging.
  cl::ResetCommandLineParser();
  cl::OptionCategory category("bpt-emulate options");
  cl::opt<std::string> file(cl::Positional, cl::desc("FILE.ptx"),
                            cl::cat(category));
  cl::opt<std::string> kernel(
      "kernel", cl::desc("Kernel to run; may be left out if there is one"),
      cl::value_desc("name"), cl::cat(category));
  cl::opt<std::string> grid("grid", cl::desc("CTAs (default 1)"),
                            cl::value_desc("X[,Y,Z]"), cl::init("1"),
                            cl::cat(category));
  cl::opt<std::string> block("block", cl::desc("Threads of a CTA (default 1)"),
                             cl::value_desc("X[,Y,Z]"), cl::init("1"),
                             cl::cat(category));
  cl::opt<std::string> cluster(
      "cluster", cl::desc("CTAs of a cluster (default 1)"),
      cl::value_desc("X[,Y,Z]"), cl::init("1"), cl::cat(category));
  cl::opt<unsigned> shared("shared", cl::desc("Bytes of dynamic shared memory"),
                           cl::value_desc("bytes"), cl::cat(category));
  cl::list<std::string> arguments(
      "arg", cl::desc("An argument; once per parameter, in order"),
      cl::value_desc("argument"), cl::cat(category));
  cl::list<std::string> outputs(
      "output", cl::desc("Write the buffer of argument I afterwards"),
      cl::value_desc("I=@file.npy"), cl::cat(category));
  cl::list<unsigned> printed("print",
                             cl::desc("Print the buffer of argument I"),
                             cl::value_desc("I"), cl::cat(category));
  cl::opt<unsigned long long> seed(
      "seed", cl::desc("Other than 0: warps run in a random order"),
      cl::value_desc("N"), cl::cat(category));
  cl::opt<bool> eager(
      "eager",
      cl::desc("Asynchronous copies land at once, not as late as they may"),
      cl::cat(category));
  cl::opt<unsigned> threads("threads", cl::desc("Threads of the host"),
                            cl::value_desc("N"), cl::cat(category));
  cl::opt<bool> races("races", cl::desc("Report data races (default 1)"),
                      cl::init(true), cl::cat(category));
  cl::opt<bool> profile("profile",
                        cl::desc("Count instructions and memory accesses"),
                        cl::cat(category));
  cl::opt<unsigned> optLevel(
      "opt-level",
      cl::desc("Optimise the host's code: 0 or 1 (default: by the work)"),
      cl::value_desc("N"), cl::cat(category));
  cl::opt<std::string> batch("batch", cl::desc("Run the cases of a JSON file"),
                             cl::value_desc("file"), cl::cat(category));
  cl::opt<bool> list("list", cl::desc("Check the file and print its kernels"),
                     cl::cat(category));
  cl::opt<bool> instructions(
      "instructions",
      cl::desc("Print which forms of instructions are understood: opcode, "
               "modifiers, operands"),
      cl::cat(category));
  cl::opt<bool> json("json", cl::desc("Print the report as a JSON object"),
                     cl::cat(category));
  cl::HideUnrelatedOptions(category);

  std::string errors;
  llvm::raw_string_ostream os(errors);
  if (!cl::ParseCommandLineOptions(argc, argv, kOverview, &os)) {
    // One line: the first. It starts with the name of the tool.
    StringRef line = StringRef(errors).ltrim().split('\n').first;
    line.consume_front(argv[0]);
    line.consume_front("bpt-emulate");
    line.consume_front(": ");
    return llvm::createStringError(line.rtrim());
  }

  EmulateOptions options;
  Case &test = options.test;
  options.instructions = instructions;
  if (instructions)
    return options;
  if (file.empty() == batch.empty())
    return llvm::createStringError(
        "give a FILE.ptx or --batch=FILE.json.  Try: 'bpt-emulate --help'");
  test.name = test.path = file;
  test.kernel = kernel;
  for (auto [flag, text, dim] :
       {std::tuple("--grid", &grid, &test.grid),
        std::tuple("--block", &block, &test.block),
        std::tuple("--cluster", &cluster, &test.cluster)})
    if (!parseDim3(*text, *dim))
      return llvm::createStringError(llvm::Twine(flag) + "=" + *text +
                                     ": write X, X,Y or X,Y,Z");
  test.dynamicShared = shared;
  test.arguments.assign(arguments.begin(), arguments.end());
  for (const std::string &output : outputs)
    if (llvm::Error error = parseOutput(output, test))
      return std::move(error);
  test.printed.assign(printed.begin(), printed.end());
  if (threads.getNumOccurrences() && (threads == 0 || threads > 4096))
    return llvm::createStringError(
        "--threads: the number of threads is 1 to 4096");
  if (optLevel.getNumOccurrences()) {
    if (optLevel > 1)
      return llvm::createStringError("--opt-level: 0 or 1");
    test.module.optLevel = optLevel;
  }
  test.launch.threads = threads;
  test.launch.seed = seed;
  test.launch.eager = eager;
  test.launch.races = test.launch.globalRaces = races;
  test.launch.profile = profile;
  options.batch = batch;
  options.list = list;
  options.json = json;
  return options;
}
