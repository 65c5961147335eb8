//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/FunctionSignature.h"
#include "bpt/ExecutionEngine/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_RECORDSIGNATUREPASS
#include "bpt/ExecutionEngine/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// Whether every argument and result is something that can be passed.
static bool isCallable(FunctionOpInterface function) {
  auto isTensor = [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    auto memref = dyn_cast<MemRefType>(type);
    return isa<RankedTensorType, MemRefType>(type) &&
           (!memref || memref.getLayout().isIdentity()) &&
           getElementType(shaped.getElementType());
  };
  return isa<FunctionType>(function.getFunctionType()) &&
         llvm::all_of(function.getArgumentTypes(), isTensor) &&
         llvm::all_of(function.getResultTypes(), isTensor);
}

static LogicalResult record(FunctionOpInterface function) {
  FailureOr<DictionaryAttr> attr = FunctionSignature::makeAttr(function);
  if (failed(attr))
    return failure();
  function->setAttr(FunctionSignature::kAttrName, *attr);
  // Reading it back checks the types.
  if (failed(FunctionSignature::get(function)))
    return failure();
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                    UnitAttr::get(function->getContext()));
  return success();
}

namespace {
struct RecordSignaturePass
    : bpt::impl::RecordSignaturePassBase<RecordSignaturePass> {
  using RecordSignaturePassBase::RecordSignaturePassBase;

  void runOnOperation() override {
    if (!function.empty()) {
      auto chosen = getOperation().lookupSymbol<FunctionOpInterface>(function);
      if (!chosen || chosen.isExternal()) {
        getOperation().emitError()
            << "there is no function '" << function << "' with a body";
        return signalPassFailure();
      }
      if (!chosen->hasAttr(FunctionSignature::kAttrName) &&
          failed(record(chosen)))
        signalPassFailure();
      return;
    }
    for (auto candidate : getOperation().getOps<FunctionOpInterface>()) {
      if (candidate.isExternal() || !candidate.isPublic() ||
          candidate->hasAttr(FunctionSignature::kAttrName) ||
          !isCallable(candidate))
        continue;
      if (failed(record(candidate)))
        return signalPassFailure();
    }
  }
};
} // namespace
