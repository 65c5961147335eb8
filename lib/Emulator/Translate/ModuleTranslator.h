//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_MODULETRANSLATOR_H
#define BPT_LIB_EMULATOR_TRANSLATE_MODULETRANSLATOR_H

#include "SharedLayout.h"
#include "bpt/Emulator/PTX/AST.h"
#include "bpt/Emulator/Runtime/Launch.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/Module.h"

namespace mlir::bpt::emulator {

/// Addresses of the .global and .const variables of a module.
using VariableAddresses = llvm::DenseMap<const ptx::Variable *, uint64_t>;

/// Translates a module to LLVM IR for the host. A kernel becomes
/// `void NAME(ptr params)`, a device function `void(ptr results..., ptr
/// params...)`. Both are called by names that getSymbolName gives.
class ModuleTranslator {
public:
  ModuleTranslator(const ptx::Module &ptxModule,
                   const VariableAddresses &addresses, bool profile,
                   bool hasHalfConversions, llvm::LLVMContext &context);

  llvm::Error run();

  static std::string getSymbolName(const ptx::Function &function);

  llvm::Function *getFunction(const ptx::Function &function) const {
    return functions.lookup(&function);
  }
  /// The functions whose address is taken.
  llvm::ArrayRef<const ptx::Function *> getAddressTaken() const {
    return addressTaken;
  }
  uint64_t getAddress(const ptx::Variable &variable) const {
    return addresses.lookup(&variable);
  }
  uint32_t addSite(const ptx::Instruction &instruction);
  uint32_t addBlock(uint32_t line, const InstructionCounts &counts);

  const ptx::Module &ptxModule;
  const SharedLayout shared;
  const bool profile;
  /// Whether the host converts between f16 and f32 by itself.
  const bool hasHalfConversions;
  std::unique_ptr<llvm::Module> llvmModule;
  std::vector<Site> sites;
  std::vector<BasicBlock> blocks;

private:
  const VariableAddresses &addresses;
  llvm::DenseMap<const ptx::Function *, llvm::Function *> functions;
  std::vector<const ptx::Function *> addressTaken;
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_MODULETRANSLATOR_H
