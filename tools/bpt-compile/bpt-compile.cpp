//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "bpt/ExecutionEngine/AheadOfTime.h"
#include "bpt/ExecutionEngine/Compile.h"
#include "bpt/ExecutionEngine/Device/Ptxas.h"
#include "bpt/ExecutionEngine/FileIO.h"
#include "bpt/ExecutionEngine/ParseModule.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::bpt;

static constexpr int kUserError = 2;

/// An error that MLIR has printed already.
static llvm::Error alreadyReported() { return llvm::createStringError(""); }

static llvm::Expected<std::string> assemble(const std::string &ptx,
                                            const runtime::Chip &chip) {
  std::optional<runtime::Ptxas> ptxas = runtime::Ptxas::find();
  if (!ptxas)
    return llvm::createStringError(
        "--emit=cubin needs ptxas, which is neither on PATH nor in "
        "/usr/local/cuda/bin; BPT_PTXAS can name it, and --emit=ptx does "
        "without");
  runtime::PtxasResult result;
  if (runtime::Status status = ptxas->assemble(ptx, chip, result);
      status.failed())
    return llvm::createStringError(status.getMessage());
  return std::move(result.cubin);
}

static llvm::Expected<std::string> emit(ModuleOp module,
                                        const CompilerOptions &options) {
  CompileOptions compileOptions;
  compileOptions.function = options.function;
  compileOptions.strategy = options.strategy;
  if (options.usesDevice)
    compileOptions.chip = runtime::Chip::parse(options.chip);
  if (options.emit == Emit::Header) {
    // It is the signature's alone, whatever the code does.
    FailureOr<FunctionSignature> signature =
        FunctionSignature::find(module, options.function);
    if (failed(signature))
      return alreadyReported();
    return emitHeader(*signature, options.usesDevice);
  }
  if (options.emit == Emit::PTX || options.emit == Emit::Cubin) {
    FailureOr<std::string> ptx = compileToPTX(module, compileOptions);
    if (failed(ptx))
      return alreadyReported();
    if (options.emit == Emit::PTX)
      return std::move(*ptx);
    return assemble(*ptx, *compileOptions.chip);
  }
  FailureOr<FunctionSignature> signature = lower(module, compileOptions);
  if (failed(signature))
    return alreadyReported();
  // The host's part of a program for a GPU computes nothing.
  TargetCPU cpu = options.usesDevice ? TargetCPU::Any : TargetCPU::Host;
  FailureOr<std::string> code = options.emit == Emit::LLVM
                                    ? emitLLVMIR(module, *signature, cpu)
                                    : emitObject(module, *signature, cpu);
  if (failed(code))
    return alreadyReported();
  return std::move(*code);
}

static llvm::Error run(const CompilerOptions &options) {
  std::unique_ptr<MLIRContext> context = createCompilerContext();
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, context.get(), llvm::errs());
  auto module = parseModuleFile(options.file, *context, sources);
  if (!module)
    return module.takeError();
  if (!*module)
    return alreadyReported();
  llvm::Expected<std::string> code = emit(**module, options);
  if (!code)
    return code.takeError();
  if (options.output == "-") {
    llvm::outs() << *code;
    return llvm::Error::success();
  }
  llvm::Expected<AtomicFile> file = AtomicFile::create(options.output);
  if (!file)
    return file.takeError();
  if (llvm::Error error = file->write(*code))
    return error;
  return file->commit();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::Expected<CompilerOptions> options = parseOptions(argc, argv);
  llvm::Error error = options ? run(*options) : options.takeError();
  if (!error)
    return 0;
  std::string message = llvm::toString(std::move(error));
  if (!message.empty())
    llvm::errs() << "bpt-compile: error: " << message << '\n';
  return kUserError;
}
