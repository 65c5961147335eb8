//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "bpt/ExecutionEngine/Device/Chip.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

using namespace mlir::bpt;
namespace cl = llvm::cl;

static constexpr llvm::StringLiteral kOverview =
    R"(Compiles a function of an MLIR module ahead of time

FILE is model IR or IR that bpt-opt has lowered. What is written needs no
compiler to run: a C program includes the header, links the object with
libBPTLauncher and calls it by bptCall (bpt-c/Launcher.h).
  object  code of this machine's CPU; for cuda with the kernels in it
  header  the C header of the object
  llvm    the same as the object, as LLVM IR
  ptx     the kernels (cuda)
  cubin   the kernels, assembled by ptxas (cuda)

Exit code: 0 for success, 2 for an error.
)";

llvm::Expected<CompilerOptions> mlir::bpt::parseOptions(int argc, char **argv) {
  // LLVM's libraries register hundreds of flags for their own debugging.
  cl::ResetCommandLineParser();
  cl::OptionCategory category("bpt-compile options");
  cl::opt<std::string> file(cl::Positional, cl::desc("FILE.mlir"),
                            cl::cat(category));
  cl::opt<std::string> function("function", cl::desc("Function to compile"),
                                cl::value_desc("name"), cl::init("main"),
                                cl::cat(category));
  cl::opt<std::string> device("device", cl::desc("cpu or cuda"),
                              cl::value_desc("device"), cl::init("cpu"),
                              cl::cat(category));
  cl::opt<std::string> chip(
      "chip", cl::desc("Architecture of the GPU (default: sm_80)"),
      cl::value_desc("sm_NN"), cl::cat(category));
  cl::opt<std::string> strategy("strategy",
                                cl::desc("Tiling strategy: a transform script"),
                                cl::value_desc("file"), cl::cat(category));
  cl::opt<std::string> emit("emit", cl::desc("What to write"),
                            cl::value_desc("object|header|llvm|ptx|cubin"),
                            cl::init("object"), cl::cat(category));
  cl::opt<std::string> output("o", cl::desc("Where to write it; - for stdout"),
                              cl::value_desc("path"), cl::cat(category));
  cl::HideUnrelatedOptions(category);

  std::string errors;
  llvm::raw_string_ostream os(errors);
  if (!cl::ParseCommandLineOptions(argc, argv, kOverview, &os)) {
    // One line: the first. It starts with the name of the tool.
    llvm::StringRef line = llvm::StringRef(errors).ltrim().split('\n').first;
    line.consume_front(argv[0]);
    line.consume_front("bpt-compile");
    line.consume_front(": ");
    return llvm::createStringError(line.rtrim());
  }

  if (file.empty())
    return llvm::createStringError(
        "there is no FILE.mlir to compile.  Try: 'bpt-compile --help'");
  if (output.empty())
    return llvm::createStringError("say where to write: -o PATH, or -o - for "
                                   "standard output");
  std::optional<Emit> kind = llvm::StringSwitch<std::optional<Emit>>(emit)
                                 .Case("object", Emit::Object)
                                 .Case("header", Emit::Header)
                                 .Case("llvm", Emit::LLVM)
                                 .Case("ptx", Emit::PTX)
                                 .Case("cubin", Emit::Cubin)
                                 .Default(std::nullopt);
  if (!kind)
    return llvm::createStringError(
        "--emit=" + emit + ": there is object, header, llvm, ptx and cubin");
  if (device != "cpu" && device != "cuda")
    return llvm::createStringError("--device=" + device +
                                   ": devices are cpu and cuda");
  bool usesDevice = device == "cuda";
  if (!usesDevice && !chip.empty())
    return llvm::createStringError("--chip=" + chip +
                                   ": device cpu has no chip to choose");
  if (!usesDevice && (*kind == Emit::PTX || *kind == Emit::Cubin))
    return llvm::createStringError("--emit=" + emit + " is for --device=cuda");
  std::string name = chip.empty() ? std::string("sm_80") : chip.getValue();
  std::optional<runtime::Chip> parsed = runtime::Chip::parse(name);
  if (!parsed || parsed->number < runtime::kOldestChip)
    return llvm::createStringError(
        "--chip=" + chip + ": chips are sm_70, sm_80, sm_90a and so on");

  CompilerOptions options;
  options.file = file;
  options.function = function;
  options.usesDevice = usesDevice;
  options.chip = name;
  options.strategy = strategy;
  options.emit = *kind;
  options.output = output;
  return options;
}
