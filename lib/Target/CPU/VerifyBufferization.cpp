//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/CPU/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_VERIFYBUFFERIZATIONPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

namespace {

/// An upper bound of the bytes that `value` addresses, if there is one.
std::optional<int64_t> getMaxBytes(Value value) {
  auto type = cast<MemRefType>(value.getType());
  Type element = type.getElementType();
  int64_t bytes = element.isIntOrFloat()
                      ? llvm::divideCeil(element.getIntOrFloatBitWidth(), 8)
                      : 8;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    int64_t size = type.getDimSize(dim);
    if (type.isDynamicDim(dim)) {
      FailureOr<int64_t> bound = ValueBoundsConstraintSet::computeConstantBound(
          presburger::BoundType::UB,
          ValueBoundsConstraintSet::Variable(value, dim),
          /*stopCondition=*/nullptr, /*closedUB=*/true);
      if (failed(bound))
        return std::nullopt;
      size = *bound;
    }
    if (llvm::MulOverflow(bytes, size, bytes))
      return std::nullopt;
  }
  return bytes;
}

struct VerifyBufferizationPass
    : bpt::impl::VerifyBufferizationPassBase<VerifyBufferizationPass> {
  using Base::Base;

  void runOnOperation() override {
    bool failed = false;
    getOperation()->walk([&](Operation *op) {
      if (auto copy = dyn_cast<memref::CopyOp>(op))
        failed |= check(op, copy.getTarget(), "copies");
      else if (auto clone = dyn_cast<bufferization::CloneOp>(op))
        failed |= check(op, clone.getOutput(), "clones");
      else if (auto alloc = dyn_cast<memref::AllocOp>(op))
        // What a function allocates once is its results and its packed
        // weights; what a block allocates is its workspace.
        if (op->getParentOfType<LoopLikeOpInterface>())
          failed |= check(op, alloc.getResult(), "allocates");
    });
    if (failed)
      signalPassFailure();
  }

  /// Reports `op` if `value` may be larger than the limit.
  bool check(Operation *op, Value value, StringRef verb) {
    if (!isa<MemRefType>(value.getType()))
      return false;
    std::optional<int64_t> bytes = getMaxBytes(value);
    if (bytes && *bytes <= maxBytes)
      return false;
    InFlightDiagnostic diag = op->emitOpError(verb);
    if (bytes)
      diag << " " << *bytes << " bytes";
    else
      diag << " a buffer whose size has no constant bound";
    diag << ", but a block may hold at most " << int64_t(maxBytes)
         << " bytes at a time";
    return true;
  }
};
} // namespace
