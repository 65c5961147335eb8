//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientBuilder.h"
#include "VocabularyLoop.h"

using namespace mlir;
using namespace mlir::bpt;

/// Blocks of the rows and columns of products, as the loss's strategy has them.
static StrategyAttr getStrategyOfProducts(CrossEntropyBackwardOp op,
                                          bool fuse) {
  auto strategy =
      op->getAttrOfType<StrategyAttr>(BPTDialect::kStrategyAttrName);
  return StrategyAttr::get(op.getContext(), strategy ? strategy.getRows() : 0,
                           /*keys=*/0,
                           /*hidden=*/0, /*vocab=*/0, /*heads=*/0,
                           strategy ? strategy.getColumns() : 0,
                           /*score_rows=*/0, /*chunk=*/0,
                           /*store_hidden=*/false, /*separate=*/false,
                           /*separate_values=*/false, /*group_heads=*/false,
                           fuse);
}

SmallVector<Value> bpt::emitLossGradientProducts(OpBuilder &builder,
                                                 CrossEntropyBackwardOp op) {
  GradientBuilder tile(builder, op.getLoc());
  Value hidden = op.getHidden();
  Type type = tile.elementType(hidden);
  OpFoldResult vocab = tile.sizes(op.getWeight())[1];
  SmallVector<TileBuilder::Operand> inputs;
  for (Value perRow :
       {Value(op.getLse()), Value(op.getLabels()), Value(op.getLossCotangent()),
        Value(op.getLseCotangent())})
    if (perRow)
      inputs.push_back({perRow, {0, 1}});
  // What is stored is not fused further; sums never are.
  StrategyAttr ofLinear = getStrategyOfProducts(op, /*fuse=*/false),
               ofSum = getStrategyOfProducts(op, /*fuse=*/true);
  auto block = [](auto product, StrategyAttr strategy) -> Value {
    product->setAttr(BPTDialect::kStrategyAttrName, strategy);
    return product.getResult();
  };
  return forEachVocabularyBlock(
      tile, op, vocab, op.getDpsInits(),
      [&](Value first, OpFoldResult size, ValueRange sums) {
        Location loc = tile.loc;
        Value words = sliceColumns(tile, op.getWeight(), first, size);
        SmallVector<OpFoldResult> sizes = tile.sizes(hidden);
        sizes[2] = size;
        Value zeros = tile.zeros(sizes, builder.getF32Type());
        Value logits =
            block(LinearOp::create(builder, loc, zeros.getType(), hidden, words,
                                   /*bias=*/Value(), zeros),
                  ofLinear);
        SmallVector<TileBuilder::Operand> ofLogits(inputs);
        ofLogits.push_back({logits, {0, 1, 2}});
        Value empty = tensor::EmptyOp::create(builder, loc, sizes, type);
        Value g = tile.generic(
            3, 0, ofLogits, {{empty, {0, 1, 2}}},
            [&](OpBuilder &b, Location l, ValueRange v) {
              return SmallVector<Value>{getLogitGradient(
                  b, l, v.drop_back(), /*columnLoop=*/2, first, vocab)};
            })[0];
        Value ofHidden =
            block(LinearOp::create(builder, loc, sums[0].getType(), g,
                                   tile.transposeWeight(words, /*leading=*/1),
                                   /*bias=*/Value(), sums[0]),
                  ofLinear);
        Value ofWords = sliceColumns(tile, sums[1], first, size);
        ofWords =
            block(LinearWeightGradientOp::create(
                      builder, loc, ofWords.getType(), hidden, g, ofWords),
                  ofSum);
        return SmallVector<Value>{
            ofHidden, unsliceColumns(tile, ofWords, sums[1], first)};
      });
}
