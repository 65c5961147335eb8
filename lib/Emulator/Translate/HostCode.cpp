//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostCode.h"
#include "bpt/Emulator/Runtime/Symbols.h"
#include "bpt/ExecutionEngine/HostMachine.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include <mutex>

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
namespace orc = llvm::orc;

namespace {
/// The compiler of one level of optimisation.
struct HostCompiler {
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<orc::LLJIT> jit;
  /// Holds the runtime's functions and those of the host's libraries.
  orc::JITDylib *runtime = nullptr;
  unsigned numModules = 0;
};
} // namespace

/// LLJIT compiles in the thread that asks; the compiler serves one at a time.
static std::mutex &getMutex() {
  static std::mutex mutex;
  return mutex;
}

static llvm::Error setUp(HostCompiler &compiler, unsigned optLevel) {
  auto builder = detectHostMachine(optLevel);
  if (!builder)
    return builder.takeError();
  auto machine = builder->createTargetMachine();
  if (!machine)
    return machine.takeError();
  compiler.machine = std::move(*machine);
  auto jit = orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(std::move(*builder))
                 .setLinkProcessSymbolsByDefault(false)
                 .setPlatformSetUp(orc::setUpInactivePlatform)
                 .create();
  if (!jit)
    return jit.takeError();
  compiler.jit = std::move(*jit);
  compiler.runtime = &compiler.jit->getMainJITDylib();
  orc::SymbolMap symbols;
  for (const RuntimeSymbol &symbol : getRuntimeSymbols())
    symbols[compiler.jit->mangleAndIntern(symbol.name)] = {
        orc::ExecutorAddr::fromPtr(symbol.address),
        llvm::JITSymbolFlags::Exported};
  if (llvm::Error error =
          compiler.runtime->define(orc::absoluteSymbols(symbols)))
    return error;
  // fma and the like on machines without the instruction, memcpy.
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      compiler.jit->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  compiler.runtime->addGenerator(std::move(*process));
  return llvm::Error::success();
}

static llvm::Expected<HostCompiler *> getCompiler(unsigned optLevel) {
  // Leaked: code may outlive the statics of other files.
  static auto *compilers = new HostCompiler[2];
  HostCompiler &compiler = compilers[optLevel];
  if (!compiler.jit)
    if (llvm::Error error = setUp(compiler, optLevel))
      return std::move(error);
  return &compiler;
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      passes.run(function, functions);
}

llvm::Expected<std::unique_ptr<HostCode>>
HostCode::compile(std::unique_ptr<llvm::Module> module,
                  std::unique_ptr<llvm::LLVMContext> context,
                  unsigned optLevel) {
  std::lock_guard<std::mutex> lock(getMutex());
  llvm::Expected<HostCompiler *> found = getCompiler(std::min(optLevel, 1u));
  if (!found)
    return found.takeError();
  HostCompiler &compiler = **found;
  llvm::TargetMachine &machine = *compiler.machine;
  setTargetMachine(*module, machine);
  if (optLevel > 0)
    optimize(*module, machine);

  auto library = compiler.jit->createJITDylib(
      "ptx." + std::to_string(compiler.numModules++));
  if (!library)
    return library.takeError();
  library->addToLinkOrder(*compiler.runtime);
  std::unique_ptr<HostCode> code(new HostCode(*compiler.jit, *library));
  if (llvm::Error error = compiler.jit->addIRModule(
          *library,
          orc::ThreadSafeModule(std::move(module), std::move(context))))
    return std::move(error);
  return code;
}

HostCode::~HostCode() {
  std::lock_guard<std::mutex> lock(getMutex());
  llvm::consumeError(jit.getExecutionSession().removeJITDylib(library));
}

llvm::Expected<void *> HostCode::lookup(llvm::StringRef name) {
  std::lock_guard<std::mutex> lock(getMutex());
  auto address = jit.lookup(library, name);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}

bool emulator::hasHalfConversions() {
  llvm::Triple triple(llvm::sys::getProcessTriple());
  if (triple.isAArch64())
    return true;
  static const bool result = llvm::sys::getHostCPUFeatures().lookup("f16c");
  return triple.isX86() && result;
}
