//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::bpt;

static bool isF32(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType().isF32();
}

/// matrix[i, j] += bias[j], in place.
static Value addBias(TileBuilder &tile, Value matrix, Value bias) {
  if (!bias)
    return matrix;
  return tile.generic(2, 0, {{bias, {1}}}, {{matrix, {0, 1}}},
                      [](OpBuilder &b, Location l, ValueRange v) {
                        return SmallVector<Value>{
                            arith::AddFOp::create(b, l, v[0], v[1])};
                      })[0];
}

/// The value that `compute` makes of `init`'s f32 form, in init's own type.
static Value accumulateInF32(TileBuilder &tile, Value init,
                             function_ref<Value(Value)> compute) {
  if (isF32(init))
    return compute(init);
  return tile.castInto(compute(tile.extended(init)), init);
}

/// The tensor with its dimensions made one, if there are several.
static Value flattenLine(TileBuilder &tile, Value tensor) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  if (rank < 2)
    return tensor;
  SmallVector<ReassociationIndices> all(1);
  for (int64_t dim = 0; dim < rank; ++dim)
    all[0].push_back(dim);
  return tensor::CollapseShapeOp::create(tile.builder, tile.loc, tensor, all);
}

namespace {
/// The product of f8E4M3FN with its scales. Those of rows and of columns are
/// one for each, or one for all.
class ScaledProduct {
public:
  ScaledProduct(LinearOp op, TileBuilder &tile, OpFoldResult batch)
      : op(op), tile(tile), batch(batch) {}

  /// sum + x · weight, a sum for each block of inputs.
  Value addTo(Value sum, Value x, Value weight) {
    OpBuilder &builder = tile.builder;
    int64_t block = op.getInputBlock();
    OpFoldResult inputs = tile.sizes(x)[1];
    std::optional<int64_t> known = getConstantIntValue(inputs);
    if (block == 0 || (known && *known <= block))
      return addBlock(sum, x, weight, builder.getIndexAttr(0));
    auto loop = scf::ForOp::create(
        builder, tile.loc, tile.index(0),
        getValueOrCreateConstantIndexOp(builder, tile.loc, inputs),
        tile.index(block), sum);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    OpFoldResult first = loop.getInductionVar(),
                 size = builder.getIndexAttr(block);
    AffineExpr d0 = builder.getAffineDimExpr(0),
               d1 = builder.getAffineDimExpr(1);
    if (!known || *known % block != 0)
      size = affine::makeComposedFoldedAffineMin(
          builder, tile.loc,
          AffineMap::get(2, 0, {builder.getAffineConstantExpr(block), d1 - d0},
                         builder.getContext()),
          {first, inputs});
    OpFoldResult number = affine::makeComposedFoldedAffineApply(
        builder, tile.loc, d0.floorDiv(block), {first});
    Value next =
        addBlock(loop.getRegionIterArg(0), cut(x, 1, first, size),
                 cut(weight, op.getTransposed() ? 1 : 0, first, size), number);
    scf::YieldOp::create(builder, tile.loc, next);
    return loop.getResult(0);
  }

private:
  /// sum + x · weight · the scales of block `number` of inputs.
  Value addBlock(Value sum, Value x, Value weight, OpFoldResult number) {
    Value product = tile.contract(x, weight, tile.filled(tile.sizes(sum), 0.0),
                                  op.getTransposed());
    SmallVector<TileBuilder::Operand> inputs{{product, {0, 1}}};
    for (auto [scale, dim] :
         {std::pair{getXScale(number), 0}, {getWeightScale(number), 1}}) {
      bool isLine = cast<RankedTensorType>(scale.getType()).getRank() != 0;
      inputs.push_back(
          {scale, isLine ? SmallVector<int64_t>{dim} : SmallVector<int64_t>{}});
    }
    return tile.generic(
        2, 0, inputs, {{sum, {0, 1}}},
        [](OpBuilder &b, Location l, ValueRange v) {
          Value scale = arith::MulFOp::create(b, l, v[1], v[2]);
          Value scaled = arith::MulFOp::create(b, l, v[0], scale);
          return SmallVector<Value>{arith::AddFOp::create(b, l, v[3], scaled)};
        })[0];
  }

  Value getXScale(OpFoldResult number) {
    SmallVector<std::optional<OpFoldResult>> places;
    if (auto blocks = op.getXBlocks())
      places = getPlaces(*blocks, {batch, std::nullopt}, number);
    return tile.sliceAt(op.getXScale(), places);
  }

  Value getWeightScale(OpFoldResult number) {
    SmallVector<std::optional<OpFoldResult>> places;
    if (auto blocks = op.getWeightBlocks()) {
      places.assign(op.getNumOutputs(), std::nullopt);
      places = getPlaces(blocks->slice(op.getFirstOutput(), places.size()),
                         places, number);
      SmallVector<std::optional<OpFoldResult>> inputs = getPlaces(
          blocks->slice(op.getFirstInput(), op.getNumInputs()), {}, number);
      places.insert(op.getTransposed() ? places.end() : places.begin(),
                    inputs.begin(), inputs.end());
    }
    return flattenLine(tile, tile.sliceAt(op.getWeightScale(), places));
  }

  /// Where the scale is read along each dimension: at the given places, then at
  /// block `number`, and at 0 if the block is all of the dimension.
  SmallVector<std::optional<OpFoldResult>>
  getPlaces(ArrayRef<int64_t> blocks,
            ArrayRef<std::optional<OpFoldResult>> first, OpFoldResult number) {
    SmallVector<std::optional<OpFoldResult>> places(first);
    places.resize(blocks.size(), number);
    for (auto [place, block] : llvm::zip_equal(places, blocks))
      if (block == 0)
        place = tile.builder.getIndexAttr(0);
    return places;
  }

  Value cut(Value matrix, unsigned dim, OpFoldResult first, OpFoldResult size) {
    SmallVector<OpFoldResult> sizes = tile.sizes(matrix);
    SmallVector<OpFoldResult> offsets(2, tile.builder.getIndexAttr(0)),
        strides(2, tile.builder.getIndexAttr(1));
    offsets[dim] = first;
    sizes[dim] = size;
    return tensor::ExtractSliceOp::create(tile.builder, tile.loc, matrix,
                                          offsets, sizes, strides);
  }

  LinearOp op;
  TileBuilder &tile;
  OpFoldResult batch;
};
} // namespace

FailureOr<SmallVector<Value>> LinearOp::decomposeOperation(OpBuilder &builder) {
  auto isExpanded = [](int64_t block) { return block <= 1; };
  if ((getXBlocks() &&
       !llvm::all_of(getXBlocks()->take_front(2), isExpanded)) ||
      (getWeightBlocks() &&
       !llvm::all_of(
           getWeightBlocks()->slice(getFirstOutput(), getNumOutputs()),
           isExpanded)))
    return emitOpError("has a scale for several rows or columns; "
                       "bpt-expand-scales gives each its own");
  TileBuilder tile(builder, getLoc());
  Value weight = tile.flattenWeight(
      getWeight(), getTransposed() ? getNumOutputs() : getNumInputs());
  Value bias = getBias() ? flattenLine(tile, getBias()) : Value();
  return tile.forEach(
      tile.sizes(getX())[0], ValueRange{getInit()},
      [&](OpFoldResult batch, ValueRange carried) {
        Value x = tile.flattenColumns(tile.slice(getX(), 0, batch));
        Value init = tile.slice(carried[0], 0, batch);
        Value sum = accumulateInF32(
            tile, tile.flattenColumns(init), [&](Value destination) {
              Value sum = getXScale() ? ScaledProduct(*this, tile, batch)
                                            .addTo(destination, x, weight)
                                      : tile.contract(x, weight, destination,
                                                      getTransposed());
              return addBias(tile, sum, bias);
            });
        return SmallVector<Value>{tile.unslice(tile.unflattenColumns(sum, init),
                                               carried[0], 0, batch)};
      });
}

//===----------------------------------------------------------------------===//
// FeedForwardOp
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>>
FeedForwardOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  OpFoldResult rows = tile.sizes(getX())[1], hidden = tile.sizes(getW1())[1];
  return tile.forEach(
      tile.sizes(getX())[0], ValueRange{getInit()},
      [&](OpFoldResult batch, ValueRange carried) {
        Value x = tile.slice(getX(), 0, batch);
        Value up = tile.contract(x, getW1(), tile.filled({rows, hidden}, 0.0));
        SmallVector<TileBuilder::Operand> inputs;
        if (getB1())
          inputs.push_back({getB1(), {1}});
        if (getW3())
          inputs.push_back(
              {tile.contract(x, getW3(), tile.filled({rows, hidden}, 0.0)),
               {0, 1}});
        if (getB3())
          inputs.push_back({getB3(), {1}});
        Value z = tile.generic(
            2, 0, inputs, {{up, {0, 1}}},
            [&](OpBuilder &b, Location l, ValueRange scalars) {
              unsigned next = 0;
              Value u = scalars.back();
              if (getB1())
                u = arith::AddFOp::create(b, l, u, scalars[next++]);
              Value act = applyActivation(b, l, getActivation(), u);
              if (getW3()) {
                Value gate = scalars[next++];
                if (getB3())
                  gate = arith::AddFOp::create(b, l, gate, scalars[next++]);
                act = arith::MulFOp::create(b, l, act, gate);
              }
              return SmallVector<Value>{act};
            })[0];
        Value sum = accumulateInF32(
            tile, tile.slice(carried[0], 0, batch), [&](Value destination) {
              return addBias(tile, tile.contract(z, getW2(), destination),
                             getB2());
            });
        return SmallVector<Value>{tile.unslice(sum, carried[0], 0, batch)};
      });
}
