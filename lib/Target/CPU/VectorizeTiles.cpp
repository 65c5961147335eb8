//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaneEmitter.h"
#include "LanePlan.h"
#include "TransposeTiles.h"
#include "bpt/Target/CPU/Passes.h"
#include "bpt/Target/CPU/VectorTarget.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Remarks.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_VECTORIZETILESPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {

/// Affine maps in a body are arithmetic, which has vector forms.
void expandAffineOps(RewriterBase &rewriter, linalg::LinalgOp op) {
  SmallVector<affine::AffineApplyOp> applies;
  op->walk([&](affine::AffineApplyOp apply) { applies.push_back(apply); });
  for (affine::AffineApplyOp apply : applies) {
    rewriter.setInsertionPoint(apply);
    if (std::optional<SmallVector<Value, 8>> values = affine::expandAffineMap(
            rewriter, apply.getLoc(), apply.getAffineMap(),
            llvm::to_vector<8>(apply.getOperands())))
      rewriter.replaceOp(apply, values->front());
  }
}

struct VectorizeTilesPass
    : bpt::impl::VectorizeTilesPassBase<VectorizeTilesPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    if (VectorTarget::isKnownWidth(vectorBits))
      return success();
    return emitError(UnknownLoc::get(context))
           << "option vector-bits is " << vectorBits.getValue()
           << ", but vector registers have 128, 256 or 512 bits";
  }

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    // Strided copies are loops like any other; contiguous ones are memcpy.
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) {
      auto from = dyn_cast<MemRefType>(copy.getSource().getType());
      auto to = dyn_cast<MemRefType>(copy.getTarget().getType());
      if (from && to &&
          !(from.getLayout().isIdentity() && to.getLayout().isIdentity()))
        copies.push_back(copy);
    });
    for (memref::CopyOp copy : copies) {
      rewriter.setInsertionPoint(copy);
      linalg::makeMemRefCopyOp(rewriter, copy.getLoc(), copy.getSource(),
                               copy.getTarget());
      rewriter.eraseOp(copy);
    }

    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics())
        ops.push_back(op);
    });
    VectorTarget target{vectorBits};
    for (linalg::LinalgOp op : ops) {
      expandAffineOps(rewriter, op);
      rewriter.setInsertionPoint(op);
      std::string why;
      if (op.getNumLoops() != 0) {
        if (succeeded(emitTransposition(rewriter, op, target))) {
          rewriter.eraseOp(op);
          continue;
        }
        if (std::optional<LanePlan> plan = planLanes(op, why)) {
          emitLanes(rewriter, op, std::move(*plan), target);
          rewriter.eraseOp(op);
          continue;
        }
        remark::missed(
            op.getLoc(),
            remark::RemarkOpts::name("ScalarLoops").category("bpt-cpu"))
            << ("'" + op->getName().getStringRef() +
                "' becomes scalar loops: " + why)
                   .str();
      }
      if (failed(linalg::linalgOpToLoops(rewriter, op))) {
        op->emitOpError("cannot be lowered to loops for the CPU");
        return signalPassFailure();
      }
      rewriter.eraseOp(op);
    }
  }
};
} // namespace
