//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Common/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_LOWERASSERTIONSPASS
#include "bpt/Target/Common/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

static constexpr StringLiteral kReportFailure = "bptReportFailure";

namespace {
struct LowerAssertionsPass
    : bpt::impl::LowerAssertionsPassBase<LowerAssertionsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<cf::AssertOp> assertions;
    module.walk([&](cf::AssertOp op) { assertions.push_back(op); });
    if (assertions.empty())
      return;
    OpBuilder builder(&getContext());
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    SymbolTable symbols(module);
    FailureOr<LLVM::LLVMFuncOp> report =
        LLVM::lookupOrCreateFn(builder, module, kReportFailure, {pointer},
                               LLVM::LLVMVoidType::get(&getContext()));
    if (failed(report))
      return signalPassFailure();
    for (cf::AssertOp assertion : assertions) {
      Location loc = assertion.getLoc();
      std::string text = assertion.getMsg().str();
      text.push_back('\0');
      builder.setInsertionPointToStart(module.getBody());
      auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size());
      auto message = LLVM::GlobalOp::create(
          builder, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal,
          "bpt_message", builder.getStringAttr(text));
      symbols.insert(message);
      builder.setInsertionPoint(assertion);
      Value yes =
          arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
      Value fails =
          arith::XOrIOp::create(builder, loc, assertion.getArg(), yes);
      auto branch = scf::IfOp::create(builder, loc, fails);
      builder.setInsertionPointToStart(branch.thenBlock());
      Value address = LLVM::AddressOfOp::create(builder, loc, message);
      LLVM::CallOp::create(builder, loc, *report, ValueRange{address});
      assertion.erase();
    }
  }
};
} // namespace
