//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Memory/SizeAnalysis.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::bpt;
using Kind = SizeSymbol::Kind;

/// A map of as many symbols as the expressions need, so that equal ones compare
/// equal.
static AffineMap makeMap(ArrayRef<AffineExpr> exprs, MLIRContext *context) {
  return AffineMap::inferFromExprList({exprs}, context).front();
}

ByteCount SizeAnalysis::intern(const SizeSymbol &symbol) {
  auto *found = llvm::find(symbols, symbol);
  unsigned position = found - symbols.begin();
  if (found == symbols.end())
    symbols.push_back(symbol);
  return ByteCount::symbol(position);
}

std::optional<ByteCount> SizeAnalysis::toCount(AffineExpr expr) {
  if (std::optional<ByteCount> count = ByteCount::fromExpr(expr))
    return count;
  auto constant = dyn_cast<AffineConstantExpr>(expr);
  // In code that is not reached a size may seem to be negative.
  if (constant)
    return ByteCount(0);
  // Every divisor must be a number to be evaluated later on.
  bool isSimple = true;
  expr.walk([&](AffineExpr e) {
    auto binary = dyn_cast<AffineBinaryOpExpr>(e);
    if (!binary || e.getKind() == AffineExprKind::Add ||
        e.getKind() == AffineExprKind::Mul)
      return;
    auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
    isSimple &= divisor && divisor.getValue() > 0;
  });
  if (!isSimple)
    return std::nullopt;
  return intern({Kind::Apply, 0, 0, makeMap(expr, context)});
}

std::optional<AffineExpr> SizeAnalysis::choose(Kind kind,
                                               ArrayRef<AffineExpr> exprs) {
  SmallVector<AffineExpr> distinct;
  std::optional<int64_t> constant;
  for (AffineExpr expr : exprs) {
    auto number = dyn_cast<AffineConstantExpr>(expr);
    if (!number) {
      if (!llvm::is_contained(distinct, expr))
        distinct.push_back(expr);
    } else if (!constant ||
               (number.getValue() < *constant) == (kind == Kind::Minimum)) {
      constant = number.getValue();
    }
  }
  if (constant)
    distinct.push_back(getAffineConstantExpr(*constant, context));
  if (distinct.empty())
    return std::nullopt;
  if (distinct.size() == 1)
    return distinct.front();
  return intern({kind, 0, 0, makeMap(distinct, context)}).toExpr(context);
}

SizeAnalysis::Range SizeAnalysis::getRange(Value value) {
  auto found = ranges.find(value);
  if (found != ranges.end())
    return found->second;
  Range range;
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    range = exactly(*constant);
  else if (auto argument = dyn_cast<BlockArgument>(value))
    range = computeRange(argument);
  else
    range = computeRange(value.getDefiningOp());
  ranges[value] = range;
  return range;
}

SizeAnalysis::Range SizeAnalysis::getRange(OpFoldResult value) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return exactly(*constant);
  return getRange(cast<Value>(value));
}

/// Of a loop's variable, from the first iteration's value to below the end.
SizeAnalysis::Range SizeAnalysis::computeRange(BlockArgument argument) {
  if (argument.getOwner() == &function.front())
    return exactly(SizeSymbol{Kind::Argument, argument.getArgNumber()});
  auto loop = dyn_cast<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
  if (!loop)
    return {};
  std::optional<SmallVector<Value>> variables = loop.getLoopInductionVars();
  auto lower = loop.getLoopLowerBounds(), upper = loop.getLoopUpperBounds();
  if (!variables || !lower || !upper)
    return {};
  const auto *variable = llvm::find(*variables, argument);
  if (variable == variables->end())
    return {};
  unsigned position = variable - variables->begin();
  Range range{getRange((*lower)[position]).lower,
              getRange((*upper)[position]).upper};
  if (range.upper)
    range.upper = *range.upper - 1;
  return range;
}

/// The operations of arith on sizes as affine expressions.
static AffineExpr getExpr(Operation *op) {
  MLIRContext *context = op->getContext();
  AffineExpr a = getAffineDimExpr(0, context), b = getAffineDimExpr(1, context);
  return llvm::TypeSwitch<Operation *, AffineExpr>(op)
      .Case<arith::AddIOp>([&](auto) { return a + b; })
      .Case<arith::SubIOp>([&](auto) { return a - b; })
      .Case<arith::MulIOp>([&](auto) { return a * b; })
      .Case<arith::FloorDivSIOp, arith::DivUIOp, arith::DivSIOp>(
          [&](auto) { return a.floorDiv(b); })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>(
          [&](auto) { return a.ceilDiv(b); })
      .Case<arith::RemUIOp, arith::RemSIOp>([&](auto) { return a % b; })
      .Default(AffineExpr());
}

SizeAnalysis::Range SizeAnalysis::computeRange(Operation *op) {
  auto apply = [&](AffineMap map) {
    SmallVector<Range> operands, results;
    for (Value operand : op->getOperands())
      operands.push_back(getRange(operand));
    for (AffineExpr result : map.getResults())
      results.push_back(getRange(result, map.getNumDims(), operands));
    return results;
  };
  auto pair = AffineMap::getMultiDimIdentityMap(2, context);
  return llvm::TypeSwitch<Operation *, Range>(op)
      .Case(
          [&](affine::AffineApplyOp op) { return apply(op.getMap()).front(); })
      .Case([&](affine::AffineMinOp op) {
        return merge(Kind::Minimum, apply(op.getMap()));
      })
      .Case([&](affine::AffineMaxOp op) {
        return merge(Kind::Maximum, apply(op.getMap()));
      })
      .Case<arith::MinSIOp, arith::MinUIOp>(
          [&](auto) { return merge(Kind::Minimum, apply(pair)); })
      .Case<arith::MaxSIOp, arith::MaxUIOp>(
          [&](auto) { return merge(Kind::Maximum, apply(pair)); })
      .Case([&](memref::DimOp dim) {
        std::optional<int64_t> index = dim.getConstantIndex();
        return index ? getDimRange(dim.getSource(), *index) : Range();
      })
      .Default([&](Operation *) {
        AffineExpr expr = getExpr(op);
        return expr ? apply(AffineMap::get(2, 0, expr)).front() : Range();
      });
}

SizeAnalysis::Range SizeAnalysis::getDimRange(Value shaped, unsigned dim) {
  auto type = dyn_cast<MemRefType>(shaped.getType());
  if (!type)
    return {};
  if (!type.isDynamicDim(dim))
    return exactly(type.getDimSize(dim));
  if (auto argument = dyn_cast<BlockArgument>(shaped))
    return argument.getOwner() == &function.front()
               ? exactly(
                     SizeSymbol{Kind::Dimension, argument.getArgNumber(), dim})
               : Range();
  unsigned dynamicDim = type.getDynamicDimIndex(dim);
  return llvm::TypeSwitch<Operation *, Range>(shaped.getDefiningOp())
      .Case([&](memref::AllocOp op) {
        return getRange(op.getDynamicSizes()[dynamicDim]);
      })
      .Case([&](memref::ViewOp op) {
        return getRange(op.getSizes()[dynamicDim]);
      })
      .Case([&](memref::CastOp op) { return getDimRange(op.getSource(), dim); })
      .Case([&](memref::SubViewOp op) {
        llvm::SmallBitVector dropped = op.getDroppedDims();
        unsigned kept = 0;
        for (auto [i, size] : llvm::enumerate(op.getMixedSizes()))
          if (!dropped.test(i) && kept++ == dim)
            return getRange(size);
        return Range();
      })
      .Case([&](memref::ExpandShapeOp op) {
        return getRange(op.getMixedOutputShape()[dim]);
      })
      .Case([&](memref::CollapseShapeOp op) {
        Range product = exactly(int64_t(1));
        SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
        for (int64_t i : groups[dim])
          product = multiply(product, getDimRange(op.getSrc(), i));
        return product;
      })
      .Case([&](CallOpInterface) {
        std::optional<AffineExpr> size = resultDim(cast<OpResult>(shaped), dim);
        return Range{size, size};
      })
      .Default(Range());
}

/// Of numbers that are known, or of which one is a known number: sizes may be
/// negative in code that is not reached.
SizeAnalysis::Range SizeAnalysis::multiply(Range left, Range right) {
  if (left.isExact() && right.isExact())
    return {*left.lower * *right.lower, *left.lower * *right.lower};
  if (left.isExact())
    std::swap(left, right);
  auto factor = right.isExact() ? dyn_cast<AffineConstantExpr>(*right.lower)
                                : AffineConstantExpr();
  if (!factor)
    return {};
  if (factor.getValue() < 0)
    std::swap(left.lower, left.upper);
  Range result;
  if (left.lower)
    result.lower = *left.lower * factor;
  if (left.upper)
    result.upper = *left.upper * factor;
  return result;
}

SizeAnalysis::Range SizeAnalysis::merge(Kind kind, ArrayRef<Range> ranges) {
  SmallVector<AffineExpr> lower, upper;
  for (const Range &range : ranges) {
    if (range.lower)
      lower.push_back(*range.lower);
    if (range.upper)
      upper.push_back(*range.upper);
  }
  // The least of any of the bounds is one of a minimum; a maximum needs all.
  Range result;
  if (kind == Kind::Minimum || upper.size() == ranges.size())
    result.upper = choose(kind, upper);
  if (kind == Kind::Maximum || lower.size() == ranges.size())
    result.lower = choose(kind, lower);
  return result;
}

SizeAnalysis::Range SizeAnalysis::getRange(AffineExpr expr, unsigned numDims,
                                           ArrayRef<Range> operands) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return operands[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return operands[numDims + symbol.getPosition()];
  if (isa<AffineConstantExpr>(expr))
    return {expr, expr};
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Range left = getRange(binary.getLHS(), numDims, operands),
        right = getRange(binary.getRHS(), numDims, operands);
  auto divisor = right.isExact() ? dyn_cast<AffineConstantExpr>(*right.lower)
                                 : AffineConstantExpr();
  bool divides = divisor && divisor.getValue() > 0;
  Range result;
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    // `s0 + 1 - s0` is a number.
    if (left.lower && right.lower)
      result.lower = simplify(*left.lower + *right.lower);
    if (left.upper && right.upper)
      result.upper = simplify(*left.upper + *right.upper);
    return result;
  case AffineExprKind::Mul:
    return multiply(left, right);
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv: {
    if (!divides)
      return {};
    auto divide = [&](std::optional<AffineExpr> bound) {
      if (bound)
        bound = getAffineBinaryOpExpr(expr.getKind(), *bound, divisor);
      return bound;
    };
    return {divide(left.lower), divide(left.upper)};
  }
  case AffineExprKind::Mod:
    if (!divides)
      return {};
    if (left.isExact())
      return {*left.lower % divisor, *left.lower % divisor};
    return {getAffineConstantExpr(0, context), divisor - 1};
  default:
    llvm_unreachable("all kinds of two operands are above");
  }
}

std::optional<ByteCount> SizeAnalysis::getBytes(MemRefType type,
                                                ValueRange dynamicSizes) {
  Type element = type.getElementType();
  if (!type.getLayout().isIdentity() || !element.isIntOrIndexOrFloat())
    return std::nullopt;
  unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  ByteCount bytes(llvm::PowerOf2Ceil(llvm::divideCeil(bits, 8)));
  auto next = dynamicSizes.begin();
  for (int64_t size : type.getShape()) {
    Range range =
        ShapedType::isDynamic(size) ? getRange(*next++) : exactly(size);
    std::optional<ByteCount> count =
        range.upper ? toCount(*range.upper) : std::nullopt;
    if (!count)
      return std::nullopt;
    bytes = bytes * *count;
  }
  return bytes;
}

std::optional<ByteCount> SizeAnalysis::getDim(Value shaped, unsigned dim) {
  Range range = getDimRange(shaped, dim);
  return range.isExact() ? toCount(*range.upper) : std::nullopt;
}

std::optional<SmallVector<AffineExpr>>
SizeAnalysis::substitute(ArrayRef<SizeSymbol> callee, ValueRange operands) {
  SmallVector<AffineExpr> result;
  for (const SizeSymbol &symbol : callee) {
    Range range;
    switch (symbol.kind) {
    case Kind::Dimension:
      range = getDimRange(operands[symbol.argument], symbol.dimension);
      break;
    case Kind::Argument:
      range = getRange(operands[symbol.argument]);
      break;
    case Kind::Workers:
      range = exactly(symbol);
      break;
    case Kind::Apply:
    case Kind::Minimum:
    case Kind::Maximum: {
      SmallVector<AffineExpr> exprs;
      for (AffineExpr e : symbol.map.getResults())
        exprs.push_back(e.replaceSymbols(result));
      range = exactly(SizeSymbol{symbol.kind, 0, 0, makeMap(exprs, context)});
    }
    }
    // A bound will not do: what is made of the symbols may fall where they
    // rise.
    std::optional<ByteCount> count =
        range.isExact() ? toCount(*range.upper) : std::nullopt;
    if (!count)
      return std::nullopt;
    result.push_back(count->toExpr(context));
  }
  return result;
}
