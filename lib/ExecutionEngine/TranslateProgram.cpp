//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TranslateProgram.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/IRBuilder.h"

using namespace mlir;
using namespace mlir::bpt;

/// Adds `void <name>(ptr args)`, which loads the arguments of the C
/// interface from an array, so that a function of any arity can be called.
static LogicalResult addEntry(ModuleOp module, llvm::Module &llvmModule,
                              const ProgramEntry &programEntry) {
  const FunctionSignature &signature = programEntry.signature;
  std::string name = "_mlir_ciface_" + signature.name;
  llvm::Function *target = llvmModule.getFunction(name);
  if (!target || target->isDeclaration())
    return module.emitError()
           << "function '" << signature.name << "' has no C interface '" << name
           << "': put llvm.emit_c_interface on it before lowering, as "
              "--bpt-record-signature does";
  size_t arity = signature.arguments.size() + !signature.results.empty();
  bool takesPointers = llvm::all_of(target->args(), [](llvm::Argument &arg) {
    return arg.getType()->isPointerTy();
  });
  if (target->arg_size() != arity || !takesPointers ||
      !target->getReturnType()->isVoidTy())
    return module.emitError() << "'" << name << "' does not take the " << arity
                              << " descriptors that the signature of '"
                              << signature.name << "' asks for";

  llvm::IRBuilder<> builder(llvmModule.getContext());
  llvm::Type *pointer = builder.getPtrTy();
  auto *entry = llvm::Function::Create(
      llvm::FunctionType::get(builder.getVoidTy(), {pointer}, false),
      llvm::Function::ExternalLinkage, programEntry.name, llvmModule);
  builder.SetInsertPoint(
      llvm::BasicBlock::Create(llvmModule.getContext(), "", entry));
  SmallVector<llvm::Value *> args;
  for (size_t i = 0; i < arity; ++i)
    args.push_back(builder.CreateLoad(
        pointer, builder.CreateConstGEP1_64(pointer, entry->getArg(0), i)));
  builder.CreateCall(target, args);
  builder.CreateRetVoid();
  return success();
}

/// The names of arguments have done their duty; the translation would warn of
/// each that it does not know them.
static void dropNames(ModuleOp module) {
  for (auto function : module.getOps<FunctionOpInterface>()) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      function.removeArgAttr(i, FunctionSignature::kNameAttrName);
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      function.removeResultAttr(
          i, StringAttr::get(module.getContext(),
                             FunctionSignature::kNameAttrName));
  }
}

std::unique_ptr<llvm::Module>
bpt::translateProgram(ModuleOp module, ArrayRef<ProgramEntry> entries,
                      llvm::LLVMContext &context) {
  dropNames(module);
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context);
  if (!llvmModule)
    return nullptr;
  for (const ProgramEntry &entry : entries)
    if (failed(addEntry(module, *llvmModule, entry)))
      return nullptr;
  return llvmModule;
}
