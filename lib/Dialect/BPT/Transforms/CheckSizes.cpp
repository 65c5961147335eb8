//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_CHECKSIZESPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// Lines of other operations that this one stands for, if their layers have
/// become one function.
static SmallVector<std::string> getOtherLines(Operation *op) {
  SmallVector<std::string> lines;
  if (auto fused = dyn_cast<FusedLoc>(op->getLoc()))
    for (Location other : fused.getLocations().drop_front())
      if (auto place = other->findInstanceOf<FileLineColLoc>())
        lines.push_back(std::to_string(place.getLine()));
  return lines;
}

/// The reason, with the place in the user's file when there is one.
static std::string makeMessage(Operation *op, StringRef reason) {
  std::string message;
  llvm::raw_string_ostream os(message);
  if (auto place = op->getLoc()->findInstanceOf<FileLineColLoc>())
    os << place.getFilename().getValue() << ':' << place.getLine() << ':'
       << place.getColumn() << ": ";
  os << "error: '" << op->getName() << "' op " << reason;
  SmallVector<std::string> others = getOtherLines(op);
  if (!others.empty())
    os << "; or of the same in line " << llvm::join(others, ", ");
  return message;
}

namespace {
struct CheckSizesPass : bpt::impl::CheckSizesPassBase<CheckSizesPass> {
  void runOnOperation() override {
    SmallVector<RuntimeVerifiableOpInterface> ops;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto verifiable = dyn_cast<RuntimeVerifiableOpInterface>(op))
        ops.push_back(verifiable);
      // What an operation computes per element has no place for a check.
      return isa<linalg::LinalgOp, BlockedOpInterface>(op)
                 ? WalkResult::skip()
                 : WalkResult::advance();
    });
    OpBuilder builder(&getContext());
    for (RuntimeVerifiableOpInterface op : ops) {
      builder.setInsertionPoint(op);
      op.generateRuntimeVerification(builder, op.getLoc(), makeMessage);
    }
  }
};
} // namespace
