//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One gradient for all of linalg, from the derivative of the body.
//
//===----------------------------------------------------------------------===//

#include "GradientBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// The value that a body yields for result `i`, and the argument of its
/// destination.
struct Yielded {
  Value value;
  BlockArgument destination;
};

Yielded getYielded(linalg::LinalgOp op, unsigned result) {
  Block *body = op.getBlock();
  OpOperand *init = op.getDpsInitOperand(result);
  return {body->getTerminator()->getOperand(result),
          op.getMatchingBlockArgument(init)};
}

/// Whether the operation writes, or sums into, the result: then the element of
/// its cotangent is that of every term.
LogicalResult verifyLinearInDestination(linalg::LinalgOp op, unsigned result) {
  Yielded yielded = getYielded(op, result);
  if (yielded.destination.use_empty())
    return success();
  Operation *sum = yielded.value.getDefiningOp();
  bool isSum = isa_and_present<arith::AddFOp>(sum) &&
               yielded.destination.hasOneUse() &&
               *yielded.destination.user_begin() == sum;
  if (isSum)
    return success();
  return op->emitOpError("has no gradient: its result is read in its body by "
                         "more than the sum that it yields; write it as "
                         "operations that write or sum");
}

bool isFloat(Value tensor) {
  return isa<FloatType>(getElementTypeOrSelf(tensor.getType()));
}

/// The gradient of one operand: over the loops of the operation, Σ of the
/// cotangents times the derivatives of the results by the operand.
Value buildGradient(linalg::LinalgOp op, OpOperand &wanted, VjpBuilder &vjp) {
  GradientBuilder gradient(vjp);
  OpBuilder &builder = vjp.builder;
  Type f32 = builder.getF32Type();
  AffineMap map = op.getMatchingIndexingMap(&wanted);

  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  SmallVector<unsigned> results;
  for (unsigned i = 0, e = op->getNumResults(); i < e; ++i)
    if (Value cotangent = vjp.cotangent(i)) {
      inputs.push_back(cotangent);
      maps.push_back(op.getMatchingIndexingMap(op.getDpsInitOperand(i)));
      results.push_back(i);
    }
  unsigned firstOperand = inputs.size();
  for (OpOperand &operand : op->getOpOperands()) {
    inputs.push_back(vjp.primal(operand.get()));
    maps.push_back(op.getMatchingIndexingMap(&operand));
  }
  maps.push_back(map);
  // Loops that the operand does not have are summed over.
  SmallVector<utils::IteratorType> iterators;
  bool sums = false;
  for (unsigned loop = 0, e = op.getNumLoops(); loop < e; ++loop) {
    bool isParallel = map.isFunctionOfDim(loop);
    sums |= !isParallel;
    iterators.push_back(isParallel ? utils::IteratorType::parallel
                                   : utils::IteratorType::reduction);
  }
  // The sizes of a cotangent do, where they are the same: it is there anyway.
  ArrayRef<AffineMap> resultMaps(maps.begin(), firstOperand);
  const auto *same = llvm::find(resultMaps, map);
  Value like = same != resultMaps.end()
                   ? inputs[same - resultMaps.begin()]
                   : inputs[firstOperand + wanted.getOperandNumber()];
  Value init =
      sums ? gradient.zerosLike(like, f32) : gradient.emptyLike(like, f32);
  auto body = [&](OpBuilder &b, Location l, ValueRange scalars) {
    IRMapping mapping;
    Block *block = op.getBlock();
    for (auto [argument, scalar] :
         llvm::zip(block->getArguments(), scalars.drop_front(firstOperand)))
      mapping.map(argument, scalar);
    DenseMap<Value, Value> tangents;
    BlockArgument by = op.getMatchingBlockArgument(&wanted);
    tangents[by] =
        arith::ConstantOp::create(b, l, b.getFloatAttr(by.getType(), 1.0));
    Value sum = sums ? scalars.back() : Value();
    if (succeeded(cloneWithTangents(b, *block, mapping, tangents)))
      for (auto [i, result] : llvm::enumerate(results)) {
        Value slope = tangents.lookup(getYielded(op, result).value);
        if (!slope)
          continue;
        auto wide = [&](Value v) -> Value {
          if (v.getType() == f32)
            return v;
          return arith::ExtFOp::create(b, l, f32, v);
        };
        Value term = arith::MulFOp::create(b, l, wide(scalars[i]), wide(slope));
        sum = sum ? arith::AddFOp::create(b, l, sum, term).getResult() : term;
      }
    if (!sum)
      sum = arith::ConstantOp::create(b, l, b.getF32FloatAttr(0.0));
    linalg::YieldOp::create(b, l, sum);
  };
  auto generic = linalg::GenericOp::create(
      builder, vjp.loc, TypeRange{init.getType()}, inputs, ValueRange{init},
      maps, iterators, body);
  return gradient.convert(generic.getResult(0),
                          gradient.elementType(wanted.get()));
}

template <typename OpTy>
struct LinalgVjp
    : DifferentiableOpInterface::ExternalModel<LinalgVjp<OpTy>, OpTy> {
  LogicalResult buildVjp(Operation *operation, VjpBuilder &vjp) const {
    auto op = cast<linalg::LinalgOp>(operation);
    for (unsigned i = 0, e = op->getNumResults(); i < e; ++i)
      if (vjp.cotangent(i) && failed(verifyLinearInDestination(op, i)))
        return failure();
    for (OpOperand &operand : op->getOpOperands()) {
      unsigned number = operand.getOperandNumber();
      if (!vjp.isWanted(number))
        continue;
      if (op.isDpsInit(&operand)) {
        unsigned result = number - op.getNumDpsInputs();
        // What is summed into passes its cotangent on; what is written, none.
        if (!getYielded(op, result).destination.use_empty())
          if (Value cotangent = vjp.cotangent(result))
            vjp.add(number, cotangent);
        continue;
      }
      if (!isa<RankedTensorType>(operand.get().getType()))
        return op->emitOpError("has no gradient by its scalar operand ")
               << number << "; make a tensor of it";
      if (!isFloat(operand.get()))
        continue;
      AffineMap map = op.getMatchingIndexingMap(&operand);
      if (!map.isProjectedPermutation())
        return op->emitOpError("has no gradient by operand ")
               << number << ": its indexing map " << AffineMapAttr::get(map)
               << " is not a projected permutation, so elements would be "
                  "added to in no fixed order";
      for (Operation &inner : op.getBlock()->without_terminator())
        if (!isMemoryEffectFree(&inner) ||
            (!isa<ScalarDerivativeOpInterface>(inner) &&
             reads(inner, op, operand)))
          return inner.emitOpError("has no derivative; implement "
                                   "'ScalarDerivativeOpInterface' for it");
      vjp.add(number, buildGradient(op, operand, vjp));
    }
    return success();
  }

private:
  /// Whether an operation of the body depends on the scalar of `operand`.
  static bool reads(Operation &inner, linalg::LinalgOp op, OpOperand &operand) {
    DenseSet<Value> varied{op.getMatchingBlockArgument(&operand)};
    for (Operation &other : op.getBlock()->without_terminator()) {
      bool depends = llvm::any_of(other.getOperands(),
                                  [&](Value v) { return varied.contains(v); });
      if (&other == &inner)
        return depends;
      if (depends)
        varied.insert(other.result_begin(), other.result_end());
    }
    return false;
  }
};

template <typename... OpTys> void attach(MLIRContext *context) {
  (OpTys::template attachInterface<LinalgVjp<OpTys>>(*context), ...);
}
} // namespace

void bpt::attachLinalgVjps(MLIRContext *context) {
  attach<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
      >(context);
}
