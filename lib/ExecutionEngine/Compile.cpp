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
#include "bpt/ExecutionEngine/Device/DeviceScope.h"
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

/// Lowers a function for calls, some of whose arguments may be bound.
static FailureOr<FunctionSignature> lowerFor(ModuleOp module,
                                             const CompileOptions &options,
                                             ArrayRef<unsigned> bound) {
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
    pipeline.function = options.function;
    pipeline.bound = bound;
    buildCPUPipeline(pm, pipeline);
  }
  if (failed(run(pm, module)))
    return failure();
  return signature;
}

FailureOr<FunctionSignature> bpt::lower(ModuleOp module,
                                        const CompileOptions &options) {
  return lowerFor(module, options, /*bound=*/{});
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

static constexpr StringLiteral kCallEntry = "bpt.call", kBindEntry = "bpt.bind";

namespace {
/// What a module is compiled to.
struct LinkedProgram {
  std::shared_ptr<JITEngine> engine;
  /// Of the function, as it is called after lowering.
  FunctionSignature signature;
  /// If it was split: what the bound arguments are passed to.
  std::optional<ArgumentBinding> binding;
  FunctionSignature bindSignature;

  LogicalResult findFunctions(ModuleOp module, StringRef name, bool isSplit);
  FailureOr<std::unique_ptr<CompiledFunction>>
  getFunction(ModuleOp module, StringRef entryName,
              const FunctionSignature &signature,
              const CompileOptions &options) const;
};
} // namespace

/// Of a module that is lowered, or of its declarations.
LogicalResult LinkedProgram::findFunctions(ModuleOp module, StringRef name,
                                           bool isSplit) {
  Operation *function = module.lookupSymbol(name);
  FailureOr<FunctionSignature> found = FunctionSignature::get(function);
  if (failed(found))
    return failure();
  signature = std::move(*found);
  if (!isSplit)
    return success();
  binding = ArgumentBinding::get(function);
  found = FunctionSignature::get(module.lookupSymbol(binding->function));
  if (failed(found))
    return failure();
  bindSignature = std::move(*found);
  return success();
}

FailureOr<std::unique_ptr<CompiledFunction>>
LinkedProgram::getFunction(ModuleOp module, StringRef entryName,
                           const FunctionSignature &called,
                           const CompileOptions &options) const {
  auto function =
      CompiledFunction::create(engine, entryName, called, options.device);
  if (!function)
    return module.emitError()
           << "linking failed: " << llvm::toString(function.takeError());
  return std::move(*function);
}

/// The object of a module that is lowered. Null after a diagnostic.
static std::unique_ptr<llvm::MemoryBuffer>
translateToObject(ModuleOp module, const LinkedProgram &functions,
                  llvm::TargetMachine &machine) {
  llvm::LLVMContext context;
  SmallVector<ProgramEntry> entries{{functions.signature, kCallEntry}};
  if (functions.binding)
    entries.push_back({functions.bindSignature, kBindEntry});
  std::unique_ptr<llvm::Module> program =
      translateProgram(module, entries, context);
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

/// What was tuned for this CPU, or for the GPU, which follows the strategy of
/// the chip. Empty if nothing was.
static std::string chooseTunedStrategy(ModuleOp module,
                                       const CompileOptions &options,
                                       llvm::TargetMachine &machine) {
  if (!options.chip)
    return findTunedStrategy(module, machine.getTargetCPU());
  std::string tuned = findTunedStrategy(module, options.chip->getName());
  return tuned.empty() ? tuned : "chip," + tuned;
}

/// Compiles a module and links it into this process.
static FailureOr<LinkedProgram> compileProgram(ModuleOp module,
                                               CompileOptions options,
                                               ArrayRef<unsigned> bound) {
  auto machine = createHostMachine();
  if (!machine)
    return module.emitError()
           << "code generation failed: " << llvm::toString(machine.takeError());

  if (options.strategy.empty())
    options.strategy = chooseTunedStrategy(module, options, **machine);
  LinkedProgram program;
  ProgramCache cache(module, options, bound, **machine);
  std::unique_ptr<llvm::MemoryBuffer> object = cache.read(module);
  bool isCompiled = object != nullptr;
  if (!isCompiled && failed(lowerFor(module, options, bound)))
    return failure();
  if (failed(program.findFunctions(module, options.function, !bound.empty())))
    return failure();
  if (!isCompiled) {
    object = translateToObject(module, program, **machine);
    if (!object)
      return failure();
    cache.write(module, *object);
  }
  ArrayRef<runtime::Symbol> symbols;
  if (options.device)
    symbols = runtime::getDeviceSymbols();
  auto engine = JITEngine::create(std::move(object), symbols);
  if (!engine)
    return module.emitError()
           << "linking failed: " << llvm::toString(engine.takeError());
  program.engine = std::move(*engine);
  return program;
}

FailureOr<std::unique_ptr<CompiledFunction>>
bpt::compile(ModuleOp module, const CompileOptions &options) {
  if (failed(FunctionSignature::find(module, options.function)))
    return failure();
  FailureOr<LinkedProgram> program =
      compileProgram(module, options, /*bound=*/{});
  if (failed(program))
    return failure();
  return program->getFunction(module, kCallEntry, program->signature, options);
}

FailureOr<std::unique_ptr<BindableFunction>>
bpt::compileBindable(ModuleOp module, const CompileOptions &options,
                     ArrayRef<unsigned> numbers) {
  FailureOr<FunctionSignature> signature =
      FunctionSignature::find(module, options.function);
  if (failed(signature))
    return failure();
  Operation *function = module.lookupSymbol(options.function);
  SmallVector<unsigned> bound(numbers);
  llvm::sort(bound);
  bound.erase(llvm::unique(bound), bound.end());
  for (unsigned number : bound) {
    if (number >= signature->arguments.size())
      return function->emitError()
             << "function '" << options.function << "' has no argument "
             << number << " to bind; it takes " << signature->arguments.size();
    if (signature->arguments[number].isWritten)
      return function->emitError() << signature->getArgumentTitle(number)
                                   << " is a memref, which calls may write; "
                                      "only tensors can be bound";
  }

  bool isSplit = !bound.empty() && !options.chip && !isLowered(module);
  FailureOr<LinkedProgram> program = compileProgram(
      module, options, isSplit ? ArrayRef(bound) : ArrayRef<unsigned>());
  if (failed(program))
    return failure();
  auto call =
      program->getFunction(module, kCallEntry, program->signature, options);
  if (failed(call))
    return failure();
  if (!isSplit)
    return std::make_unique<BindableFunction>(std::move(bound),
                                              std::move(*call));
  auto prepare =
      program->getFunction(module, kBindEntry, program->bindSignature, options);
  if (failed(prepare))
    return failure();
  return std::make_unique<BindableFunction>(
      std::move(*signature), std::move(bound), std::move(*call),
      std::move(*prepare), std::move(program->binding->arguments));
}
