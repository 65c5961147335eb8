//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Compile.h"
#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/ExecutionEngine/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::bpt;

void bpt::registerCompilerDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
  registry.insert<BPTDialect>();
  registerAllExtensions(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerOpenMPDialectTranslation(registry);
}

/// The pipeline from bpt and linalg on tensors to the LLVM dialect.
static void buildPipeline(OpPassManager &pm, const std::string &strategy) {
  ApplyStrategyPassOptions apply;
  if (!strategy.empty())
    apply.strategy = strategy;
  pm.addPass(createApplyStrategyPass(apply));
  pm.addNestedPass<func::FuncOp>(createTileRowsPass());
  pm.addNestedPass<func::FuncOp>(createTileKeysPass());
  pm.addNestedPass<func::FuncOp>(createTileHiddenPass());
  pm.addNestedPass<func::FuncOp>(createDecomposePass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createEmptyTensorToAllocTensorPass());
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  bufferization::buildBufferDeallocationPipeline(pm);
  pm.addPass(createConvertBufferizationToMemRefPass());
  pm.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  pm.addPass(createForallToParallelLoopPass());
  pm.addPass(createConvertSCFToOpenMPPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createConvertVectorToSCFPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  FinalizeMemRefToLLVMConversionPassOptions memref;
  memref.useAlignedAlloc = true;
  memref.useGenericFunctions = true;
  pm.addPass(createFinalizeMemRefToLLVMConversionPass(memref));
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertOpenMPToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

/// Whether nothing is left to lower.
static bool isLowered(ModuleOp module) {
  return llvm::all_of(module.getOps(), [](Operation &op) {
    return isa<LLVM::LLVMDialect>(op.getDialect());
  });
}

/// Compiled code must not write into its arguments: they are the caller's.
static void protectArguments(FunctionOpInterface function) {
  Builder builder(function.getContext());
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (isa<TensorType>(function.getArgumentTypes()[i]))
      function.setArgAttr(
          i, bufferization::BufferizationDialect::kWritableAttrName,
          builder.getBoolAttr(false));
}

FailureOr<std::unique_ptr<CompiledFunction>>
bpt::compile(ModuleOp module, const CompileOptions &options) {
  if (options.device != "cpu")
    return module.emitError() << "this build cannot run on device '"
                              << options.device << "'; it has cpu";
  FailureOr<FunctionSignature> signature =
      FunctionSignature::find(module, options.function);
  if (failed(signature))
    return failure();

  if (isLowered(module)) {
    if (!options.strategy.empty())
      return module.emitError() << "is lowered to LLVM already; a strategy has "
                                   "nothing to apply to";
  } else {
    protectArguments(
        module.lookupSymbol<FunctionOpInterface>(options.function));
    PassManager pm(module.getContext());
    pm.addPass(createRecordSignaturePass({options.function}));
    buildPipeline(pm, options.strategy);
    if (failed(pm.run(module)))
      return failure();
  }
  return CompiledFunction::create(module, std::move(*signature),
                                  options.optLevel);
}
