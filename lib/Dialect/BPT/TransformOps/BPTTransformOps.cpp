//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/TransformOps/BPTTransformOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Dialect/Transform/IR/TransformDialect.h"

using namespace mlir;
using namespace mlir::bpt;

#define GET_OP_CLASSES
#include "bpt/Dialect/BPT/TransformOps/BPTTransformOps.cpp.inc"

//===----------------------------------------------------------------------===//
// FuseRowsOp
//===----------------------------------------------------------------------===//

DiagnosedSilenceableFailure
bpt::FuseRowsOp::apply(transform::TransformRewriter &rewriter,
                       transform::TransformResults &results,
                       transform::TransformState &state) {
  SmallVector<Operation *> loops;
  for (Operation *target : state.getPayloadOps(getTarget())) {
    auto function = dyn_cast<FunctionOpInterface>(target);
    if (!function) {
      DiagnosedSilenceableFailure diagnostic =
          emitSilenceableError() << "fuses the rows of functions only";
      diagnostic.attachNote(target->getLoc()) << "target";
      return diagnostic;
    }
    FailureOr<RowTiling> tiled =
        tileAllRows(rewriter, function, [&](Operation *op) -> int64_t {
          // What a loop already blocks stays as it is.
          if (op->getParentOfType<LoopLikeOpInterface>())
            return 0;
          StrategyAttr strategy = getStrategy(op);
          return strategy && strategy.getRows()
                     ? strategy.getRows()
                     : static_cast<int64_t>(getRows());
        });
    if (failed(tiled))
      return emitSilenceableError() << "could not fuse the rows of a function";
    loops.append(tiled->loops);
  }
  results.set(cast<OpResult>(getLoops()), loops);
  return DiagnosedSilenceableFailure::success();
}

void bpt::FuseRowsOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  transform::onlyReadsHandle(getTargetMutable(), effects);
  transform::producesHandle(getOperation()->getOpResults(), effects);
  transform::modifiesPayload(effects);
}

//===----------------------------------------------------------------------===//
// TileKeysOp, SplitKeysOp, TileHiddenOp
//===----------------------------------------------------------------------===//

/// A silenceable failure that says what the operation is for.
static DiagnosedSilenceableFailure rejects(transform::TransformOpInterface op,
                                           Operation *target,
                                           StringRef expected) {
  DiagnosedSilenceableFailure diagnostic =
      op.emitSilenceableError() << "applies to '" << expected << "' only";
  diagnostic.attachNote(target->getLoc())
      << "target is '" << target->getName() << "'";
  return diagnostic;
}

DiagnosedSilenceableFailure
bpt::TileKeysOp::apply(transform::TransformRewriter &rewriter,
                       transform::TransformResults &results,
                       transform::TransformState &state) {
  SmallVector<Operation *> allSteps;
  SmallVector<Operation *> targets(state.getPayloadOps(getTarget()));
  for (Operation *target : targets) {
    auto attention = dyn_cast<AttentionOp>(target);
    if (!attention)
      return rejects(*this, target, AttentionOp::getOperationName());
    FailureOr<SmallVector<Operation *>> steps =
        tileKeys(rewriter, attention, getKeys(), getScoreRows().value_or(0));
    if (failed(steps))
      return emitDefaultSilenceableFailure(target);
    allSteps.append(*steps);
  }
  results.set(cast<OpResult>(getSteps()), allSteps);
  return DiagnosedSilenceableFailure::success();
}

void bpt::TileKeysOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  transform::consumesHandle(getTargetMutable(), effects);
  transform::producesHandle(getOperation()->getOpResults(), effects);
  transform::modifiesPayload(effects);
}

DiagnosedSilenceableFailure
bpt::SplitKeysOp::apply(transform::TransformRewriter &rewriter,
                        transform::TransformResults &results,
                        transform::TransformState &state) {
  SmallVector<Operation *> parts, loops;
  SmallVector<Operation *> targets(state.getPayloadOps(getTarget()));
  for (Operation *target : targets) {
    auto online = dyn_cast<OnlineAttentionOp>(target);
    if (!online)
      return rejects(*this, target, OnlineAttentionOp::getOperationName());
    FailureOr<KeySplit> split = splitKeys(rewriter, online, getParts());
    if (failed(split))
      return emitDefaultSilenceableFailure(target);
    parts.push_back(split->part);
    loops.push_back(split->loop);
  }
  results.set(cast<OpResult>(getPart()), parts);
  results.set(cast<OpResult>(getLoop()), loops);
  return DiagnosedSilenceableFailure::success();
}

void bpt::SplitKeysOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  transform::consumesHandle(getTargetMutable(), effects);
  transform::producesHandle(getOperation()->getOpResults(), effects);
  transform::modifiesPayload(effects);
}

DiagnosedSilenceableFailure
bpt::TileHiddenOp::applyToOne(transform::TransformRewriter &rewriter,
                              Operation *target,
                              transform::ApplyToEachResultList &results,
                              transform::TransformState &state) {
  auto feedForward = dyn_cast<FeedForwardOp>(target);
  if (!feedForward)
    return rejects(*this, target, FeedForwardOp::getOperationName());
  FailureOr<Operation *> block = tileHidden(rewriter, feedForward, getHidden());
  if (failed(block))
    return emitDefaultSilenceableFailure(target);
  results.push_back(*block);
  return DiagnosedSilenceableFailure::success();
}

//===----------------------------------------------------------------------===//
// MatchElementTypeOp
//===----------------------------------------------------------------------===//

DiagnosedSilenceableFailure
bpt::MatchElementTypeOp::matchOperation(Operation *current,
                                        transform::TransformResults &results,
                                        transform::TransformState &state) {
  if (!isa<BlockedOpInterface>(current))
    return emitSilenceableError() << "not a blocked operation";
  Type type = getElementTypeOrSelf(current->getOperand(0).getType());
  if (llvm::is_contained(getTypes().getAsValueRange<TypeAttr>(), type))
    return DiagnosedSilenceableFailure::success();
  return emitSilenceableError() << "has elements of " << type;
}

//===----------------------------------------------------------------------===//
// MatchSizeOp
//===----------------------------------------------------------------------===//

DiagnosedSilenceableFailure
bpt::MatchSizeOp::matchOperation(Operation *current,
                                 transform::TransformResults &results,
                                 transform::TransformState &state) {
  auto blocked = dyn_cast<BlockedOpInterface>(current);
  if (!blocked)
    return emitSilenceableError() << "not a blocked operation";
  BlockTable table = blocked.getBlockTable();
  auto *name = llvm::find(table.dims, getDimension());
  if (name == table.dims.end())
    return emitSilenceableError()
           << "'" << current->getName() << "' has no dimension '"
           << getDimension() << "'";
  unsigned dim = name - table.dims.begin();
  int64_t size = -1;
  for (auto [operand, map] : llvm::zip(current->getOperands(), table.operands))
    for (auto [position, ref] : llvm::enumerate(map)) {
      if (ref.dim != dim || ref.broadcast)
        continue;
      int64_t extent =
          cast<RankedTensorType>(operand.getType()).getDimSize(position);
      if (!ShapedType::isDynamic(extent))
        size = extent * ref.divisor;
    }
  results.setParams(cast<OpResult>(getSize()),
                    {Builder(getContext()).getI64IntegerAttr(size)});
  return DiagnosedSilenceableFailure::success();
}

//===----------------------------------------------------------------------===//
// MatchOperandOp
//===----------------------------------------------------------------------===//

DiagnosedSilenceableFailure
bpt::MatchOperandOp::matchOperation(Operation *current,
                                    transform::TransformResults &results,
                                    transform::TransformState &state) {
  auto blocked = dyn_cast<BlockedOpInterface>(current);
  if (!blocked)
    return emitSilenceableError() << "not a blocked operation";
  if (llvm::is_contained(blocked.getBlockTable().operandNames, getName()))
    return DiagnosedSilenceableFailure::success();
  return emitSilenceableError() << "'" << current->getName()
                                << "' has no operand '" << getName() << "'";
}

//===----------------------------------------------------------------------===//
// MatchAloneOp
//===----------------------------------------------------------------------===//

DiagnosedSilenceableFailure
bpt::MatchAloneOp::matchOperation(Operation *current,
                                  transform::TransformResults &results,
                                  transform::TransformState &state) {
  if (!isa<BlockedOpInterface>(current))
    return emitSilenceableError() << "not a blocked operation";
  RowPlan plan =
      planRows(*current->getBlock(), [](Operation *) { return int64_t(1); });
  for (Operation *root : plan.roots) {
    SetVector<Operation *> fused = getFused(root, plan);
    if (fused.contains(current) && fused.size() > 1)
      return emitSilenceableError()
             << "shares a loop over rows with '"
             << (root == current ? fused[1] : root)->getName() << "'";
  }
  return DiagnosedSilenceableFailure::success();
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

namespace {
class BPTTransformExtension
    : public transform::TransformDialectExtension<BPTTransformExtension> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(BPTTransformExtension)

  void init() {
    declareDependentDialect<BPTDialect>();
    declareGeneratedDialect<affine::AffineDialect>();
    declareGeneratedDialect<arith::ArithDialect>();
    declareGeneratedDialect<linalg::LinalgDialect>();
    declareGeneratedDialect<math::MathDialect>();
    declareGeneratedDialect<scf::SCFDialect>();
    declareGeneratedDialect<tensor::TensorDialect>();
    registerTransformOps<
#define GET_OP_LIST
#include "bpt/Dialect/BPT/TransformOps/BPTTransformOps.cpp.inc"
        >();
  }
};
} // namespace

void bpt::registerTransformOps(DialectRegistry &registry) {
  registry.addExtensions<BPTTransformExtension>();
}
