//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramCache.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Target/TargetMachine.h"
#include <dlfcn.h>
#include <link.h>

using namespace mlir;
using namespace mlir::bpt;
namespace fs = llvm::sys::fs;

/// A module with constants beyond that is compiled every time: a key is read
/// and written whole.
static constexpr size_t kMaxModuleBytes = size_t{16} << 20;

/// Which file of code has that address: where it is, how large and how old.
static LogicalResult printFileOf(const void *address, llvm::raw_ostream &os) {
  Dl_info info;
  link_map *map = nullptr;
  if (!dladdr1(address, &info, reinterpret_cast<void **>(&map),
               RTLD_DL_LINKMAP))
    return failure();
  // The program itself has no name.
  StringRef path = map->l_name;
  if (path.empty())
    path = "/proc/self/exe";
  fs::file_status status;
  if (fs::status(path, status))
    return failure();
  os << path << ' ' << status.getSize() << ' '
     << status.getLastModificationTime().time_since_epoch().count() << '\n';
  return success();
}

/// The texts of strategies that are files.
static void printStrategies(StringRef names, llvm::raw_ostream &os) {
  os << names << '\n';
  for (StringRef name : llvm::split(names, ',')) {
    auto file = llvm::MemoryBuffer::getFile(name);
    if (file)
      os << (*file)->getBufferSize() << '\n' << (*file)->getBuffer();
  }
}

static std::optional<std::string> makeKey(ModuleOp module,
                                          const CompileOptions &options,
                                          ArrayRef<unsigned> bound,
                                          llvm::TargetMachine &machine) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << "LLVM " LLVM_VERSION_STRING "\n";
  if (failed(printFileOf(reinterpret_cast<const void *>(&makeKey), os)) ||
      failed(printFileOf(reinterpret_cast<const void *>(&writeBytecodeToFile),
                         os)))
    return std::nullopt;
  os << machine.getTargetTriple().str() << ' ' << machine.getTargetCPU() << ' '
     << machine.getTargetFeatureString() << '\n'
     << options.function << '\n';
  os << "bound";
  for (unsigned number : bound)
    os << ' ' << number;
  os << '\n';
  if (options.chip)
    os << options.chip->getName() << ' ' << options.tensorCores << '\n';
  printStrategies(options.strategy, os);
  size_t prefixBytes = key.size();
  if (failed(writeBytecodeToFile(module, os)) ||
      key.size() - prefixBytes > kMaxModuleBytes)
    return std::nullopt;
  return key;
}

ProgramCache::ProgramCache(ModuleOp module, const CompileOptions &options,
                           ArrayRef<unsigned> bound,
                           llvm::TargetMachine &machine)
    : function(options.function),
      files("program", [module](const std::string &remark) mutable {
        module.emitRemark() << remark;
      }) {
  if (files.isEnabled())
    key = makeKey(module, options, bound, machine);
}

std::unique_ptr<llvm::MemoryBuffer> ProgramCache::read(ModuleOp module) const {
  std::optional<std::string> kept;
  if (key)
    kept = files.read(*key);
  if (!kept)
    return nullptr;
  // The declarations end with the first zero.
  auto [text, object] = StringRef(*kept).split('\0');
  OwningOpRef<ModuleOp> declarations =
      parseSourceString<ModuleOp>(text, module.getContext());
  if (!declarations)
    return nullptr;
  module->setAttrs((*declarations)->getAttrDictionary());
  module.getBodyRegion().takeBody(declarations->getBodyRegion());
  return llvm::MemoryBuffer::getMemBufferCopy(object, function);
}

void ProgramCache::write(ModuleOp module,
                         const llvm::MemoryBuffer &object) const {
  if (!key || !module.lookupSymbol(function))
    return;
  OwningOpRef<ModuleOp> declarations =
      cast<ModuleOp>(module->cloneWithoutRegions());
  declarations->getBodyRegion().emplaceBlock();
  for (auto lowered : module.getOps<FunctionOpInterface>())
    if (lowered.getName() == function ||
        lowered->hasAttr(FunctionSignature::kAttrName))
      declarations->push_back(lowered->cloneWithoutRegions());
  std::string kept;
  llvm::raw_string_ostream os(kept);
  declarations->print(os);
  os << '\0' << object.getBuffer();
  files.write(*key, kept);
}
