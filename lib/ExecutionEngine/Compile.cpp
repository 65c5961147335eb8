//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Compile.h"
#include "GenerateCode.h"
#include "ProgramCache.h"
#include "TranslateProgram.h"
#include "TunedStrategy.h"
#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "bpt/Dialect/BPT/TransformOps/BPTTransformOps.h"
#include "bpt/ExecutionEngine/HostMachine.h"
#include "bpt/ExecutionEngine/Passes.h"
#include "bpt/ExecutionEngine/Pipelines.h"
#include "bpt/Target/GPU/Chips.h"
#include "bpt/Target/GPU/PTX.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::bpt;

void bpt::registerCompilerDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
  registry.insert<BPTDialect>();
  registerTransformOps(registry);
  registerAllExtensions(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerOpenMPDialectTranslation(registry);
  registerKernelTranslations(registry);
}

/// Whether nothing is left to lower.
static bool isLowered(ModuleOp module) {
  return llvm::all_of(module.getOps(), [](Operation &op) {
    return isa<LLVM::LLVMDialect>(op.getDialect());
  });
}

static void setGPUOptions(GPUPipelineOptions &pipeline,
                          const CompileOptions &options) {
  pipeline.chip = options.chip->getName();
  pipeline.tensorCores = options.tensorCores;
  if (!options.strategy.empty())
    pipeline.strategy = options.strategy;
}

/// Leaves what does not run to symbol-dce: a function beside its gradient, say.
static void hideOthers(ModuleOp module, StringRef function) {
  for (auto other : module.getOps<FunctionOpInterface>())
    if (other.getName() != function && !other.isExternal())
      SymbolTable::setSymbolVisibility(other, SymbolTable::Visibility::Private);
}

/// Runs the passes and verifies what they made: after every one of them it
/// takes as long as the passes themselves, and is what bpt-opt does.
static LogicalResult run(PassManager &pm, ModuleOp module) {
  pm.enableVerifier(false);
  return failure(failed(pm.run(module)) || failed(verify(module)));
}

FailureOr<FunctionSignature> bpt::lower(ModuleOp module,
                                        const CompileOptions &options) {
  FailureOr<FunctionSignature> signature =
      FunctionSignature::find(module, options.function);
  if (failed(signature))
    return failure();

  if (isLowered(module)) {
    if (!options.strategy.empty())
      return module.emitError() << "is lowered to LLVM already; a strategy has "
                                   "nothing to apply to";
    return signature;
  }
  hideOthers(module, options.function);
  PassManager pm(module.getContext());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createRecordSignaturePass({options.function}));
  if (options.chip) {
    GPUPipelineOptions pipeline;
    setGPUOptions(pipeline, options);
    buildGPUPipeline(pm, pipeline);
  } else {
    CPUPipelineOptions pipeline;
    if (!options.strategy.empty())
      pipeline.strategy = options.strategy;
    buildCPUPipeline(pm, pipeline);
  }
  if (failed(run(pm, module)))
    return failure();
  return signature;
}

FailureOr<std::string> bpt::compileToPTX(ModuleOp module,
                                         const CompileOptions &options) {
  if (failed(FunctionSignature::find(module, options.function)))
    return failure();
  std::string name = options.chip->getName();
  std::optional<ChipInfo> chip = findChip(name);
  if (!chip)
    return module.emitError() << getUnknownChipMessage(name);
  PassManager pm(module.getContext());
  GPUPipelineOptions pipeline;
  setGPUOptions(pipeline, options);
  buildNVVMPipeline(pm, pipeline);
  if (failed(run(pm, module)))
    return failure();
  auto kernels = module.getOps<gpu::GPUModuleOp>();
  if (kernels.empty())
    return module.emitError() << "has no kernels: nothing in it is computed";
  return emitPTX(*kernels.begin(), *chip);
}

/// The object of a module that is lowered. Null after a diagnostic.
static std::unique_ptr<llvm::MemoryBuffer>
translateToObject(ModuleOp module, const FunctionSignature &signature,
                  llvm::TargetMachine &machine) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> program = translateProgram(
      module, signature, CompiledFunction::kEntryName, context);
  if (!program)
    return nullptr;
  setTargetMachine(*program, machine);
  auto object = generateObject(*program, machine);
  if (object)
    return std::move(*object);
  module.emitError() << "code generation failed: "
                     << llvm::toString(object.takeError());
  return nullptr;
}

FailureOr<std::unique_ptr<CompiledFunction>>
bpt::compile(ModuleOp module, const CompileOptions &asked) {
  CompileOptions options = asked;
  FailureOr<FunctionSignature> signature =
      FunctionSignature::find(module, options.function);
  if (failed(signature))
    return failure();
  auto machine = createHostMachine();
  if (!machine)
    return module.emitError()
           << "code generation failed: " << llvm::toString(machine.takeError());

  if (options.strategy.empty() && !options.chip)
    options.strategy = findTunedStrategy(module, (*machine)->getTargetCPU());
  ProgramCache cache(module, options, **machine);
  std::unique_ptr<llvm::MemoryBuffer> object = cache.read(module);
  if (!object) {
    if (failed(lower(module, options)))
      return failure();
    object = translateToObject(module, *signature, **machine);
    if (!object)
      return failure();
    cache.write(module, *object);
  }
  auto function = CompiledFunction::create(
      std::move(object), std::move(*signature), options.device);
  if (!function)
    return module.emitError()
           << "linking failed: " << llvm::toString(function.takeError());
  return std::move(*function);
}
