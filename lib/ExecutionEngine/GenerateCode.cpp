//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GenerateCode.h"
#include "llvm/ExecutionEngine/Orc/CompileUtils.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;

/// A third of O2's time goes into induction variables, a tenth into rotating
/// loops, and neither changes how fast these programs are
/// (docs/performance.md). Without ipsccp, which brings constants into the
/// bodies of parallel loops, or the unrolling of their short loops, dropout
/// takes half as long again, and decoding a quarter.
static constexpr llvm::StringLiteral kPasses =
    "inferattrs,ipsccp,function(sroa,early-cse<memssa>,simplifycfg,"
    "instcombine<no-verify-fixpoint>,loop-mssa(licm),loop(loop-unroll-full),"
    "vector-combine,instcombine<no-verify-fixpoint>,loop(loop-deletion),"
    "early-cse<memssa>,simplifycfg)";

llvm::Error bpt::optimizeProgram(llvm::Module &module,
                                 llvm::TargetMachine &machine) {
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
  llvm::ModulePassManager passes;
  if (llvm::Error error = builder.parsePassPipeline(passes, kPasses))
    return error;
  passes.run(module, modules);
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
bpt::generateObject(llvm::Module &module, llvm::TargetMachine &machine) {
  if (llvm::Error error = optimizeProgram(module, machine))
    return std::move(error);
  return llvm::orc::SimpleCompiler(machine)(module);
}
