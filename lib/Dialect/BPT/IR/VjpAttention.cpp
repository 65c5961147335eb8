//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientBuilder.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::bpt;

Operation *AttentionOp::prepareForVjp(RewriterBase &rewriter) {
  if (getMax())
    return *this;
  rewriter.setInsertionPoint(*this);
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(rewriter, getLoc(), getInit());
  sizes.pop_back();
  auto empty = [&]() -> Value {
    return tensor::EmptyOp::create(rewriter, getLoc(), sizes,
                                   rewriter.getF32Type());
  };
  AttentionOp larger =
      cloneWithResults(rewriter, getLseInit(), empty(), empty());
  rewriter.replaceAllUsesWith(getResult(), larger.getResult());
  if (getLse())
    rewriter.replaceAllUsesWith(getLse(), larger.getLse());
  rewriter.eraseOp(*this);
  return larger;
}

/// A score region must have a derivative by the score, and reads no value whose
/// gradient is wanted: that would be a sum over all scores.
static LogicalResult verifyScoreDerivative(AttentionOp op, VjpBuilder &vjp) {
  Region *region = op.getScoreRegion();
  if (!region)
    return success();
  Block &block = region->front();
  DenseSet<Value> varied{block.getArgument(0)};
  for (Operation &inner : block) {
    for (Value operand : inner.getOperands())
      if (!region->isAncestor(operand.getParentRegion()) &&
          vjp.isActive(operand))
        return inner.emitOpError(
            "reads a value whose gradient is wanted; a score region has a "
            "gradient by its score only. Exclude the argument it comes from "
            "with 'wrt', or add what it gives as a bias");
    if (isa<YieldOp>(inner) || llvm::none_of(inner.getOperands(), [&](Value v) {
          return varied.contains(v);
        }))
      continue;
    if (!isa<ScalarDerivativeOpInterface>(inner))
      return inner.emitOpError("has no derivative; implement "
                               "'ScalarDerivativeOpInterface' for it");
    varied.insert(inner.result_begin(), inner.result_end());
  }
  return success();
}

LogicalResult AttentionOp::buildVjp(VjpBuilder &vjp) {
  if (failed(verifyScoreDerivative(*this, vjp)))
    return failure();
  bool wantsBias = getBias() && vjp.isActive(getBias());
  bool wantsQuery = vjp.isWanted(0) || wantsBias,
       wantsKeyValue = vjp.isWanted(1) || vjp.isWanted(2);
  for (Value operand : {getQueryScale(), getKeyScale(), getValueScale()})
    if (operand && vjp.isActive(operand))
      wantsQuery = true;
  if (!wantsQuery && !wantsKeyValue)
    return success();
  if (getQueryScale() || getValueTransposed() || multipliesFloat8())
    return emitOpError(
        "has no gradient, since its operands are of f8E4M3FN, "
        "have scales or lie transposed; differentiate what is computed before "
        "they are rounded, or leave them out of 'wrt'");
  GradientBuilder gradient(vjp);
  OpBuilder &builder = vjp.builder;
  Type f32 = builder.getF32Type(), type = gradient.elementType(getQuery());
  auto primal = [&](Value value) {
    return value ? vjp.primal(value) : Value();
  };

  // delta = Σ_d do · out − dlse
  Value out = vjp.primal(getResult()), max = vjp.primal(getMax()),
        sum = vjp.primal(getSum());
  Value dout = vjp.cotangent(0), dlse = getLse() ? vjp.cotangent(1) : Value();
  Value delta = gradient.zerosLike(max, f32);
  if (!dout)
    dout = gradient.zerosLike(out, type);
  if (dlse)
    delta = gradient.elementwise(
        {dlse}, {f32}, [](OpBuilder &b, Location l, ValueRange v) {
          return SmallVector<Value>{arith::NegFOp::create(b, l, v[0])};
        })[0];
  delta = gradient.generic(
      4, 1, {{dout, {0, 1, 2, 3}}, {out, {0, 1, 2, 3}}}, {{delta, {0, 1, 2}}},
      [](OpBuilder &b, Location l, ValueRange v) {
        Value product = arith::MulFOp::create(b, l, v[0], v[1]);
        return SmallVector<Value>{arith::AddFOp::create(b, l, v[2], product)};
      })[0];

  Value query = primal(getQuery()), key = primal(getKey()),
        value = primal(getValue()), bias = primal(getBias());
  auto of = !wantsKeyValue ? AttentionGradients::Query
            : wantsQuery   ? AttentionGradients::All
                           : AttentionGradients::KeyValue;
  SmallVector<Value> inits;
  if (wantsQuery)
    inits.push_back(gradient.zerosLike(query, f32));
  if (wantsKeyValue)
    inits.append(
        {gradient.zerosLike(key, f32), gradient.zerosLike(value, f32)});
  if (wantsBias)
    inits.push_back(gradient.zerosLike(bias, f32));
  SmallVector<Value> positions;
  for (Value position : getPositions())
    positions.push_back(vjp.primal(position));
  if (!positions.empty())
    positions.push_back(gradient.index(0));
  // Values that are computed again are so before what reads them.
  IRMapping captured;
  if (Region *score = getScoreRegion())
    visitUsedValuesDefinedAbove(*score, *score, [&](OpOperand *operand) {
      captured.map(operand->get(), vjp.primal(operand->get()));
    });
  auto backward = AttentionBackwardOp::create(
      builder, vjp.loc, TypeRange(inits), query, key, value, bias,
      primal(getQuerySegments()), primal(getKeySegments()), primal(getSeed()),
      positions, primal(getDiagonal()), max, sum, gradient.convert(dout, type),
      delta, inits, of, getCausal(), getWindowAttr(), getScaleAttr(),
      getDropoutAttr(), getScore().size());
  if (Region *score = getScoreRegion())
    score->cloneInto(backward.getScoreRegion(), captured);
  for (auto [input, result] :
       llvm::zip(backward.getInputsOfGradients(), backward.getResults()))
    if (input == AttentionInput::Bias)
      vjp.add(3, result);
    else if (unsigned operand = static_cast<unsigned>(input);
             vjp.isWanted(operand))
      vjp.add(operand, gradient.convert(result, type));
  return success();
}
