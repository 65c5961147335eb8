//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::bpt;

static Type elementType(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType();
}

static int64_t rankOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getRank();
}

Value TileBuilder::f32(double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getF32FloatAttr(value));
}

Value TileBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

SmallVector<OpFoldResult> TileBuilder::sizes(Value tensor) {
  return tensor::getMixedSizes(builder, loc, tensor);
}

Value TileBuilder::empty(ArrayRef<OpFoldResult> sizes) {
  return tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
}

Value TileBuilder::filled(ArrayRef<OpFoldResult> sizes, double value) {
  return linalg::FillOp::create(builder, loc, f32(value), empty(sizes))
      .getResult(0);
}

Value TileBuilder::extend(OpBuilder &b, Location l, Value scalar) {
  if (isa<Float16Type, BFloat16Type, Float8E4M3FNType>(scalar.getType()))
    return arith::ExtFOp::create(b, l, b.getF32Type(), scalar);
  return scalar;
}

Value TileBuilder::truncate(OpBuilder &b, Location l, Value scalar, Type type) {
  if (scalar.getType() == type)
    return scalar;
  return arith::TruncFOp::create(b, l, type, scalar);
}

SmallVector<Value> TileBuilder::generic(unsigned rank, unsigned reductions,
                                        ArrayRef<Operand> inputs,
                                        ArrayRef<Operand> inits, Body body) {
  SmallVector<AffineMap> maps;
  SmallVector<Value> inputValues, initValues;
  auto addMap = [&](const Operand &operand) {
    SmallVector<AffineExpr> exprs;
    for (int64_t dim : operand.dims)
      exprs.push_back(builder.getAffineDimExpr(dim));
    maps.push_back(AffineMap::get(rank, 0, exprs, builder.getContext()));
  };
  for (const Operand &input : inputs) {
    inputValues.push_back(input.value);
    addMap(input);
  }
  for (const Operand &init : inits) {
    initValues.push_back(init.value);
    addMap(init);
  }
  SmallVector<utils::IteratorType> iterators(rank - reductions,
                                             utils::IteratorType::parallel);
  iterators.append(reductions, utils::IteratorType::reduction);
  auto op = linalg::GenericOp::create(
      builder, loc, TypeRange(initValues), inputValues, initValues, maps,
      iterators, [&](OpBuilder &b, Location l, ValueRange arguments) {
        SmallVector<Value> scalars;
        for (Value argument : arguments)
          scalars.push_back(extend(b, l, argument));
        SmallVector<Value> results = body(b, l, scalars);
        for (auto [result, init] : llvm::zip(results, initValues))
          result = truncate(b, l, result, elementType(init));
        linalg::YieldOp::create(b, l, results);
      });
  // A body that does not read its destination must not seem to.
  for (Operation &inner :
       llvm::make_early_inc_range(llvm::reverse(*op.getBlock())))
    if (isOpTriviallyDead(&inner))
      inner.erase();
  return SmallVector<Value>(op.getResults());
}

/// init + the product of matrices whose indices are dimensions (m, n, k).
static Value createContract(TileBuilder &tile, Value a, ArrayRef<unsigned> ofA,
                            Value b, ArrayRef<unsigned> ofB, Value init) {
  OpBuilder &builder = tile.builder;
  auto map = [&](ArrayRef<unsigned> dims) {
    return AffineMap::getMultiDimMapWithTargets(3, dims, builder.getContext());
  };
  SmallVector<AffineMap> maps{map(ofA), map(ofB), map({0, 1})};
  return linalg::ContractOp::create(
             builder, tile.loc, TypeRange{init.getType()}, ValueRange{a, b},
             ValueRange{init}, builder.getAffineMapArrayAttr(maps))
      .getResult(0);
}

Value TileBuilder::contract(Value a, Value b, Value init, bool transposed) {
  return createContract(
      *this, a, {0, 2}, b,
      transposed ? ArrayRef<unsigned>{1, 2} : ArrayRef<unsigned>{2, 1}, init);
}

Value TileBuilder::contractTransposed(Value a, Value b, Value init) {
  return createContract(*this, a, {2, 0}, b, {2, 1}, init);
}

/// The number that all elements of the tensor are, if it was filled with one.
static Value getFilling(Value tensor) {
  while (Operation *op = tensor.getDefiningOp()) {
    if (auto fill = dyn_cast<linalg::FillOp>(op))
      return fill.getInputs()[0];
    if (!isa<tensor::ExtractSliceOp, tensor::CollapseShapeOp,
             tensor::ExpandShapeOp, tensor::CastOp>(op))
      break;
    tensor = op->getOperand(0);
  }
  return {};
}

Value TileBuilder::extended(Value tensor) {
  if (elementType(tensor).isF32())
    return tensor;
  if (Value number = getFilling(tensor))
    return linalg::FillOp::create(builder, loc, extend(builder, loc, number),
                                  empty(sizes(tensor)))
        .getResult(0);
  return castInto(tensor, empty(sizes(tensor)));
}

Value TileBuilder::castInto(Value tensor, Value init) {
  if (elementType(tensor) == elementType(init))
    return linalg::CopyOp::create(builder, loc, tensor, init).getResult(0);
  auto dims = llvm::to_vector(llvm::seq<int64_t>(0, rankOf(tensor)));
  return generic(dims.size(), 0, {{tensor, dims}}, {{init, dims}},
                 [](OpBuilder &, Location, ValueRange scalars) {
                   return SmallVector<Value>{scalars[0]};
                 })[0];
}

/// Offsets, sizes and strides of tensor[…, at, …].
static void getSlice(TileBuilder &tile, Value tensor, unsigned dim,
                     OpFoldResult at, SmallVector<OpFoldResult> &offsets,
                     SmallVector<OpFoldResult> &sizes,
                     SmallVector<OpFoldResult> &strides) {
  sizes = tile.sizes(tensor);
  offsets.assign(sizes.size(), tile.builder.getIndexAttr(0));
  strides.assign(sizes.size(), tile.builder.getIndexAttr(1));
  offsets[dim] = at;
  sizes[dim] = tile.builder.getIndexAttr(1);
}

Value TileBuilder::slice(Value tensor, unsigned dim, OpFoldResult at) {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  getSlice(*this, tensor, dim, at, offsets, sizes, strides);
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + dim);
  if (llvm::is_contained(shape, 0)) {
    // Not even a tensor without elements can be sliced at the end.
    sizes.erase(sizes.begin() + dim);
    return tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  }
  return tensor::ExtractSliceOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), tensor,
      offsets, sizes, strides);
}

Value TileBuilder::unslice(Value part, Value into, unsigned dim,
                           OpFoldResult at) {
  if (llvm::is_contained(cast<RankedTensorType>(part.getType()).getShape(), 0))
    return into;
  SmallVector<OpFoldResult> offsets, sizes, strides;
  getSlice(*this, into, dim, at, offsets, sizes, strides);
  return tensor::InsertSliceOp::create(builder, loc, part, into, offsets, sizes,
                                       strides);
}

Value TileBuilder::sliceAt(Value tensor,
                           ArrayRef<std::optional<OpFoldResult>> places) {
  if (places.empty())
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> extents = sizes(tensor);
  SmallVector<OpFoldResult> offsets(extents.size(), builder.getIndexAttr(0)),
      strides(extents.size(), builder.getIndexAttr(1));
  SmallVector<int64_t> shape;
  for (auto [dim, place] : llvm::enumerate(places)) {
    if (!place) {
      shape.push_back(type.getDimSize(dim));
      continue;
    }
    offsets[dim] = *place;
    extents[dim] = builder.getIndexAttr(1);
  }
  return tensor::ExtractSliceOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), tensor,
      offsets, extents, strides);
}

static SmallVector<ReassociationIndices> splitAt(unsigned leading,
                                                 unsigned rank) {
  SmallVector<ReassociationIndices> groups(2);
  for (unsigned i = 0; i < rank; ++i)
    groups[i < leading ? 0 : 1].push_back(i);
  return groups;
}

Value TileBuilder::flattenColumns(Value tensor) {
  return flattenWeight(tensor, 1);
}

Value TileBuilder::flattenWeight(Value tensor, unsigned leading) {
  unsigned rank = rankOf(tensor);
  if (rank == 2)
    return tensor;
  return tensor::CollapseShapeOp::create(builder, loc, tensor,
                                         splitAt(leading, rank));
}

Value TileBuilder::unflattenColumns(Value matrix, Value like) {
  return unflattenWeight(matrix, like, 1);
}

Value TileBuilder::unflattenWeight(Value matrix, Value like, unsigned leading) {
  unsigned rank = rankOf(like);
  if (rank == 2)
    return matrix;
  auto type = RankedTensorType::get(
      cast<RankedTensorType>(like.getType()).getShape(), elementType(matrix));
  return tensor::ExpandShapeOp::create(builder, loc, type, matrix,
                                       splitAt(leading, rank), sizes(like));
}

SmallVector<Value> TileBuilder::forEach(
    OpFoldResult extent, ValueRange carried,
    function_ref<SmallVector<Value>(OpFoldResult, ValueRange)> body) {
  if (isConstantIntValue(extent, 1))
    return body(builder.getIndexAttr(0), carried);
  Value bound = getValueOrCreateConstantIndexOp(builder, loc, extent);
  auto loop =
      scf::ForOp::create(builder, loc, index(0), bound, index(1), carried);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> results =
      body(OpFoldResult(loop.getInductionVar()), loop.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, results);
  return SmallVector<Value>(loop.getResults());
}
