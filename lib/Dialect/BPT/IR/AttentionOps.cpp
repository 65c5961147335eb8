//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionScores.h"
#include "OpUtils.h"
#include "bpt/Dialect/BPT/IR/AttentionForms.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <limits>

using namespace mlir;
using namespace mlir::bpt;

//===----------------------------------------------------------------------===//
// What the two forms of attention share
//===----------------------------------------------------------------------===//

namespace {
enum Dim : unsigned { Batch, Rows, Heads, Keys, HeadDim, ValueDim };

template <typename OpTy> int64_t groupSize(OpTy op) {
  int64_t heads = getDim(op.getQuery(), 2), kvHeads = getDim(op.getKey(), 2);
  // Dynamic head counts are equal (verified); empty ones share nothing.
  if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(kvHeads) ||
      kvHeads == 0)
    return 1;
  return heads / kvHeads;
}

template <typename OpTy> bool positionsMatter(OpTy op) {
  return op.getCausal() || op.getWindow() || op.getScoreRegion() ||
         op.getDropout();
}

/// The part of the table up to the destinations. `numLoops` is 4 when the keys
/// are a loop.
template <typename OpTy> BlockTable inputTable(OpTy op, unsigned numLoops) {
  BlockTable table;
  table.dims = {"batch", "query row", "head",
                "key",   "head_dim",  "value head_dim"};
  table.iterators.assign(3, utils::IteratorType::parallel);
  if (numLoops == 4)
    table.iterators.push_back(utils::IteratorType::reduction);
  int64_t group = groupSize(op);
  SmallVector<DimRef> query{{Batch}, {Rows}, {Heads}, {HeadDim}},
      key{{Batch}, {Keys}, {Heads, group}, {HeadDim}},
      value{{Batch}, {Keys}, {Heads, group}, {ValueDim}};
  if constexpr (!std::is_same_v<OpTy, AttentionBackwardOp>)
    if (op.getValueTransposed())
      value = {{Batch}, {Heads, group}, {ValueDim}, {Keys}};
  table.add("query", query);
  table.add("key", key);
  table.add("value", value);
  if constexpr (!std::is_same_v<OpTy, AttentionBackwardOp>)
    if (op.getQueryScale()) {
      table.add("query_scale", getScaleDims(query, op.getQueryBlocks()));
      table.add("key_scale", getScaleDims(key, op.getKeyBlocks()));
      table.add("value_scale", getScaleDims(value, op.getValueBlocks()));
    }
  if (Value bias = op.getBias())
    table.add("bias", {{Batch, 1, getDim(bias, 0) == 1},
                       {Heads, 1, getDim(bias, 1) == 1},
                       {Rows},
                       {Keys}});
  if (op.getQuerySegments()) {
    table.add("query_segments", {{Batch}, {Rows}});
    table.add("key_segments", {{Batch}, {Keys}});
  }
  if (op.getSeed())
    table.add("seed");
  for (unsigned i = 0; i < op.getPositions().size(); ++i)
    table.add("at");
  if (op.getDiagonal())
    table.add("diagonal");
  return table;
}

template <typename OpTy> LogicalResult verifyScales(OpTy op) {
  if (!op.getQueryScale() != !op.getKeyScale() ||
      !op.getQueryScale() != !op.getValueScale())
    return op.emitOpError("has a scale of some operands; give those of query, "
                          "key and value");
  for (auto [name, tensor, scale, blocks] :
       {std::tuple{StringRef("query"), Value(op.getQuery()),
                   Value(op.getQueryScale()), op.getQueryBlocks()},
        {StringRef("key"), Value(op.getKey()), Value(op.getKeyScale()),
         op.getKeyBlocks()},
        {StringRef("value"), Value(op.getValue()), Value(op.getValueScale()),
         op.getValueBlocks()}}) {
    if (failed(verifyScale(op, name, tensor, scale, blocks)))
      return failure();
    bool isTransposed = name == "value" && op.getValueTransposed();
    if (blocks && (*blocks)[isTransposed ? 2 : 3] != 0)
      return op.emitOpError("has '")
             << name << "_blocks' that cut the components of a head; there the "
             << "size is 0, all of them";
  }
  return success();
}

template <typename OpTy>
LogicalResult verifyInputs(OpTy op, unsigned numPositions) {
  if constexpr (!std::is_same_v<OpTy, AttentionBackwardOp>)
    if (failed(verifyScales(op)))
      return failure();
  if (failed(verifySameElementType(op, {{"query", op.getQuery()},
                                        {"key", op.getKey()},
                                        {"value", op.getValue()}})))
    return failure();
  int64_t heads = getDim(op.getQuery(), 2), kvHeads = getDim(op.getKey(), 2);
  if (ShapedType::isDynamic(heads) != ShapedType::isDynamic(kvHeads))
    return op.emitOpError("head counts of 'query' and 'key' must be both "
                          "static, or both dynamic and then equal");
  if (!ShapedType::isDynamic(heads) &&
      (kvHeads == 0 ? heads != 0 : heads % kvHeads != 0))
    return op.emitOpError("number of key/value heads (")
           << kvHeads << ") must divide the number of query heads (" << heads
           << ")";
  if (static_cast<bool>(op.getQuerySegments()) !=
      static_cast<bool>(op.getKeySegments()))
    return op.emitOpError("'segments' takes both the queries' and the keys'");
  if (op.getQuerySegments() &&
      op.getQuerySegments().getType().getElementType() !=
          op.getKeySegments().getType().getElementType())
    return op.emitOpError("segment ids of queries and keys must have one "
                          "element type");
  if (static_cast<bool>(op.getSeed()) != static_cast<bool>(op.getDropout()))
    return op.emitOpError("'seed' and 'dropout' need each other: where numbers "
                          "are drawn from, and what they drop");
  if (std::optional<int64_t> window = op.getWindow(); window && *window < 1)
    return op.emitOpError("'window' is ")
           << *window << ", but a query sees at least 1 key";
  if (std::optional<APFloat> scale = op.getScale(); scale && !scale->isFinite())
    return op.emitOpError("'scale' must be finite");
  if (!op.getScale() && getDim(op.getQuery(), 3) == 0)
    return op.emitOpError("head_dim is 0, so 'scale' has no default; give one");
  if (!op.getPositions().empty() && op.getPositions().size() != numPositions)
    return op.emitOpError("'at' takes ")
           << numPositions << " positions, got " << op.getPositions().size();
  bool located = !op.getPositions().empty();
  if (located && !op.getDiagonal() && (op.getCausal() || op.getWindow()))
    return op.emitOpError("a mask by position on a tile placed with 'at' needs "
                          "'diagonal', the alignment of the whole");
  return verifyBlockTable(op);
}

template <typename OpTy> LogicalResult verifyScoreRegion(OpTy op) {
  if (op.getScore().size() > 1)
    return op.emitOpError("has at most one score region");
  if (!op.getScoreRegion())
    return success();
  Block &block = op.getScoreRegion()->front();
  Builder builder(op.getContext());
  SmallVector<Type> expected{builder.getF32Type()};
  expected.append(4, builder.getIndexType());
  if (TypeRange(block.getArgumentTypes()) != TypeRange(expected))
    return op.emitOpError("score region takes (score: f32, batch: index, head: "
                          "index, query: index, key: index)");
  if (!isa_and_present<YieldOp>(block.empty() ? nullptr : &block.back()))
    return op.emitOpError("score region must end with 'bpt.yield'");
  for (Operation &inner : block)
    if (!isMemoryEffectFree(&inner))
      return inner.emitOpError("has side effects, which a score region must "
                               "not have: it is computed once per score, in no "
                               "order");
  return success();
}

template <typename OpTy>
void locate(OpTy tile, OpBuilder &builder, OpTy whole,
            ArrayRef<OpFoldResult> offsets) {
  if (!positionsMatter(tile))
    return;
  SmallVector<Value> positions;
  for (auto [loop, offset] : llvm::enumerate(offsets)) {
    Value base =
        whole.getPositions().empty() ? Value() : whole.getPositions()[loop];
    positions.push_back(addOffset(builder, tile.getLoc(), base, offset));
  }
  tile.getPositionsMutable().assign(positions);
  if (tile.getCausal() || tile.getWindow())
    tile.getDiagonalMutable().assign(getDiagonalOf(builder, whole));
}

/// Query-key pairs of one head that the masks by position keep, with the
/// default alignment.
template <typename OpTy>
double countPairs(OpTy op, int64_t rows, int64_t keys) {
  double pairs = 0;
  for (int64_t i = 0; i < rows; ++i) {
    int64_t aligned = i + keys - rows, first = 0, last = keys - 1;
    if (op.getCausal())
      last = std::min(last, aligned);
    if (auto window = op.getWindow()) {
      first = std::max<int64_t>(first, aligned - *window + 1);
      if (!op.getCausal())
        last = std::min<int64_t>(last, aligned + *window - 1);
    }
    pairs += std::max<int64_t>(0, last - first + 1);
  }
  return pairs;
}

template <typename OpTy> double flopsOf(OpTy op, ArrayRef<int64_t> sizes) {
  return 2.0 * sizes[Batch] * sizes[Heads] *
         countPairs(op, sizes[Rows], sizes[Keys]) *
         (sizes[HeadDim] + sizes[ValueDim]);
}

//===----------------------------------------------------------------------===//
// Canonicalization
//===----------------------------------------------------------------------===//

/// Masks by position that exclude nothing.
template <typename OpTy> struct DropDeadMasks : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    // A tile knows its alignment only at run time.
    if (op.getDiagonal() || !op.getPositions().empty())
      return failure();
    int64_t rows = getDim(op.getQuery(), 1), keys = getDim(op.getKey(), 1);
    if (ShapedType::isDynamic(keys))
      return failure();
    bool windowIsDead =
        op.getWindow() && static_cast<int64_t>(*op.getWindow()) >= keys &&
        (op.getCausal() || (!ShapedType::isDynamic(rows) &&
                            static_cast<int64_t>(*op.getWindow()) >= rows));
    bool causalIsDead = op.getCausal() && !op.getWindow() && rows == 1;
    if (!windowIsDead && !causalIsDead)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      if (windowIsDead)
        op.removeWindowAttr();
      if (causalIsDead)
        op.setCausal(false);
    });
    return success();
  }
};

/// A scale that says what the default says.
template <typename OpTy> struct DropDefaultScale : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    int64_t headDim = getDim(op.getQuery(), 3);
    if (!op.getScale() || ShapedType::isDynamic(headDim) || headDim == 0 ||
        op.getScale()->convertToFloat() !=
            static_cast<float>(1.0 / std::sqrt(static_cast<double>(headDim))))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.removeScaleAttr(); });
    return success();
  }
};

/// A score region that yields its score.
template <typename OpTy> struct DropIdentityScore : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!op.getScoreRegion())
      return failure();
    Block &block = op.getScoreRegion()->front();
    if (cast<YieldOp>(block.getTerminator()).getScore() != block.getArgument(0))
      return failure();
    OperationState state(op.getLoc(), op->getName(), op->getOperands(),
                         op->getResultTypes());
    state.attributes = op->getDiscardableAttrDictionary();
    state.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.replaceOp(op, rewriter.create(state));
    return success();
  }
};

/// Dropout that drops nothing.
template <typename OpTy> struct DropDeadDropout : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!op.getDropout() || !op.getDropout()->dropsNothing())
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getSeedMutable().clear();
      op.removeDropoutAttr();
    });
    return success();
  }
};

/// Positions that no mask and no region reads.
template <typename OpTy> struct DropDeadPositions : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    bool masked = op.getCausal() || op.getWindow();
    bool deadPositions = !positionsMatter(op) && !op.getPositions().empty();
    bool deadDiagonal = !masked && op.getDiagonal();
    if (!deadPositions && !deadDiagonal)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      if (deadPositions)
        op.getPositionsMutable().clear();
      if (deadDiagonal)
        op.getDiagonalMutable().clear();
    });
    return success();
  }
};

/// A log-sum-exp, or statistics, that nobody reads.
struct DropUnusedResults : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    bool dropLse = op.getLse() && op.getLse().use_empty();
    bool dropStatistics =
        op.getMax() && op.getMax().use_empty() && op.getSum().use_empty();
    if (!dropLse && !dropStatistics)
      return failure();
    AttentionOp smaller = op.cloneWithResults(
        rewriter, dropLse ? Value() : Value(op.getLseInit()),
        dropStatistics ? Value() : Value(op.getMaxInit()),
        dropStatistics ? Value() : Value(op.getSumInit()));
    rewriter.replaceAllUsesWith(op.getResult(), smaller.getResult());
    if (smaller.getLse())
      rewriter.replaceAllUsesWith(op.getLse(), smaller.getLse());
    if (smaller.getMax()) {
      rewriter.replaceAllUsesWith(op.getMax(), smaller.getMax());
      rewriter.replaceAllUsesWith(op.getSum(), smaller.getSum());
    }
    rewriter.eraseOp(op);
    return success();
  }
};

/// Casts of operands to types that know less. Upstream's pattern for operations
/// in destination-passing style does the same, but clones in a way that does
/// not take an empty region: this one must come first.
template <typename OpTy> struct FoldCasts : OpRewritePattern<OpTy> {
  FoldCasts(MLIRContext *context)
      : OpRewritePattern<OpTy>(context, PatternBenefit(100)) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!tensor::hasFoldableTensorCastOperand(op))
      return failure();
    SmallVector<Type> types(op->getResultTypes());
    SmallVector<Value> operands =
        tensor::getUpdatedOperandsAfterCastOpFolding(op, types);
    Operation *folded = rewriter.clone(*op);
    folded->setOperands(operands);
    SmallVector<Value> results;
    for (auto [result, type, old] :
         llvm::zip(folded->getResults(), types, op->getResults())) {
      result.setType(type);
      results.push_back(type == old.getType()
                            ? Value(result)
                            : tensor::CastOp::create(rewriter, op.getLoc(),
                                                     old.getType(), result));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// Attention without keys keeps none in every row.
struct FillWithoutKeys : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    if (getDim(op.getKey(), 1) != 0)
      return failure();
    auto fill = [&](Value init, FloatAttr value) {
      Value scalar = arith::ConstantOp::create(rewriter, op.getLoc(), value);
      return linalg::FillOp::create(rewriter, op.getLoc(), scalar, init)
          .getResult(0);
    };
    Type type = op.getInit().getType().getElementType();
    SmallVector<Value> results{
        fill(op.getInit(), rewriter.getFloatAttr(type, 0.0))};
    if (op.getLseInit())
      results.push_back(fill(
          op.getLseInit(),
          rewriter.getF32FloatAttr(-std::numeric_limits<float>::infinity())));
    if (op.getMaxInit()) {
      results.push_back(
          fill(op.getMaxInit(),
               rewriter.getF32FloatAttr(std::numeric_limits<float>::lowest())));
      results.push_back(fill(op.getSumInit(), rewriter.getF32FloatAttr(0.0)));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

template <typename OpTy>
void addSharedPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldCasts<OpTy>, DropDeadMasks<OpTy>, DropDefaultScale<OpTy>,
               DropIdentityScore<OpTy>, DropDeadDropout<OpTy>,
               DropDeadPositions<OpTy>>(context);
  patterns.add<DropNeutralOperand<OpTy>>(context, &OpTy::getBiasMutable, 0.0);
}
} // namespace

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

MutableOperandRange AttentionOp::getDpsInitsMutable() {
  unsigned first = getODSOperandIndexAndLength(12).first;
  return MutableOperandRange(
      *this, first, 1 + (getLseInit() ? 1 : 0) + (getMaxInit() ? 2 : 0));
}

int64_t AttentionOp::getGroupSize() { return groupSize(*this); }
bool AttentionOp::dependsOnPositions() { return positionsMatter(*this); }

BlockTable AttentionOp::getBlockTable() {
  BlockTable table = inputTable(*this, /*numLoops=*/3);
  table.add("init", {{Batch}, {Rows}, {Heads}, {ValueDim}});
  if (getLseInit())
    table.add("lse_init", {{Batch}, {Rows}, {Heads}});
  if (getMaxInit()) {
    table.add("max_init", {{Batch}, {Rows}, {Heads}});
    table.add("sum_init", {{Batch}, {Rows}, {Heads}});
  }
  return table;
}

bool AttentionOp::multipliesFloat8() {
  return isa<Float8E4M3FNType>(getElementTypeOrSelf(getQuery().getType()));
}

AttentionOp AttentionOp::cloneWithResults(OpBuilder &builder, Value lseInit,
                                          Value maxInit, Value sumInit) {
  auto typeOf = [](Value value) { return value ? value.getType() : Type(); };
  auto clone = AttentionOp::create(
      builder, getLoc(), getResult().getType(), typeOf(lseInit),
      typeOf(maxInit), typeOf(sumInit), getQuery(), getKey(), getValue(),
      getQueryScale(), getKeyScale(), getValueScale(), getBias(),
      getQuerySegments(), getKeySegments(), getSeed(), getPositions(),
      getDiagonal(), getInit(), lseInit, maxInit, sumInit, getCausalAttr(),
      getWindowAttr(), getScaleAttr(), getDropoutAttr(),
      getValueTransposedAttr(), getQueryBlocksAttr(), getKeyBlocksAttr(),
      getValueBlocksAttr(), getScore().size());
  clone->setDiscardableAttrs(llvm::to_vector((*this)->getDiscardableAttrs()));
  if (Region *score = getScoreRegion()) {
    IRMapping mapping;
    score->cloneInto(clone.getScoreRegion(), mapping);
  }
  return clone;
}

LogicalResult AttentionOp::verify() {
  if (static_cast<bool>(getMaxInit()) != static_cast<bool>(getSumInit()))
    return emitOpError("'statistics' takes both the maximum and the sum");
  if (!multipliesFloat8() && !getQueryScale() &&
      failed(verifyInitElementType(*this, getQuery(), getInit())))
    return failure();
  return verifyInputs(*this, /*numPositions=*/3);
}

LogicalResult AttentionOp::verifyRegions() { return verifyScoreRegion(*this); }

void AttentionOp::locateTile(OpBuilder &builder, Operation *whole,
                             ArrayRef<OpFoldResult> offsets) {
  locate(*this, builder, cast<AttentionOp>(whole), offsets);
}

double AttentionOp::countFlops(ArrayRef<int64_t> sizes) {
  return flopsOf(*this, sizes);
}

bool AttentionOp::isCheapToRecompute() { return false; }

SmallVector<StringRef> AttentionOp::getStrategyOptions() {
  return {"rows",       "chunk",       "keys", "heads",
          "score_rows", "group_heads", "fuse"};
}

void AttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  addSharedPatterns<AttentionOp>(patterns, context);
  patterns.add<DropUnusedResults, FillWithoutKeys>(context);
}

//===----------------------------------------------------------------------===//
// OnlineAttentionOp
//===----------------------------------------------------------------------===//

MutableOperandRange OnlineAttentionOp::getDpsInitsMutable() {
  return MutableOperandRange(*this, getODSOperandIndexAndLength(12).first, 3);
}

int64_t OnlineAttentionOp::getGroupSize() { return groupSize(*this); }
bool OnlineAttentionOp::dependsOnPositions() { return positionsMatter(*this); }

BlockTable OnlineAttentionOp::getBlockTable() {
  BlockTable table = inputTable(*this, /*numLoops=*/4);
  table.add("acc_init", {{Batch}, {Rows}, {Heads}, {ValueDim}});
  table.add("max_init", {{Batch}, {Rows}, {Heads}});
  table.add("sum_init", {{Batch}, {Rows}, {Heads}});
  return table;
}

LogicalResult OnlineAttentionOp::verify() {
  if (dependsOnPositions() && getPositions().empty())
    return emitOpError("needs 'at' positions: its masks, its score region or "
                       "its dropout depend on where the tile lies");
  return verifyInputs(*this, /*numPositions=*/4);
}

LogicalResult OnlineAttentionOp::verifyRegions() {
  return verifyScoreRegion(*this);
}

void OnlineAttentionOp::locateTile(OpBuilder &builder, Operation *whole,
                                   ArrayRef<OpFoldResult> offsets) {
  locate(*this, builder, cast<OnlineAttentionOp>(whole), offsets);
}

double OnlineAttentionOp::countFlops(ArrayRef<int64_t> sizes) {
  return flopsOf(*this, sizes);
}

bool OnlineAttentionOp::isCheapToRecompute() { return false; }

SmallVector<StringRef> OnlineAttentionOp::getStrategyOptions() {
  return {"rows",       "chunk",       "keys", "heads",
          "score_rows", "group_heads", "fuse"};
}

void OnlineAttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                    MLIRContext *context) {
  addSharedPatterns<OnlineAttentionOp>(patterns, context);
}

//===----------------------------------------------------------------------===//
// AttentionBackwardOp
//===----------------------------------------------------------------------===//

bool AttentionBackwardOp::isByKey() {
  return getGradients() != AttentionGradients::All &&
         getGradients() != AttentionGradients::Query;
}

SmallVector<AttentionInput> AttentionBackwardOp::getInputsOfGradients() {
  SmallVector<AttentionInput> inputs;
  AttentionGradients of = getGradients();
  if (!isByKey())
    inputs.push_back(AttentionInput::Query);
  if (of != AttentionGradients::Query && of != AttentionGradients::Value)
    inputs.push_back(AttentionInput::Key);
  if (of != AttentionGradients::Query && of != AttentionGradients::Key)
    inputs.push_back(AttentionInput::Value);
  if (getInits().size() > inputs.size())
    inputs.push_back(AttentionInput::Bias);
  return inputs;
}

int64_t AttentionBackwardOp::getGroupSize() { return groupSize(*this); }
bool AttentionBackwardOp::dependsOnPositions() {
  return positionsMatter(*this);
}

BlockTable AttentionBackwardOp::getBlockTable() {
  BlockTable table = inputTable(*this, /*numLoops=*/4);
  int64_t group = groupSize(*this);
  if (getGradients() != AttentionGradients::Query)
    table.iterators[Rows] = utils::IteratorType::reduction;
  if (isByKey())
    table.iterators[Keys] = utils::IteratorType::parallel;
  // The gradient of a key that all heads share is a sum over them.
  if (getGradients() != AttentionGradients::Query && group > 1 &&
      getDim(getKey(), 2) == 1)
    table.iterators[Heads] = utils::IteratorType::reduction;
  table.add("max", {{Batch}, {Rows}, {Heads}});
  table.add("sum", {{Batch}, {Rows}, {Heads}});
  table.add("output_cotangent", {{Batch}, {Rows}, {Heads}, {ValueDim}});
  table.add("delta", {{Batch}, {Rows}, {Heads}});
  for (auto [input, init] : llvm::zip(getInputsOfGradients(), getInits()))
    switch (input) {
    case AttentionInput::Query:
      table.add("query_init", {{Batch}, {Rows}, {Heads}, {HeadDim}});
      break;
    case AttentionInput::Key:
      table.add("key_init", {{Batch}, {Keys}, {Heads, group}, {HeadDim}});
      break;
    case AttentionInput::Value:
      table.add("value_init", {{Batch}, {Keys}, {Heads, group}, {ValueDim}});
      break;
    case AttentionInput::Bias:
      // A gradient that batch entries or heads share is summed over them.
      for (unsigned dim : {Batch, Heads})
        if (getDim(init, dim == Batch ? 0 : 1) == 1)
          table.iterators[dim] = utils::IteratorType::reduction;
      table.add("bias_init", {{Batch, 1, getDim(init, 0) == 1},
                              {Heads, 1, getDim(init, 1) == 1},
                              {Rows},
                              {Keys}});
      break;
    }
  return table;
}

LogicalResult AttentionBackwardOp::verify() {
  if (failed(verifySameElementType(
          *this,
          {{"query", getQuery()}, {"output_cotangent", getOutputCotangent()}})))
    return failure();
  SmallVector<AttentionInput> inputs = getInputsOfGradients();
  bool hasBias = inputs.back() == AttentionInput::Bias;
  if (getInits().size() != inputs.size() || (isByKey() && hasBias))
    return emitOpError("has ")
           << getInits().size() << " destinations, but gradients of '"
           << stringifyAttentionGradients(getGradients()) << "' go to "
           << (getGradients() == AttentionGradients::All        ? "3 or 4"
               : getGradients() == AttentionGradients::Query    ? "1 or 2"
               : getGradients() == AttentionGradients::KeyValue ? "2"
                                                                : "1");
  if (hasBias) {
    if (!getBias())
      return emitOpError("a gradient of the bias needs a 'bias'");
    Value init = getInits().back();
    for (unsigned dim : {0, 1})
      if (getDim(getBias(), dim) != getDim(init, dim))
        return emitOpError("gradient of the bias has size ")
               << getDim(init, dim) << " in dimension " << dim
               << ", but the bias has " << getDim(getBias(), dim);
  }
  return verifyInputs(*this, /*numPositions=*/4);
}

LogicalResult AttentionBackwardOp::verifyRegions() {
  return verifyScoreRegion(*this);
}

void AttentionBackwardOp::locateTile(OpBuilder &builder, Operation *whole,
                                     ArrayRef<OpFoldResult> offsets) {
  locate(*this, builder, cast<AttentionBackwardOp>(whole), offsets);
}

// Scores and, unless only values have gradients, the cotangent of the
// probabilities, then a product for each gradient.
double AttentionBackwardOp::countFlops(ArrayRef<int64_t> sizes) {
  double width = sizes[HeadDim];
  if (getGradients() != AttentionGradients::Value)
    width += sizes[ValueDim];
  for (AttentionInput input : getInputsOfGradients())
    if (input != AttentionInput::Bias)
      width += sizes[input == AttentionInput::Value ? ValueDim : HeadDim];
  return 2.0 * sizes[Batch] * sizes[Heads] *
         countPairs(*this, sizes[Rows], sizes[Keys]) * width;
}

bool AttentionBackwardOp::isCheapToRecompute() { return false; }

SmallVector<StringRef> AttentionBackwardOp::getStrategyOptions() {
  return {"rows",     "chunk",           "keys", "heads", "score_rows",
          "separate", "separate_values", "fuse"};
}

void AttentionBackwardOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  using Op = AttentionBackwardOp;
  patterns
      .add<FoldCasts<Op>, DropDeadMasks<Op>, DropDefaultScale<Op>,
           DropIdentityScore<Op>, DropDeadDropout<Op>, DropDeadPositions<Op>>(
          context);
}

void bpt::locateWhole(OpBuilder &builder, AttentionBackwardOp op) {
  if (!op.dependsOnPositions() || !op.getPositions().empty())
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  if (op.getCausal() || op.getWindow())
    op.getDiagonalMutable().assign(getDiagonalOf(builder, op));
  Value zero = arith::ConstantIndexOp::create(builder, op.getLoc(), 0);
  op.getPositionsMutable().assign(SmallVector<Value>(4, zero));
}
