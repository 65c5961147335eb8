//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModuleTranslator.h"
#include "FunctionTranslator.h"
#include "bpt/Emulator/PTX/WgmmaCheck.h"
#include "llvm/IR/Verifier.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;

ModuleTranslator::ModuleTranslator(const ptx::Module &ptxModule,
                                   const VariableAddresses &addresses,
                                   bool profile, bool hasHalfConversions,
                                   llvm::LLVMContext &context)
    : ptxModule(ptxModule), shared(ptxModule), profile(profile),
      hasHalfConversions(hasHalfConversions),
      llvmModule(
          std::make_unique<llvm::Module>(ptxModule.source->getName(), context)),
      addresses(addresses) {}

/// A prefix keeps the module's names apart from those of the host.
std::string ModuleTranslator::getSymbolName(const ptx::Function &function) {
  return "ptx." + function.name;
}

static bool takesAddress(const ptx::Instruction &instruction,
                         const ptx::Function *function) {
  if (instruction.opcode == "call")
    return false;
  return llvm::any_of(instruction.operands, [&](const ptx::Operand &operand) {
    return operand.function == function;
  });
}

llvm::Error ModuleTranslator::run() {
  llvm::LLVMContext &context = llvmModule->getContext();
  llvm::Type *pointer = llvm::PointerType::getUnqual(context);
  llvm::Type *none = llvm::Type::getVoidTy(context);
  for (const ptx::Function &function : ptxModule.functions) {
    if (!function.hasBody)
      continue;
    size_t numArguments =
        function.isEntry ? 1
                         : function.results.size() + function.parameters.size();
    llvm::SmallVector<llvm::Type *> arguments(numArguments, pointer);
    auto *llvmFunction = llvm::Function::Create(
        llvm::FunctionType::get(none, arguments, /*isVarArg=*/false),
        llvm::GlobalValue::ExternalLinkage, getSymbolName(function),
        *llvmModule);
    llvmFunction->addFnAttr(llvm::Attribute::NoUnwind);
    llvmFunction->addFnAttr(llvm::Attribute::Convergent);
    functions[&function] = llvmFunction;
  }
  for (const ptx::Function &function : ptxModule.functions) {
    bool inCode =
        llvm::any_of(ptxModule.functions, [&](const ptx::Function &other) {
          return llvm::any_of(other.instructions,
                              [&](const ptx::Instruction &instruction) {
                                return takesAddress(instruction, &function);
                              });
        });
    bool inData =
        llvm::any_of(ptxModule.variables, [&](const ptx::Variable &variable) {
          return llvm::any_of(variable.initialValues, [&](const auto &value) {
            return value.function == &function;
          });
        });
    if (function.hasBody && (inCode || inData))
      addressTaken.push_back(&function);
  }

  for (const ptx::Function &function : ptxModule.functions) {
    if (!function.hasBody)
      continue;
    if (llvm::Error error = ptx::checkWgmmaRegisters(ptxModule, function))
      return error;
    if (llvm::Error error = FunctionTranslator(*this, function).run())
      return error;
  }
  std::string problem;
  llvm::raw_string_ostream os(problem);
  if (llvm::verifyModule(*llvmModule, &os))
    return llvm::createStringError(ptxModule.source->getName() +
                                   ": the translation is not valid: " +
                                   llvm::StringRef(problem).split('\n').first);
  return llvm::Error::success();
}

/// The instruction on one line, without runs of spaces.
static std::string compact(llvm::StringRef text) {
  std::string result;
  for (char c : text) {
    bool isSpace = llvm::isSpace(c);
    if (isSpace && !result.empty() && result.back() == ' ')
      continue;
    result += isSpace ? ' ' : c;
  }
  // The accumulators of a wgmma fill lines.
  constexpr size_t kMaxLength = 120;
  if (result.size() > kMaxLength) {
    result.resize(kMaxLength);
    result += "...";
  }
  return result;
}

uint32_t ModuleTranslator::addSite(const ptx::Instruction &instruction) {
  Site site;
  site.line = ptxModule.source->getLine(instruction.loc);
  site.text = compact(instruction.text);
  site.sourceFile = ptxModule.getFileName(instruction.debugLoc.file);
  site.sourceLine = instruction.debugLoc.line;
  sites.push_back(std::move(site));
  return sites.size() - 1;
}

uint32_t ModuleTranslator::addBlock(uint32_t line,
                                    const InstructionCounts &counts) {
  BasicBlock block;
  block.line = line;
  for (auto [to, from] : llvm::zip(block.counts, counts))
    to = std::min<uint64_t>(from, UINT16_MAX);
  blocks.push_back(block);
  return blocks.size() - 1;
}
