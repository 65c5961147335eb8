//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/JITEngine.h"
#include "bpt/ExecutionEngine/HostMachine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include <dlfcn.h>
#include <omp.h>

using namespace mlir;
using namespace mlir::bpt;
namespace orc = llvm::orc;

/// Finds symbols in the shared library that holds `address`. A library that a
/// Python module loaded is not among the process's global symbols.
static llvm::Expected<std::unique_ptr<orc::DynamicLibrarySearchGenerator>>
searchLibraryOf(void *address, char globalPrefix) {
  Dl_info info;
  if (!dladdr(address, &info) || !info.dli_fname)
    return llvm::createStringError("the OpenMP runtime is in no library");
  return orc::DynamicLibrarySearchGenerator::Load(info.dli_fname, globalPrefix);
}

llvm::Expected<std::unique_ptr<JITEngine>>
JITEngine::create(std::unique_ptr<llvm::MemoryBuffer> object,
                  llvm::ArrayRef<runtime::Symbol> extraSymbols) {
  auto machineBuilder = detectHostMachine();
  if (!machineBuilder)
    return machineBuilder.takeError();
  auto jit = orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(std::move(*machineBuilder))
                 .setLinkProcessSymbolsByDefault(false)
                 .setPlatformSetUp(orc::setUpInactivePlatform)
                 .create();
  if (!jit)
    return jit.takeError();
  auto engine = std::make_unique<JITEngine>();
  (*jit)->getExecutionSession().setErrorReporter(
      [engine = engine.get()](llvm::Error error) {
        std::string message = llvm::toString(std::move(error));
        if (engine->problem.empty())
          engine->problem = message;
      });
  orc::JITDylib &library = (*jit)->getMainJITDylib();
  orc::SymbolMap symbols;
  for (const runtime::Symbol &symbol :
       llvm::concat<const runtime::Symbol>(runtime::getSymbols(), extraSymbols))
    symbols[(*jit)->mangleAndIntern(symbol.name)] = {
        orc::ExecutorAddr::fromPtr(symbol.address),
        llvm::JITSymbolFlags::Exported};
  if (llvm::Error error = library.define(orc::absoluteSymbols(symbols)))
    return std::move(error);

  char prefix = (*jit)->getDataLayout().getGlobalPrefix();
  auto openMP =
      searchLibraryOf(reinterpret_cast<void *>(&omp_get_max_threads), prefix);
  if (!openMP)
    return openMP.takeError();
  library.addGenerator(std::move(*openMP));
  auto process =
      orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(prefix);
  if (!process)
    return process.takeError();
  library.addGenerator(std::move(*process));

  if (llvm::Error error = (*jit)->addObjectFile(std::move(object)))
    return std::move(error);
  engine->jit = std::move(*jit);
  return engine;
}

llvm::Expected<void *> JITEngine::lookup(llvm::StringRef name) {
  auto address = jit->lookup(name);
  if (!address && !problem.empty()) {
    llvm::consumeError(address.takeError());
    return llvm::createStringError(problem);
  }
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}
