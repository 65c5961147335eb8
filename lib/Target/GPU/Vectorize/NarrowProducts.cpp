//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TilePlan.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_NARROWPRODUCTSPASS
#include "bpt/Target/GPU/Vectorize/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

static bool isNarrow(Value value) {
  Type type = getElementTypeOrSelf(value.getType());
  return type.isF16() || type.isBF16();
}

/// An element-wise operation on tensors of one shape, read as they lie.
static linalg::GenericOp
createElementwise(RewriterBase &rewriter, Location loc, ValueRange inputs,
                  Value init,
                  function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
  auto type = cast<RankedTensorType>(init.getType());
  SmallVector<AffineMap> maps(inputs.size() + 1,
                              rewriter.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
      rewriter, loc, TypeRange{type}, inputs, ValueRange{init}, maps, iterators,
      [&](OpBuilder &b, Location l, ValueRange arguments) {
        linalg::YieldOp::create(b, l, body(b, l, arguments));
      });
}

namespace {
/// tensor = factor · source, where the source is narrow.
struct ScaledTensor {
  Value source;
  Value factor;
};
} // namespace

/// The factor, if the operand is a narrow tensor that is extended and scaled.
static std::optional<ScaledTensor> matchScaledTensor(Value operand) {
  auto op = operand.getDefiningOp<linalg::GenericOp>();
  if (!op || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() != 0 || !isNarrow(op.getInputs()[0]) ||
      !llvm::all_of(op.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return std::nullopt;
  Value yielded = op.getBlock()->getTerminator()->getOperand(0);
  auto product = yielded.getDefiningOp<arith::MulFOp>();
  if (!product)
    return std::nullopt;
  for (auto [wide, factor] :
       {std::pair<Value, Value>{product.getLhs(), product.getRhs()},
        {product.getRhs(), product.getLhs()}}) {
    auto extension = wide.getDefiningOp<arith::ExtFOp>();
    if (extension && extension.getIn() == op.getBlock()->getArgument(0) &&
        factor.getParentBlock() != op.getBlock())
      return ScaledTensor{op.getInputs()[0], factor};
  }
  return std::nullopt;
}

static bool isZeroFill(Value value) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.value(), m_AnyZeroFloat());
}

/// The f32 tensor in the narrow type.
static Value round(RewriterBase &rewriter, Location loc, Value wide,
                   Type element) {
  Value empty = tensor::EmptyOp::create(
      rewriter, loc, tensor::getMixedSizes(rewriter, loc, wide), element);
  return createElementwise(
             rewriter, loc, wide, empty,
             [&](OpBuilder &b, Location l, ValueRange v) -> Value {
               return arith::TruncFOp::create(b, l, element, v[0]);
             })
      .getResult(0);
}

/// Rounds a tensor where it is computed, and lets what else reads it in its
/// block read it rounded. The sum of probabilities is then that of those which
/// are multiplied, and what they are off in common cancels: with scores of 1e4
/// that is more than f16 resolves.
static Value roundForAll(RewriterBase &rewriter, Operation *producer,
                         Value wide, Type element) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfter(producer);
  Location loc = producer->getLoc();
  Value rounded = round(rewriter, loc, wide, element);
  Value empty = tensor::EmptyOp::create(
      rewriter, loc, tensor::getMixedSizes(rewriter, loc, wide),
      rewriter.getF32Type());
  Value again = createElementwise(
                    rewriter, loc, rounded, empty,
                    [](OpBuilder &b, Location l, ValueRange v) -> Value {
                      return arith::ExtFOp::create(b, l, b.getF32Type(), v[0]);
                    })
                    .getResult(0);
  rewriter.replaceUsesWithIf(wide, again, [&](OpOperand &use) {
    return isa<linalg::LinalgOp>(use.getOwner()) &&
           use.getOwner() != rounded.getDefiningOp();
  });
  return rounded;
}

/// The same product with another operand; its body follows the types.
static linalg::ContractOp replaceOperand(RewriterBase &rewriter,
                                         linalg::ContractOp op, unsigned number,
                                         Value operand) {
  SmallVector<Value> inputs(op.getInputs());
  inputs[number] = operand;
  auto product =
      linalg::ContractOp::create(rewriter, op.getLoc(), op.getResultTypes(),
                                 inputs, op.getOutputs(), op.getIndexingMaps());
  product->setDiscardableAttrs(llvm::to_vector(op->getDiscardableAttrs()));
  return product;
}

static void narrow(RewriterBase &rewriter, linalg::ContractOp op) {
  unsigned wide = isNarrow(op.getInputs()[0]) ? 1 : 0;
  Value operand = op.getInputs()[wide], other = op.getInputs()[1 - wide];
  if (!getElementTypeOrSelf(operand.getType()).isF32() || !isNarrow(other))
    return;
  Type element = getElementTypeOrSelf(other.getType());
  rewriter.setInsertionPoint(op);
  std::optional<ScaledTensor> scaled = matchScaledTensor(operand);
  if (!scaled || getElementTypeOrSelf(scaled->source.getType()) != element ||
      !isZeroFill(op.getOutputs()[0])) {
    Operation *producer = operand.getDefiningOp();
    bool isShared =
        element.isF16() && isa_and_present<linalg::LinalgOp>(producer) &&
        producer->getBlock() == op->getBlock() && !operand.hasOneUse();
    Value rounded = isShared ? roundForAll(rewriter, producer, operand, element)
                             : round(rewriter, op.getLoc(), operand, element);
    rewriter.replaceOp(op, replaceOperand(rewriter, op, wide, rounded));
    return;
  }
  linalg::ContractOp product =
      replaceOperand(rewriter, op, wide, scaled->source);
  rewriter.replaceOp(
      op, createElementwise(
              rewriter, op.getLoc(), {}, product.getResult(0),
              [&](OpBuilder &b, Location l, ValueRange v) -> Value {
                return arith::MulFOp::create(b, l, v[0], scaled->factor);
              }));
}

namespace {
struct NarrowProductsPass
    : bpt::impl::NarrowProductsPassBase<NarrowProductsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::ContractOp> products;
    getOperation().walk([&](linalg::ContractOp op) {
      if (!isOnSimtPath(op))
        products.push_back(op);
    });
    for (linalg::ContractOp op : products)
      narrow(rewriter, op);
  }
};
} // namespace
