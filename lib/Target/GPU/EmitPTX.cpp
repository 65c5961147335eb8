//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/GPU/Chips.h"
#include "bpt/Target/GPU/PTX.h"
#include "bpt/Target/GPU/Passes.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Scalar/Sink.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_EMITPTXPASS
#include "bpt/Target/GPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

void bpt::registerKernelTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

/// LLVM's NVPTX target for a chip, or null with an error.
static std::unique_ptr<llvm::TargetMachine>
createTargetMachine(Operation *op, const ChipInfo &chip) {
  static const bool isInitialized = [] {
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)isInitialized;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return op->emitError() << "this LLVM cannot write PTX: " << error, nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, chip.name, "+ptx" + std::to_string(chip.ptxVersion), options,
      std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

/// Inline assembly of the LLVM dialect has no way to say that it must not be
/// moved into divergent control flow.
static void markAssemblyConvergent(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::CallBase>(&instruction))
        if (call->isInlineAsm())
          call->setConvergent();
}

/// A load that only some threads do must stay theirs: done by all, it would
/// race with what another thread writes there. Of a value that is not used that
/// would be harmless, but no checker of races could tell. The attribute forbids
/// it, and no more: instrumentation would be a pass of its own.
static void forbidSpeculativeLoads(llvm::Module &module) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr(llvm::Attribute::SanitizeThread);
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes =
      builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3);
  // What only the end of a kernel needs is computed there, not before a loop
  // that has no registers left.
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(llvm::SinkingPass()));
  passes.run(module, modules);
}

FailureOr<std::string> bpt::emitPTX(gpu::GPUModuleOp module,
                                    const ChipInfo &chip) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(module, chip);
  if (!machine)
    return failure();
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context, module.getName());
  if (!llvmModule)
    return module.emitError("cannot be translated to LLVM IR"), failure();
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  markAssemblyConvergent(*llvmModule);
  forbidSpeculativeLoads(*llvmModule);
  optimize(*llvmModule, *machine);

  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager codegen;
  if (machine->addPassesToEmitFile(codegen, stream, nullptr,
                                   llvm::CodeGenFileType::AssemblyFile))
    return module.emitError("this LLVM cannot write PTX"), failure();
  codegen.run(*llvmModule);
  return text.str().str();
}

namespace {
struct EmitPTXPass : bpt::impl::EmitPTXPassBase<EmitPTXPass> {
  using EmitPTXPassBase::EmitPTXPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    EmitPTXPassBase::getDependentDialects(registry);
    registerKernelTranslations(registry);
  }

  void runOnOperation() override {
    std::optional<ChipInfo> info = findChip(chip);
    if (!info) {
      getOperation().emitError() << getUnknownChipMessage(chip);
      return signalPassFailure();
    }
    SmallVector<gpu::GPUModuleOp> modules(
        getOperation().getOps<gpu::GPUModuleOp>());
    for (gpu::GPUModuleOp module : modules) {
      FailureOr<std::string> ptx = emitPTX(module, *info);
      if (failed(ptx))
        return signalPassFailure();
      OpBuilder builder(module);
      auto target = NVVM::NVVMTargetAttr::get(
          &getContext(), 3, "nvptx64-nvidia-cuda", chip,
          "+ptx" + std::to_string(info->ptxVersion));
      auto object = gpu::ObjectAttr::get(
          &getContext(), target, gpu::CompilationTarget::Assembly,
          builder.getStringAttr(*ptx), DictionaryAttr(),
          gpu::KernelTableAttr());
      gpu::BinaryOp::create(builder, module.getLoc(), module.getName(),
                            Attribute(), builder.getArrayAttr({object}));
      module.erase();
    }
  }
};
} // namespace
