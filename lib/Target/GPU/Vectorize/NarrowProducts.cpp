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
/// tensor = factor · source, where the source is narrow; a null factor is 1.
struct ScaledTensor {
  Value source;
  Value factor;

  Type getElementType() const { return getElementTypeOrSelf(source.getType()); }
};
} // namespace

/// The operand as a narrow tensor that is perhaps extended and scaled.
static std::optional<ScaledTensor> matchScaledTensor(Value operand) {
  if (isNarrow(operand) || isFloat8(operand))
    return ScaledTensor{operand, nullptr};
  auto op = operand.getDefiningOp<linalg::GenericOp>();
  if (!op || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() != 0 ||
      !(isNarrow(op.getInputs()[0]) || isFloat8(op.getInputs()[0])) ||
      !llvm::all_of(op.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return std::nullopt;
  auto isSource = [&](Value value) {
    auto extension = value.getDefiningOp<arith::ExtFOp>();
    return extension && extension.getIn() == op.getBlock()->getArgument(0);
  };
  Value yielded = op.getBlock()->getTerminator()->getOperand(0);
  if (isSource(yielded))
    return ScaledTensor{op.getInputs()[0], nullptr};
  auto product = yielded.getDefiningOp<arith::MulFOp>();
  if (!product)
    return std::nullopt;
  for (auto [wide, factor] :
       {std::pair<Value, Value>{product.getLhs(), product.getRhs()},
        {product.getRhs(), product.getLhs()}})
    if (isSource(wide) && factor.getParentBlock() != op.getBlock())
      return ScaledTensor{op.getInputs()[0], factor};
  return std::nullopt;
}

static bool isZeroFill(Value value) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.value(), m_AnyZeroFloat());
}

/// The f32 tensor, times the factor if there is one, in the narrow type.
static Value round(RewriterBase &rewriter, Location loc, Value wide,
                   Type element, Value factor = nullptr) {
  Value empty = tensor::EmptyOp::create(
      rewriter, loc, tensor::getMixedSizes(rewriter, loc, wide), element);
  return createElementwise(
             rewriter, loc, wide, empty,
             [&](OpBuilder &b, Location l, ValueRange v) -> Value {
               Value scaled =
                   factor ? arith::MulFOp::create(b, l, v[0], factor) : v[0];
               return arith::TruncFOp::create(b, l, element, scaled);
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

/// The same product of other operands; its body follows the types.
static linalg::ContractOp createProduct(RewriterBase &rewriter,
                                        linalg::ContractOp op, Value lhs,
                                        Value rhs) {
  auto product = linalg::ContractOp::create(
      rewriter, op.getLoc(), op.getResultTypes(), ValueRange{lhs, rhs},
      op.getOutputs(), op.getIndexingMaps());
  product->setDiscardableAttrs(llvm::to_vector(op->getDiscardableAttrs()));
  return product;
}

/// The product of narrow tensors, scaled behind it.
static void scaleBehind(RewriterBase &rewriter, linalg::ContractOp op,
                        Value lhs, Value rhs, ArrayRef<Value> factors) {
  linalg::ContractOp product = createProduct(rewriter, op, lhs, rhs);
  if (factors.empty())
    return rewriter.replaceOp(op, product);
  rewriter.replaceOp(
      op, createElementwise(rewriter, op.getLoc(), {}, product.getResult(0),
                            [&](OpBuilder &b, Location l, ValueRange v) {
                              Value scaled = v[0];
                              for (Value factor : factors)
                                scaled =
                                    arith::MulFOp::create(b, l, scaled, factor);
                              return scaled;
                            }));
}

static void narrow(RewriterBase &rewriter, linalg::ContractOp op) {
  std::array<Value, 2> operands = {op.getInputs()[0], op.getInputs()[1]};
  auto isFactorType = [](Value operand) {
    return isNarrow(operand) || isFloat8(operand) ||
           getElementTypeOrSelf(operand.getType()).isF32();
  };
  if (llvm::all_of(operands, isNarrow) || llvm::all_of(operands, isFloat8) ||
      !llvm::all_of(operands, isFactorType))
    return;
  std::array<std::optional<ScaledTensor>, 2> scaled = {
      matchScaledTensor(operands[0]), matchScaledTensor(operands[1])};
  if (!scaled[0] && !scaled[1])
    return;
  rewriter.setInsertionPoint(op);
  bool startsFromZero = isZeroFill(op.getOutputs()[0]);
  auto mayLeaveFactor = [&](const ScaledTensor &tensor) {
    return startsFromZero || !tensor.factor;
  };
  if (scaled[0] && scaled[1] &&
      scaled[0]->getElementType() == scaled[1]->getElementType() &&
      mayLeaveFactor(*scaled[0]) && mayLeaveFactor(*scaled[1])) {
    SmallVector<Value> factors;
    for (const auto &tensor : scaled)
      if (tensor->factor)
        factors.push_back(tensor->factor);
    return scaleBehind(rewriter, op, scaled[0]->source, scaled[1]->source,
                       factors);
  }
  // Nothing is rounded to 8 bits here.
  for (const auto &tensor : scaled)
    if (tensor && isFloat8(tensor->source))
      return;
  // One stays as it is stored, with no factor if that can be had; the other one
  // is rounded to its type.
  auto rank = [&](unsigned i) {
    return !scaled[i] ? 3
                      : !isNarrow(operands[i]) + (scaled[i]->factor != nullptr);
  };
  unsigned kept = rank(0) <= rank(1) ? 0 : 1;
  Value wide = operands[1 - kept], factor = scaled[kept]->factor;
  Type element = scaled[kept]->getElementType();
  if (isNarrow(wide))
    return;
  SmallVector<Value> factors;
  if (factor && startsFromZero) {
    factors.push_back(factor);
    factor = nullptr;
  }
  Operation *producer = wide.getDefiningOp();
  bool isShared = element.isF16() && !factor &&
                  isa_and_present<linalg::LinalgOp>(producer) &&
                  producer->getBlock() == op->getBlock() && !wide.hasOneUse();
  Value rounded = isShared
                      ? roundForAll(rewriter, producer, wide, element)
                      : round(rewriter, op.getLoc(), wide, element, factor);
  std::array<Value, 2> narrowed;
  narrowed[kept] = scaled[kept]->source;
  narrowed[1 - kept] = rounded;
  scaleBehind(rewriter, op, narrowed[0], narrowed[1], factors);
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
