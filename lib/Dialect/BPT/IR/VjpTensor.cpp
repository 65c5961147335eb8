//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gradients of tensor operations, and of arithmetic outside of bodies.
//
//===----------------------------------------------------------------------===//

#include "GradientBuilder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
template <typename Model, typename OpTy>
using Vjp = DifferentiableOpInterface::ExternalModel<Model, OpTy>;

Type elementTypeOf(Value tensor) { return getElementTypeOrSelf(tensor); }

struct ExtractSliceVjp : Vjp<ExtractSliceVjp, tensor::ExtractSliceOp> {
  LogicalResult buildVjp(Operation *operation, VjpBuilder &vjp) const {
    auto op = cast<tensor::ExtractSliceOp>(operation);
    if (!vjp.isActive(op.getSource()))
      return success();
    GradientBuilder gradient(vjp);
    Value cotangent = vjp.cotangent(0);
    Value zeros = gradient.zerosLike(vjp.primal(op.getSource()),
                                     elementTypeOf(cotangent));
    vjp.add(0, tensor::InsertSliceOp::create(
                   vjp.builder, vjp.loc, cotangent, zeros, op.getMixedOffsets(),
                   op.getMixedSizes(), op.getMixedStrides())
                   .getResult());
    return success();
  }
};

struct InsertSliceVjp : Vjp<InsertSliceVjp, tensor::InsertSliceOp> {
  LogicalResult buildVjp(Operation *operation, VjpBuilder &vjp) const {
    auto op = cast<tensor::InsertSliceOp>(operation);
    GradientBuilder gradient(vjp);
    Value cotangent = vjp.cotangent(0);
    auto partType = RankedTensorType::get(op.getSourceType().getShape(),
                                          elementTypeOf(cotangent));
    if (vjp.isActive(op.getSource()))
      vjp.add(0, tensor::ExtractSliceOp::create(vjp.builder, vjp.loc, partType,
                                                cotangent, op.getMixedOffsets(),
                                                op.getMixedSizes(),
                                                op.getMixedStrides())
                     .getResult());
    if (vjp.isActive(op.getDest())) {
      Value zeros = gradient.zerosLike(vjp.primal(op.getSource()),
                                       elementTypeOf(cotangent));
      vjp.add(1, tensor::InsertSliceOp::create(vjp.builder, vjp.loc, zeros,
                                               cotangent, op.getMixedOffsets(),
                                               op.getMixedSizes(),
                                               op.getMixedStrides())
                     .getResult());
    }
    return success();
  }
};

struct CollapseShapeVjp : Vjp<CollapseShapeVjp, tensor::CollapseShapeOp> {
  LogicalResult buildVjp(Operation *operation, VjpBuilder &vjp) const {
    auto op = cast<tensor::CollapseShapeOp>(operation);
    if (!vjp.isActive(op.getSrc()))
      return success();
    GradientBuilder gradient(vjp);
    Value cotangent = vjp.cotangent(0);
    auto type = RankedTensorType::get(op.getSrcType().getShape(),
                                      elementTypeOf(cotangent));
    vjp.add(0, tensor::ExpandShapeOp::create(
                   vjp.builder, vjp.loc, type, cotangent,
                   op.getReassociationIndices(),
                   gradient.sizes(vjp.primal(op.getSrc())))
                   .getResult());
    return success();
  }
};

struct ExpandShapeVjp : Vjp<ExpandShapeVjp, tensor::ExpandShapeOp> {
  LogicalResult buildVjp(Operation *operation, VjpBuilder &vjp) const {
    auto op = cast<tensor::ExpandShapeOp>(operation);
    if (!vjp.isActive(op.getSrc()))
      return success();
    Value cotangent = vjp.cotangent(0);
    auto type = RankedTensorType::get(op.getSrcType().getShape(),
                                      elementTypeOf(cotangent));
    vjp.add(0, tensor::CollapseShapeOp::create(vjp.builder, vjp.loc, type,
                                               cotangent,
                                               op.getReassociationIndices())
                   .getResult());
    return success();
  }
};

struct CastVjp : Vjp<CastVjp, tensor::CastOp> {
  LogicalResult buildVjp(Operation *operation, VjpBuilder &vjp) const {
    auto op = cast<tensor::CastOp>(operation);
    if (!vjp.isActive(op.getSource()))
      return success();
    Value cotangent = vjp.cotangent(0);
    auto source = dyn_cast<RankedTensorType>(op.getSource().getType());
    if (!source)
      return op.emitOpError("has no gradient: its operand has no rank");
    vjp.add(0, tensor::CastOp::create(
                   vjp.builder, vjp.loc,
                   RankedTensorType::get(source.getShape(),
                                         elementTypeOf(cotangent)),
                   cotangent)
                   .getResult());
    return success();
  }
};

/// Arithmetic on tensors, or on numbers that the function computes with.
template <typename OpTy> struct ArithmeticVjp : Vjp<ArithmeticVjp<OpTy>, OpTy> {
  LogicalResult buildVjp(Operation *op, VjpBuilder &vjp) const {
    OpBuilder &b = vjp.builder;
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(vjp.primal(operand));
    Value result = vjp.primal(op->getResult(0)), cotangent = vjp.cotangent(0);
    for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
      if (!vjp.isWanted(i))
        continue;
      TypedAttr one = b.getOneAttr(getElementTypeOrSelf(operand.getType()));
      if (auto shaped = dyn_cast<ShapedType>(operand.getType())) {
        if (!shaped.hasStaticShape())
          return op->emitOpError("has no gradient on a tensor of dynamic "
                                 "shape; write it as a linalg operation");
        one = DenseElementsAttr::get(shaped, one);
      }
      SmallVector<Value> tangents(operands.size());
      tangents[i] = arith::ConstantOp::create(b, vjp.loc, one);
      Value slope = cast<ScalarDerivativeOpInterface>(op).buildTangent(
          b, operands, result, tangents);
      if (!slope)
        continue;
      // Only ext and trunc have other types than their operand.
      Type type = operand.getType();
      if (isa<arith::ExtFOp>(op))
        vjp.add(
            i,
            arith::TruncFOp::create(b, vjp.loc, type, cotangent).getResult());
      else if (isa<arith::TruncFOp>(op))
        vjp.add(i,
                arith::ExtFOp::create(b, vjp.loc, type, cotangent).getResult());
      else
        vjp.add(
            i, arith::MulFOp::create(b, vjp.loc, cotangent, slope).getResult());
    }
    return success();
  }
};

template <typename... OpTys> void attachArithmetic(MLIRContext *context) {
  (OpTys::template attachInterface<ArithmeticVjp<OpTys>>(*context), ...);
}
} // namespace

void bpt::attachTensorVjps(MLIRContext *context) {
  tensor::ExtractSliceOp::attachInterface<ExtractSliceVjp>(*context);
  tensor::InsertSliceOp::attachInterface<InsertSliceVjp>(*context);
  tensor::CollapseShapeOp::attachInterface<CollapseShapeVjp>(*context);
  tensor::ExpandShapeOp::attachInterface<ExpandShapeVjp>(*context);
  tensor::CastOp::attachInterface<CastVjp>(*context);
  attachArithmetic<
      arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::NegFOp,
      arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp,
      arith::SelectOp, arith::ExtFOp, arith::TruncFOp, math::FmaOp, math::ExpOp,
      math::Exp2Op, math::ExpM1Op, math::LogOp, math::Log2Op, math::Log1pOp,
      math::SqrtOp, math::RsqrtOp, math::TanhOp, math::ErfOp, math::SinOp,
      math::CosOp, math::AbsFOp, math::PowFOp>(context);
}
