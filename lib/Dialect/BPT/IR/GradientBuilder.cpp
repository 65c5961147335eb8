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

SmallVector<int64_t> GradientBuilder::allDims(Value tensor) {
  return llvm::to_vector(llvm::seq<int64_t>(0, rank(tensor)));
}

Value GradientBuilder::emptyLike(Value like, Type elementType) {
  return tensor::EmptyOp::create(builder, loc, sizes(like), elementType);
}

Value GradientBuilder::zerosLike(Value like, Type elementType) {
  return zeros(sizes(like), elementType);
}

Value GradientBuilder::zeros(ArrayRef<OpFoldResult> sizes, Type elementType) {
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(elementType));
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, elementType);
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

Value GradientBuilder::convert(Value tensor, Type elementType) {
  if (GradientBuilder::elementType(tensor) == elementType)
    return tensor;
  return elementwise({tensor}, {elementType},
                     [](OpBuilder &, Location, ValueRange v) {
                       return SmallVector<Value>{v[0]};
                     })[0];
}

SmallVector<Value> GradientBuilder::elementwise(ArrayRef<Value> inputs,
                                                ArrayRef<Type> types,
                                                Body body) {
  SmallVector<Operand> operands, inits;
  for (Value input : inputs)
    operands.push_back({input, allDims(input)});
  for (Type type : types)
    inits.push_back({emptyLike(inputs[0], type), allDims(inputs[0])});
  return generic(rank(inputs[0]), 0, operands, inits, body);
}

Value GradientBuilder::add(Value a, Value b) {
  Type type = elementType(a).isF32() ? elementType(a) : elementType(b);
  return elementwise(
      {a, b}, {type}, [](OpBuilder &b, Location l, ValueRange v) {
        return SmallVector<Value>{arith::AddFOp::create(b, l, v[0], v[1])};
      })[0];
}

Value GradientBuilder::sumOfLeading(Value tensor, unsigned leading) {
  SmallVector<OpFoldResult> all = sizes(tensor);
  ArrayRef<OpFoldResult> kept = ArrayRef(all).drop_front(leading);
  int64_t numKept = kept.size();
  SmallVector<int64_t> from, to = llvm::to_vector(llvm::seq<int64_t>(numKept));
  for (int64_t i = 0; i < leading; ++i)
    from.push_back(numKept + i);
  from.append(to);
  return generic(
      numKept + leading, leading, {{tensor, from}}, {{filled(kept, 0.0), to}},
      [](OpBuilder &b, Location l, ValueRange v) {
        return SmallVector<Value>{arith::AddFOp::create(b, l, v[1], v[0])};
      })[0];
}

Value GradientBuilder::transposeWeight(Value weight, unsigned leading) {
  SmallVector<int64_t> order;
  for (int64_t i = leading; i < rank(weight); ++i)
    order.push_back(i);
  for (int64_t i = 0; i < leading; ++i)
    order.push_back(i);
  SmallVector<OpFoldResult> from = sizes(weight), to;
  for (int64_t dim : order)
    to.push_back(from[dim]);
  Value empty = tensor::EmptyOp::create(builder, loc, to, elementType(weight));
  return linalg::TransposeOp::create(builder, loc, weight, empty, order)
      ->getResult(0);
}

Value GradientBuilder::linear(Value x, Value weight, Value bias, Type type) {
  SmallVector<OpFoldResult> ofX = sizes(x), ofWeight = sizes(weight);
  SmallVector<OpFoldResult> shape{ofX[0], ofX[1]};
  shape.append(ofWeight.begin() + (rank(x) - 2), ofWeight.end());
  Value init = zeros(shape, type);
  return LinearOp::create(builder, loc, init.getType(),
                          convert(x, elementType(weight)), weight, bias, init)
      .getResult();
}

Value GradientBuilder::weightGradient(Value x, Value cotangent) {
  SmallVector<OpFoldResult> ofX = sizes(x), ofCotangent = sizes(cotangent);
  SmallVector<OpFoldResult> shape(ofX.begin() + 2, ofX.end());
  shape.append(ofCotangent.begin() + 2, ofCotangent.end());
  Value init = filled(shape, 0.0);
  return LinearWeightGradientOp::create(builder, loc, init.getType(), x,
                                        convert(cotangent, elementType(x)),
                                        init)
      .getResult();
}

//===----------------------------------------------------------------------===//
// Gradients of whole values
//===----------------------------------------------------------------------===//

Value bpt::addGradients(OpBuilder &builder, Location loc, Value a, Value b) {
  if (isa<RankedTensorType>(a.getType()))
    return GradientBuilder(builder, loc).add(a, b);
  return arith::AddFOp::create(builder, loc, a, b);
}

Value bpt::accumulateGradient(OpBuilder &builder, Location loc, Value sum,
                              Value gradient) {
  GradientBuilder tensors(builder, loc);
  SmallVector<int64_t> dims =
      llvm::to_vector(llvm::seq<int64_t>(0, GradientBuilder::rank(sum)));
  return tensors.generic(dims.size(), 0, {{gradient, dims}}, {{sum, dims}},
                         [](OpBuilder &b, Location l, ValueRange v) {
                           return SmallVector<Value>{
                               arith::AddFOp::create(b, l, v[1], v[0])};
                         })[0];
}

Value bpt::convertGradient(OpBuilder &builder, Location loc, Value gradient,
                           Type type) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType)
    return gradient;
  gradient = GradientBuilder(builder, loc)
                 .convert(gradient, tensorType.getElementType());
  if (gradient.getType() == type)
    return gradient;
  return tensor::CastOp::create(builder, loc, type, gradient);
}

Value bpt::createZeroGradient(OpBuilder &builder, Location loc, Value value) {
  if (!isa<RankedTensorType>(value.getType()))
    return arith::ConstantOp::create(builder, loc,
                                     builder.getZeroAttr(value.getType()));
  return GradientBuilder(builder, loc)
      .zerosLike(value, getElementTypeOrSelf(value));
}
