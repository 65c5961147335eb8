//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientBuilder.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// The gradient of y = (x − μ) r ⊙ weight + bias with r = 1 / √(mean of
/// (x − μ)² + eps), μ the mean or 0. With n = (x − μ) r and c = dy ⊙ weight:
///
///   dx = r (c − mean(c) − n mean(c ⊙ n))     without mean(c) if μ is 0
class NormGradient {
public:
  NormGradient(VjpBuilder &vjp, Value x, Value weight, APFloat eps,
               bool centred)
      : gradient(vjp), x(x), weight(weight), centred(centred),
        rank(gradient.rank(x)),
        all(llvm::to_vector(llvm::seq<int64_t>(0, rank))),
        leading(llvm::to_vector(llvm::seq<int64_t>(0, rank - 1))) {
    OpFoldResult width = gradient.sizes(x).back();
    Value count;
    if (auto known = getConstantIntValue(width)) {
      inverseCount = gradient.f32(1.0 / static_cast<double>(*known));
    } else {
      OpBuilder &b = gradient.builder;
      Value integer = arith::IndexCastOp::create(
          b, gradient.loc, b.getI64Type(), cast<Value>(width));
      count = arith::SIToFPOp::create(b, gradient.loc, b.getF32Type(), integer);
      inverseCount =
          arith::DivFOp::create(b, gradient.loc, gradient.f32(1.0), count);
    }
    Value total;
    if (centred) {
      total = meanOf({x}, [](OpBuilder &, Location, ValueRange v) {
        return SmallVector<Value>{v[0]};
      })[0];
      mean = total;
    }
    Value variance =
        meanOf(withMean({x}), [&](OpBuilder &b, Location l, ValueRange v) {
          Value d = centre(b, l, v);
          return SmallVector<Value>{arith::MulFOp::create(b, l, d, d)};
        })[0];
    Value epsilon = gradient.f32(eps.convertToDouble());
    factor = gradient.elementwise(
        {variance}, {gradient.builder.getF32Type()},
        [&](OpBuilder &b, Location l, ValueRange v) {
          Value root = math::SqrtOp::create(
              b, l, arith::AddFOp::create(b, l, v[0], epsilon));
          Value one = arith::ConstantOp::create(b, l, b.getF32FloatAttr(1.0));
          return SmallVector<Value>{arith::DivFOp::create(b, l, one, root)};
        })[0];
  }

  Value ofX(Value dy) {
    // mean(c ⊙ n) and mean(c).
    Value projection =
        meanOf(inputs(dy), [&](OpBuilder &b, Location l, ValueRange v) {
          auto [n, c] = normalised(b, l, v);
          return SmallVector<Value>{arith::MulFOp::create(b, l, n, c)};
        })[0];
    Value shift;
    if (centred)
      shift = meanOf(inputs(dy), [&](OpBuilder &b, Location l, ValueRange v) {
        return SmallVector<Value>{normalised(b, l, v).second};
      })[0];
    SmallVector<TileBuilder::Operand> operands = inputs(dy);
    unsigned next = operands.size();
    operands.push_back({projection, leading});
    if (shift)
      operands.push_back({shift, leading});
    Value init = gradient.emptyLike(x, gradient.elementType(x));
    return gradient.generic(
        rank, 0, operands, {{init, all}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          auto [n, c] = normalised(b, l, v);
          Value along = arith::MulFOp::create(b, l, n, v[next]);
          Value rest = arith::SubFOp::create(b, l, c, along);
          if (shift)
            rest = arith::SubFOp::create(b, l, rest, v[next + 1]);
          return SmallVector<Value>{arith::MulFOp::create(b, l, rest, v[1])};
        })[0];
  }

  /// Σ over all rows of dy ⊙ n.
  Value ofWeight(Value dy) {
    SmallVector<TileBuilder::Operand> operands{{x, rowsLast(rank)},
                                               {factor, rowsLast(rank - 1)}};
    if (centred)
      operands.push_back({mean, rowsLast(rank - 1)});
    operands.push_back({dy, rowsLast(rank)});
    Value init = gradient.filled({gradient.sizes(x).back()}, 0.0);
    return gradient.generic(rank, rank - 1, operands, {{init, {0}}},
                            [&](OpBuilder &b, Location l, ValueRange v) {
                              Value d = v[0];
                              if (centred)
                                d = arith::SubFOp::create(b, l, d, v[2]);
                              Value n = arith::MulFOp::create(b, l, d, v[1]);
                              Value term = arith::MulFOp::create(
                                  b, l, n, v[centred ? 3 : 2]);
                              return SmallVector<Value>{
                                  arith::AddFOp::create(b, l, v.back(), term)};
                            })[0];
  }

private:
  /// The dimensions of a tensor where the width is the first loop and the rows
  /// are the others.
  SmallVector<int64_t> rowsLast(int64_t ofRank) {
    SmallVector<int64_t> dims;
    for (int64_t i = 0; i < ofRank; ++i)
      dims.push_back(i == rank - 1 ? 0 : i + 1);
    return dims;
  }

  /// Inputs x, r, [μ,] dy, [weight] of the passes over the elements.
  SmallVector<TileBuilder::Operand> inputs(Value dy) {
    SmallVector<TileBuilder::Operand> operands{{x, all}, {factor, leading}};
    if (centred)
      operands.push_back({mean, leading});
    operands.push_back({dy, all});
    if (weight)
      operands.push_back({weight, {rank - 1}});
    return operands;
  }

  /// n and c of the scalars of `inputs`.
  std::pair<Value, Value> normalised(OpBuilder &b, Location l, ValueRange v) {
    unsigned next = 2;
    Value d = v[0];
    if (centred)
      d = arith::SubFOp::create(b, l, d, v[next++]);
    Value n = arith::MulFOp::create(b, l, d, v[1]);
    Value c = v[next++];
    if (weight)
      c = arith::MulFOp::create(b, l, c, v[next]);
    return {n, c};
  }

  SmallVector<TileBuilder::Operand> withMean(ArrayRef<Value> tensors) {
    SmallVector<TileBuilder::Operand> operands;
    for (Value tensor : tensors)
      operands.push_back({tensor, all});
    if (centred)
      operands.push_back({mean, leading});
    return operands;
  }
  Value centre(OpBuilder &b, Location l, ValueRange v) {
    if (!centred)
      return v[0];
    return arith::SubFOp::create(b, l, v[0], v[1]);
  }

  SmallVector<Value> meanOf(ArrayRef<Value> tensors, TileBuilder::Body term) {
    SmallVector<TileBuilder::Operand> operands;
    for (Value tensor : tensors)
      operands.push_back({tensor, all});
    return meanOf(operands, term);
  }

  /// The mean over the width of what `term` makes of the operands.
  SmallVector<Value> meanOf(ArrayRef<TileBuilder::Operand> operands,
                            TileBuilder::Body term) {
    SmallVector<OpFoldResult> rows = gradient.sizes(x);
    rows.pop_back();
    return gradient.generic(
        rank, 1, operands, {{gradient.filled(rows, 0.0), leading}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          Value scaled =
              arith::MulFOp::create(b, l, term(b, l, v)[0], inverseCount);
          return SmallVector<Value>{
              arith::AddFOp::create(b, l, v.back(), scaled)};
        });
  }

  GradientBuilder gradient;
  Value x, weight;
  bool centred;
  int64_t rank;
  SmallVector<int64_t> all, leading;
  Value inverseCount, mean, factor;
};
} // namespace

template <typename OpTy>
static LogicalResult buildNormVjp(OpTy op, Value bias, bool centred,
                                  VjpBuilder &vjp) {
  Value dy = vjp.cotangent(0), weight = op.getWeight();
  if (bias && vjp.isActive(bias))
    vjp.add(weight ? 2 : 1, GradientBuilder(vjp).sumOfLeading(
                                dy, GradientBuilder::rank(dy) - 1));
  bool wantsWeight = weight && vjp.isActive(weight);
  if (!vjp.isActive(op.getX()) && !wantsWeight)
    return success();
  NormGradient norm(vjp, vjp.primal(op.getX()),
                    weight ? vjp.primal(weight) : Value(), op.getEps(),
                    centred);
  if (vjp.isActive(op.getX()))
    vjp.add(0, norm.ofX(dy));
  if (wantsWeight)
    vjp.add(1, norm.ofWeight(dy));
  return success();
}

LogicalResult LayerNormOp::buildVjp(VjpBuilder &vjp) {
  return buildNormVjp(*this, getBias(), /*centred=*/true, vjp);
}

LogicalResult RMSNormOp::buildVjp(VjpBuilder &vjp) {
  return buildNormVjp(*this, Value(), /*centred=*/false, vjp);
}
