//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/GPU/Distribute/KnownDivisor.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include <numeric>

using namespace mlir;
using namespace mlir::bpt;

/// Divisors beyond this are of no use: no access is wider than 16 bytes.
static constexpr int64_t kMaxDivisor = 1 << 20;

int64_t bpt::getDivisorOf(int64_t value) {
  return value == 0 ? kMaxDivisor : std::abs(value);
}

int64_t bpt::multiplyDivisors(int64_t a, int64_t b) {
  return std::min(std::min(a, kMaxDivisor) * std::min(b, kMaxDivisor),
                  kMaxDivisor);
}

/// That of an affine expression of `operands`.
static int64_t getKnownDivisor(AffineExpr expr, unsigned numDims,
                               ValueRange operands) {
  switch (expr.getKind()) {
  case AffineExprKind::Constant:
    return bpt::getDivisorOf(cast<AffineConstantExpr>(expr).getValue());
  case AffineExprKind::DimId:
    return bpt::getKnownDivisor(
        operands[cast<AffineDimExpr>(expr).getPosition()]);
  case AffineExprKind::SymbolId:
    return bpt::getKnownDivisor(
        operands[numDims + cast<AffineSymbolExpr>(expr).getPosition()]);
  case AffineExprKind::Add:
  case AffineExprKind::Mul: {
    auto binary = cast<AffineBinaryOpExpr>(expr);
    int64_t a = getKnownDivisor(binary.getLHS(), numDims, operands),
            b = getKnownDivisor(binary.getRHS(), numDims, operands);
    return expr.getKind() == AffineExprKind::Add ? std::gcd(a, b)
                                                 : bpt::multiplyDivisors(a, b);
  }
  default:
    return 1;
  }
}

int64_t bpt::getKnownDivisor(Value value) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return getDivisorOf(*constant);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *parent = argument.getOwner()->getParentOp();
    if (auto loop = dyn_cast<scf::ForOp>(parent))
      return argument == loop.getInductionVar()
                 ? std::gcd(getKnownDivisor(loop.getLowerBound()),
                            getKnownDivisor(loop.getStep()))
                 : 1;
    if (auto function = dyn_cast<FunctionOpInterface>(parent))
      if (auto divisor = function.getArgAttrOfType<IntegerAttr>(
              argument.getArgNumber(), tile::TileDialect::kDivisorAttrName))
        return divisor.getValue().getSExtValue();
    return 1;
  }
  Operation *op = value.getDefiningOp();
  if (isa<affine::AffineApplyOp, affine::AffineMinOp, affine::AffineMaxOp>(
          op)) {
    AffineMap map = cast<AffineMapAttr>(op->getAttr("map")).getValue();
    int64_t all = 0;
    for (AffineExpr expr : map.getResults())
      all = std::gcd(
          all, ::getKnownDivisor(expr, map.getNumDims(), op->getOperands()));
    return all;
  }
  auto operand = [&](unsigned i) { return getKnownDivisor(op->getOperand(i)); };
  if (isa<arith::MulIOp>(op))
    return multiplyDivisors(operand(0), operand(1));
  if (isa<arith::AddIOp, arith::SubIOp, arith::MinSIOp, arith::MinUIOp,
          arith::MaxSIOp, arith::MaxUIOp>(op))
    return std::gcd(operand(0), operand(1));
  if (isa<arith::SelectOp>(op))
    return std::gcd(operand(1), operand(2));
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp,
          arith::ExtUIOp>(op))
    return operand(0);
  return 1;
}

int64_t bpt::getKnownDivisor(OpFoldResult number) {
  if (std::optional<int64_t> constant = getConstantIntValue(number))
    return getDivisorOf(*constant);
  return getKnownDivisor(cast<Value>(number));
}
