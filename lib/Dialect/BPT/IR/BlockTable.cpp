//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace mlir::bpt;

#include "bpt/Dialect/BPT/IR/BPTInterfaces.cpp.inc"

LogicalResult bpt::verifyBlockTable(Operation *op) {
  BlockTable table = cast<BlockedOpInterface>(op).getBlockTable();
  struct Seen {
    int64_t size;
    unsigned operand, position;
  };
  SmallVector<std::optional<Seen>> sizes(table.dims.size());
  for (unsigned i = 0, e = op->getNumOperands(); i < e; ++i) {
    auto type = dyn_cast<RankedTensorType>(op->getOperand(i).getType());
    if (!type || table.operands[i].empty())
      continue;
    if (type.getRank() != static_cast<int64_t>(table.operands[i].size()))
      return op->emitOpError("expects '")
             << table.operandNames[i] << "' of rank "
             << table.operands[i].size() << ", got rank " << type.getRank();
    for (auto [position, ref] : llvm::enumerate(table.operands[i])) {
      int64_t size = type.getDimSize(position);
      if (ShapedType::isDynamic(size) || ref.broadcast)
        continue;
      std::optional<Seen> &seen = sizes[ref.dim];
      if (ref.ragged) {
        if (seen && llvm::divideCeilSigned(seen->size, ref.divisor) != size)
          return op->emitOpError()
                 << table.dims[ref.dim] << " size of '" << table.operandNames[i]
                 << "' (dimension " << position << ") is " << size << ", but '"
                 << table.operandNames[seen->operand] << "' (dimension "
                 << seen->position << ") asks for "
                 << llvm::divideCeilSigned(seen->size, ref.divisor)
                 << ": one for every " << ref.divisor << " of its "
                 << seen->size;
        continue;
      }
      if (!seen) {
        seen = Seen{size * ref.divisor, i, static_cast<unsigned>(position)};
        continue;
      }
      if (seen->size == size * ref.divisor)
        continue;
      InFlightDiagnostic diagnostic =
          op->emitOpError()
          << table.dims[ref.dim] << " size of '" << table.operandNames[i]
          << "' (dimension " << position << ") is " << size << ", but ";
      if (ref.divisor != 1)
        return diagnostic << "'" << table.operandNames[seen->operand]
                          << "' (dimension " << seen->position << ") asks for "
                          << seen->size / ref.divisor << ": one for every "
                          << ref.divisor << " of its " << seen->size;
      return diagnostic << "that of '" << table.operandNames[seen->operand]
                        << "' (dimension " << seen->position << ") is "
                        << seen->size;
    }
  }
  auto dps = cast<DestinationStyleOpInterface>(op);
  if (op->getNumResults() != dps.getDpsInits().size())
    return op->emitOpError("has ")
           << op->getNumResults() << " results for " << dps.getDpsInits().size()
           << " destinations; each destination gives one result";
  for (auto [result, init] : llvm::zip(op->getResults(), dps.getDpsInits()))
    if (result.getType() != init.getType())
      return op->emitOpError("result #")
             << result.getResultNumber() << " has type " << result.getType()
             << ", but its destination has type " << init.getType();
  return success();
}

LogicalResult bpt::reifyShapesOfInits(OpBuilder &builder, Operation *op,
                                      ReifiedRankedShapedTypeDims &shapes) {
  for (Value init : cast<DestinationStyleOpInterface>(op).getDpsInits())
    shapes.push_back(tensor::getMixedSizes(builder, op->getLoc(), init));
  return success();
}

/// Lower bound and step of the loop that `value` is the induction variable of.
static std::optional<std::pair<OpFoldResult, OpFoldResult>>
getLoopOf(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return std::nullopt;
  auto loop =
      dyn_cast_or_null<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
  if (!loop)
    return std::nullopt;
  auto variables = loop.getLoopInductionVars();
  auto bounds = loop.getLoopLowerBounds();
  auto steps = loop.getLoopSteps();
  if (!variables || !bounds || !steps)
    return std::nullopt;
  for (auto [variable, bound, step] : llvm::zip(*variables, *bounds, *steps))
    if (variable == value)
      return std::pair{bound, step};
  return std::nullopt;
}

bool bpt::isKnownMultipleOf(OpFoldResult value, int64_t factor) {
  if (factor == 1)
    return true;
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return *constant % factor == 0;
  auto ssa = dyn_cast<Value>(value);
  if (!ssa)
    return false;
  if (auto loop = getLoopOf(ssa))
    return isKnownMultipleOf(loop->first, factor) &&
           isKnownMultipleOf(loop->second, factor);
  if (auto apply = ssa.getDefiningOp<affine::AffineApplyOp>()) {
    // A sum is a multiple if every term is; anything else must be so by itself.
    AffineExpr expr = apply.getAffineMap().getResult(0);
    unsigned numDims = apply.getAffineMap().getNumDims();
    std::function<bool(AffineExpr)> isMultiple = [&](AffineExpr e) -> bool {
      if (e.isMultipleOf(factor))
        return true;
      if (auto dim = dyn_cast<AffineDimExpr>(e))
        return isKnownMultipleOf(apply.getOperand(dim.getPosition()), factor);
      if (auto symbol = dyn_cast<AffineSymbolExpr>(e))
        return isKnownMultipleOf(
            apply.getOperand(numDims + symbol.getPosition()), factor);
      auto binary = dyn_cast<AffineBinaryOpExpr>(e);
      return binary && binary.getKind() == AffineExprKind::Add &&
             isMultiple(binary.getLHS()) && isMultiple(binary.getRHS());
    };
    return isMultiple(expr);
  }
  return false;
}
