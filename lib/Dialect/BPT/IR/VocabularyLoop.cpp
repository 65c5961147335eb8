//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VocabularyLoop.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::bpt;

Value bpt::sliceColumns(TileBuilder &tile, Value matrix, Value first,
                        OpFoldResult size) {
  OpBuilder &builder = tile.builder;
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  return tensor::ExtractSliceOp::create(
      builder, tile.loc, matrix, ArrayRef<OpFoldResult>{zero, first},
      ArrayRef<OpFoldResult>{tile.sizes(matrix)[0], size},
      ArrayRef<OpFoldResult>{one, one});
}

Value bpt::unsliceColumns(TileBuilder &tile, Value columns, Value matrix,
                          Value first) {
  OpBuilder &builder = tile.builder;
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  return tensor::InsertSliceOp::create(
      builder, tile.loc, columns, matrix, ArrayRef<OpFoldResult>{zero, first},
      tile.sizes(columns), ArrayRef<OpFoldResult>{one, one});
}

SmallVector<Value> bpt::forEachVocabularyBlock(
    TileBuilder &tile, Operation *op, OpFoldResult vocab, ValueRange carried,
    function_ref<SmallVector<Value>(Value, OpFoldResult, ValueRange)> body) {
  OpBuilder &builder = tile.builder;
  Location loc = tile.loc;
  auto strategy =
      op->getAttrOfType<StrategyAttr>(BPTDialect::kStrategyAttrName);
  int64_t step = strategy ? strategy.getVocab() : 0;
  std::optional<int64_t> known = getConstantIntValue(vocab);
  if (step == 0 || (known && *known <= step))
    return body(tile.index(0), vocab, carried);

  auto loop =
      scf::ForOp::create(builder, loc, tile.index(0),
                         getValueOrCreateConstantIndexOp(builder, loc, vocab),
                         tile.index(step), carried);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value first = loop.getInductionVar();
  OpFoldResult size = builder.getIndexAttr(step);
  if (!known || *known % step != 0) {
    AffineExpr d0 = builder.getAffineDimExpr(0),
               d1 = builder.getAffineDimExpr(1);
    size = affine::makeComposedFoldedAffineMin(
        builder, loc,
        AffineMap::get(2, 0, {builder.getAffineConstantExpr(step), d1 - d0},
                       builder.getContext()),
        {OpFoldResult(first), vocab});
  }
  scf::YieldOp::create(builder, loc,
                       body(first, size, loop.getRegionIterArgs()));
  return SmallVector<Value>(loop.getResults());
}
