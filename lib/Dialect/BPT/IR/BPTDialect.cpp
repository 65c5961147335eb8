//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::bpt;

#include "bpt/Dialect/BPT/IR/BPTDialect.cpp.inc"
#include "bpt/Dialect/BPT/IR/BPTEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "bpt/Dialect/BPT/IR/BPTAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "bpt/Dialect/BPT/IR/BPTOps.cpp.inc"

void BPTDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "bpt/Dialect/BPT/IR/BPTAttributes.cpp.inc"
      >();
}

namespace {
/// Functions of layers may be inlined, score regions and all.
struct BPTInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void BPTDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "bpt/Dialect/BPT/IR/BPTOps.cpp.inc"
      >();
  registerAttributes();
  addInterfaces<BPTInlinerInterface>();
  attachBlockedTiling(getContext());
  attachRuntimeVerification(getContext());
  attachPartialAttention(getContext());
  attachScalarDerivatives(getContext());
  attachLinalgVjps(getContext());
  attachSoftmaxVjp(getContext());
  attachTensorVjps(getContext());
}

LogicalResult StrategyAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t rows, int64_t keys, int64_t hidden,
                                   int64_t vocab, int64_t heads,
                                   int64_t columns, int64_t scoreRows,
                                   int64_t chunk, bool storeHidden,
                                   bool separate, bool separateValues,
                                   bool groupHeads, bool fuse) {
  for (auto [name, size] : {std::pair<StringRef, int64_t>{"rows", rows},
                            {"keys", keys},
                            {"hidden", hidden},
                            {"vocab", vocab},
                            {"heads", heads},
                            {"columns", columns},
                            {"score_rows", scoreRows},
                            {"chunk", chunk}})
    if (size < 0)
      return emitError() << "strategy option '" << name << "' is " << size
                         << ", but a block size is at least 1, or 0 for a "
                            "dimension that is not cut";
  if (separateValues && !separate)
    return emitError() << "strategy option 'separate_values' needs "
                          "'separate = true': it separates further what that "
                          "separates";
  return success();
}

/// A strategy must be one, and every option it sets must be one that the
/// operation reads: nothing is silently ignored.
static LogicalResult verifyStrategy(Operation *op, Attribute value) {
  auto strategy = dyn_cast<StrategyAttr>(value);
  if (!strategy)
    return op->emitOpError() << "attribute '" << BPTDialect::kStrategyAttrName
                             << "' must be a #bpt.strategy<...>, got " << value;
  auto blocked = dyn_cast<BlockedOpInterface>(op);
  if (!blocked)
    return op->emitOpError("is not a blocked operation, so it cannot carry '")
           << BPTDialect::kStrategyAttrName << "'";
  SmallVector<StringRef> options = blocked.getStrategyOptions();
  for (auto [name, set] :
       {std::pair<StringRef, bool>{"rows", strategy.getRows()},
        {"keys", strategy.getKeys()},
        {"hidden", strategy.getHidden()},
        {"vocab", strategy.getVocab()},
        {"heads", strategy.getHeads()},
        {"columns", strategy.getColumns()},
        {"score_rows", strategy.getScoreRows()},
        {"chunk", strategy.getChunk()},
        {"store_hidden", strategy.getStoreHidden()},
        {"separate", strategy.getSeparate()},
        {"separate_values", strategy.getSeparateValues()},
        {"group_heads", strategy.getGroupHeads()},
        {"fuse", !strategy.getFuse()}})
    if (set && !llvm::is_contained(options, name))
      return op->emitOpError("does not read strategy option '")
             << name << "'; it reads: " << llvm::join(options, ", ");
  return success();
}

namespace {
/// An operation whose results have no elements computes nothing. Slices of a
/// dimension of size 0 are not even valid, so none must be made of it.
struct DropEmptyComputation
    : public OpInterfaceRewritePattern<BlockedOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(BlockedOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (!llvm::all_of(op->getResultTypes(), [](Type type) {
          return llvm::is_contained(cast<RankedTensorType>(type).getShape(), 0);
        }))
      return failure();
    rewriter.replaceOp(
        op, cast<DestinationStyleOpInterface>(op.getOperation()).getDpsInits());
    return success();
  }
};
/// A sum over no rows, or no keys, is where it starts.
struct DropEmptySum : public OpInterfaceRewritePattern<BlockedOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(BlockedOpInterface op,
                                PatternRewriter &rewriter) const override {
    BlockTable table = op.getBlockTable();
    if (table.iterators[kRowLoop] != utils::IteratorType::reduction)
      return failure();
    bool isEmpty = false;
    for (auto [operand, map] : llvm::zip(op->getOperands(), table.operands))
      for (auto [position, ref] : llvm::enumerate(map))
        isEmpty |=
            table.isLoop(ref.dim) && !ref.broadcast &&
            cast<RankedTensorType>(operand.getType()).getDimSize(position) == 0;
    if (!isEmpty)
      return failure();
    rewriter.replaceOp(
        op, cast<DestinationStyleOpInterface>(op.getOperation()).getDpsInits());
    return success();
  }
};
} // namespace

void BPTDialect::getCanonicalizationPatterns(
    RewritePatternSet &patterns) const {
  patterns.add<DropEmptyComputation, DropEmptySum>(getContext());
}

LogicalResult BPTDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attribute) {
  if (attribute.getName() == kStrategyAttrName)
    return verifyStrategy(op, attribute.getValue());
  return success();
}

LogicalResult BPTDialect::verifyRegionArgAttribute(Operation *op,
                                                   unsigned regionIndex,
                                                   unsigned argIndex,
                                                   NamedAttribute attribute) {
  if (attribute.getName() == kNameAttrName &&
      !isa<StringAttr>(attribute.getValue()))
    return op->emitOpError()
           << "attribute '" << kNameAttrName << "' of argument " << argIndex
           << " must be a string, got " << attribute.getValue();
  return success();
}
