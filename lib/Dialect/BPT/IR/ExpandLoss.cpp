//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What label smoothing and z-loss add to a loss, from operations that are there
// without them.
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;
using namespace mlir::bpt;

/// 1/V · Σ_v z[v] = hidden · (1/V · Σ_v weight[:,v]), of every row.
static Value emitMeanLogit(TileBuilder &tile, CrossEntropyOp op) {
  OpBuilder &builder = tile.builder;
  Location loc = tile.loc;
  SmallVector<OpFoldResult> sizes = tile.sizes(op.getWeight());
  Value vocab = getValueOrCreateConstantIndexOp(builder, loc, sizes[1]);
  // No logits have the mean 0.
  vocab = arith::MaxUIOp::create(builder, loc, vocab, tile.index(1));
  vocab = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), vocab);
  vocab = arith::SIToFPOp::create(builder, loc, builder.getF32Type(), vocab);
  Value columns = tile.generic(
      2, 1, {{op.getWeight(), {0, 1}}}, {{tile.filled({sizes[0]}, 0.0), {0}}},
      [](OpBuilder &b, Location l, ValueRange v) {
        return SmallVector<Value>{arith::AddFOp::create(b, l, v[1], v[0])};
      })[0];
  columns = tile.generic(
      1, 0, {{columns, {0}}}, {{tile.empty({sizes[0]}), {0}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        return SmallVector<Value>{arith::DivFOp::create(b, l, v[0], vocab)};
      })[0];
  SmallVector<OpFoldResult> rows = tile.sizes(op.getHidden());
  rows.pop_back();
  return tile.generic(
      3, 1, {{op.getHidden(), {0, 1, 2}}, {columns, {2}}},
      {{tile.filled(rows, 0.0), {0, 1}}},
      [](OpBuilder &b, Location l, ValueRange v) {
        return SmallVector<Value>{arith::AddFOp::create(
            b, l, v[2], arith::MulFOp::create(b, l, v[0], v[1]))};
      })[0];
}

SmallVector<Value> bpt::emitLossOptions(OpBuilder &builder, CrossEntropyOp op) {
  TileBuilder tile(builder, op.getLoc());
  double smoothing = op.getLabelSmoothing().convertToFloat(),
         zLoss = op.getZLoss().convertToFloat();
  SmallVector<OpFoldResult> rows = tile.sizes(op.getHidden());
  rows.pop_back();
  Value lseInit = op.getLseInit() ? op.getLseInit() : tile.empty(rows);
  auto plain = CrossEntropyOp::create(
      builder, op.getLoc(),
      TypeRange{op.getLoss().getType(), lseInit.getType()}, op.getHidden(),
      op.getWeight(), op.getLabels(), op.getInit(), lseInit,
      /*label_smoothing=*/APFloat(0.0f), /*z_loss=*/APFloat(0.0f));
  plain->setDiscardableAttrs(llvm::to_vector(op->getDiscardableAttrs()));

  SmallVector<TileBuilder::Operand> inputs{{plain.getLoss(), {0, 1}},
                                           {plain.getLse(), {0, 1}},
                                           {op.getLabels(), {0, 1}}};
  if (smoothing != 0)
    inputs.push_back({emitMeanLogit(tile, op), {0, 1}});
  Value vocab = getValueOrCreateConstantIndexOp(builder, op.getLoc(),
                                                tile.sizes(op.getWeight())[1]);
  Value loss = tile.generic(
      2, 0, inputs, {{tile.empty(rows), {0, 1}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        auto constant = [&](double value) -> Value {
          return arith::ConstantOp::create(b, l, b.getF32FloatAttr(value));
        };
        Value loss = v[0], lse = v[1];
        if (smoothing != 0) {
          // (1 − ε) · (lse − z[label]) + ε · (lse − mean of z)
          Value even = arith::SubFOp::create(b, l, lse, v[3]);
          loss = arith::AddFOp::create(
              b, l, arith::MulFOp::create(b, l, loss, constant(1 - smoothing)),
              arith::MulFOp::create(b, l, even, constant(smoothing)));
        }
        if (zLoss != 0) {
          Value square = arith::MulFOp::create(b, l, lse, lse);
          loss = arith::AddFOp::create(
              b, l, loss, arith::MulFOp::create(b, l, square, constant(zLoss)));
        }
        Value label = arith::IndexCastOp::create(b, l, b.getIndexType(), v[2]);
        Value inside = arith::CmpIOp::create(b, l, arith::CmpIPredicate::ult,
                                             label, vocab);
        return SmallVector<Value>{
            arith::SelectOp::create(b, l, inside, loss, constant(0))};
      })[0];
  if (loss.getType() != op.getLoss().getType())
    loss = tensor::CastOp::create(builder, op.getLoc(), op.getLoss().getType(),
                                  loss);
  SmallVector<Value> results{loss};
  if (op.getLse())
    results.push_back(plain.getLse());
  return results;
}

void bpt::expandLoss(RewriterBase &rewriter, CrossEntropyOp op) {
  if (!op.hasOptions())
    return;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  rewriter.replaceOp(op, emitLossOptions(rewriter, op));
}
