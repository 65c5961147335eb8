//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpUtils.h"

using namespace mlir;
using namespace mlir::bpt;

//===----------------------------------------------------------------------===//
// LinearOp
//===----------------------------------------------------------------------===//

unsigned LinearOp::getNumOutputs() { return getRank(getInit()) - 2; }

unsigned LinearOp::getNumInputs() { return getRank(getX()) - 2; }

bool LinearOp::multipliesFloat8() {
  return isa<Float8E4M3FNType>(getElementTypeOrSelf(getX().getType()));
}

int64_t LinearOp::getInputBlock() {
  int64_t ofX = getXBlocks() ? (*getXBlocks())[2] : 0;
  return ofX || !getWeightBlocks() ? ofX
                                   : (*getWeightBlocks())[getFirstInput()];
}

// Dimensions: batch, rows, the outputs N…, then the inputs K….
BlockTable LinearOp::getBlockTable() {
  unsigned numOutputs = getNumOutputs(), numInputs = getNumInputs();
  BlockTable table;
  table.dims = {"batch", "row"};
  table.dims.append(numOutputs, "output");
  table.dims.append(numInputs, "input");
  table.iterators.assign(2 + numOutputs, utils::IteratorType::parallel);
  table.iterators.append(numInputs, utils::IteratorType::reduction);
  SmallVector<DimRef> x{{0}, {1}}, weight, bias, init{{0}, {1}};
  for (unsigned i = 0; i < numInputs; ++i) {
    x.push_back({2 + numOutputs + i});
    weight.push_back({2 + numOutputs + i});
  }
  for (unsigned i = 0; i < numOutputs; ++i) {
    weight.push_back({2 + i});
    bias.push_back({2 + i});
    init.push_back({2 + i});
  }
  if (getTransposed())
    std::rotate(weight.begin(), weight.begin() + numInputs, weight.end());
  table.add("x", x);
  table.add("weight", weight);
  if (getBias())
    table.add("bias", bias);
  if (getXScale())
    table.add("x_scale", getScaleDims(x, getXBlocks()));
  if (getWeightScale())
    table.add("weight_scale", getScaleDims(weight, getWeightBlocks()));
  table.add("init", init);
  return table;
}

/// The scales of x and weight, and whether they go together.
static LogicalResult verifyScalesOfOperands(LinearOp op) {
  if (!op.getXScale() != !op.getWeightScale())
    return op.emitOpError("has a scale of one operand; give those of both");
  if (op.getXScale() && !op.multipliesFloat8())
    return op.emitOpError("has scales, which f8E4M3FN is multiplied by, and "
                          "multiplies ")
           << getElementTypeOrSelf(op.getX().getType());
  if (failed(
          verifyScale(op, "x", op.getX(), op.getXScale(), op.getXBlocks())) ||
      failed(verifyScale(op, "weight", op.getWeight(), op.getWeightScale(),
                         op.getWeightBlocks())))
    return failure();
  auto ofInputs = [&](std::optional<ArrayRef<int64_t>> blocks, unsigned first) {
    return blocks ? blocks->slice(first, op.getNumInputs())
                  : ArrayRef<int64_t>();
  };
  ArrayRef<int64_t> x = ofInputs(op.getXBlocks(), 2),
                    weight = ofInputs(op.getWeightBlocks(), op.getFirstInput());
  auto isCut = [](int64_t block) { return block != 0; };
  if (op.getNumInputs() > 1 &&
      (llvm::any_of(x, isCut) || llvm::any_of(weight, isCut)))
    return op.emitOpError("has blocks along ")
           << op.getNumInputs()
           << " dimensions K; there may be blocks along one, if it is the only "
              "one";
  if (!x.empty() && !weight.empty() && x[0] && weight[0] && x[0] != weight[0])
    return op.emitOpError("has blocks of ")
           << x[0] << " inputs in x and of " << weight[0]
           << " in weight; they are the same, or 0 in one of them";
  return success();
}

LogicalResult LinearOp::verify() {
  int64_t x = getRank(getX()), weight = getRank(getWeight()),
          init = getRank(getInit());
  if (x < 3 || init < 3 || weight != x + init - 4)
    return emitOpError("contracts x [B, S, K...] with weight [K..., N...] into "
                       "[B, S, N...]: a weight of rank ")
           << weight << " does not fit x of rank " << x
           << " and a destination of rank " << init;
  if (failed(verifySameElementType(*this,
                                   {{"x", getX()}, {"weight", getWeight()}})))
    return failure();
  if (failed(multipliesFloat8()
                 ? verifySameElementType(
                       *this, {{"init", getInit()}, {"bias", getBias()}})
                 : verifySameElementType(*this,
                                         {{"x", getX()}, {"bias", getBias()}})))
    return failure();
  if (!multipliesFloat8() &&
      failed(verifyInitElementType(*this, getX(), getInit())))
    return failure();
  if (failed(verifyScalesOfOperands(*this)))
    return failure();
  return verifyBlockTable(*this);
}

bool LinearOp::canTileReduction(unsigned loop) { return !getBias(); }

double LinearOp::countFlops(ArrayRef<int64_t> sizes) {
  double flops = 2;
  for (int64_t size : sizes)
    flops *= size;
  return flops;
}

bool LinearOp::isCheapToRecompute() { return false; }

SmallVector<StringRef> LinearOp::getStrategyOptions() {
  return {"rows", "chunk", "columns", "fuse"};
}

void LinearOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<DropNeutralOperand<LinearOp>>(context, &LinearOp::getBiasMutable,
                                             0.0);
}

//===----------------------------------------------------------------------===//
// FeedForwardOp
//===----------------------------------------------------------------------===//

BlockTable FeedForwardOp::getBlockTable() {
  enum : unsigned { Batch, Rows, Hidden, Input, Output };
  BlockTable table;
  table.dims = {"batch", "row", "hidden", "input", "output"};
  table.iterators = {utils::IteratorType::parallel,
                     utils::IteratorType::parallel,
                     utils::IteratorType::reduction};
  table.add("x", {{Batch}, {Rows}, {Input}});
  table.add("w1", {{Input}, {Hidden}});
  table.add("w2", {{Hidden}, {Output}});
  if (getB1())
    table.add("b1", {{Hidden}});
  if (getW3())
    table.add("w3", {{Input}, {Hidden}});
  if (getB3())
    table.add("b3", {{Hidden}});
  if (getB2())
    table.add("b2", {{Output}});
  table.add("init", {{Batch}, {Rows}, {Output}});
  return table;
}

LogicalResult FeedForwardOp::verify() {
  if (getB3() && !getW3())
    return emitOpError("'gate_bias' needs a 'gate'");
  if (failed(verifySameElementType(*this, {{"x", getX()},
                                           {"w1", getW1()},
                                           {"w2", getW2()},
                                           {"b1", getB1()},
                                           {"w3", getW3()},
                                           {"b3", getB3()},
                                           {"b2", getB2()}})))
    return failure();
  if (failed(verifyInitElementType(*this, getX(), getInit())))
    return failure();
  return verifyBlockTable(*this);
}

bool FeedForwardOp::canTileReduction(unsigned loop) { return !getB2(); }

double FeedForwardOp::countFlops(ArrayRef<int64_t> sizes) {
  double rows = 2.0 * sizes[0] * sizes[1] * sizes[2];
  return rows * ((getW3() ? 2 : 1) * sizes[3] + sizes[4]);
}

bool FeedForwardOp::isCheapToRecompute() { return false; }

SmallVector<StringRef> FeedForwardOp::getStrategyOptions() {
  auto strategy =
      (*this)->getAttrOfType<StrategyAttr>(BPTDialect::kStrategyAttrName);
  // What is stored is computed by columns instead of being summed over.
  if (strategy && strategy.getStoreHidden())
    return {"rows", "chunk", "columns", "store_hidden", "fuse"};
  return {"rows", "chunk", "hidden", "store_hidden", "fuse"};
}

void FeedForwardOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                MLIRContext *context) {
  for (auto get : {&FeedForwardOp::getB1Mutable, &FeedForwardOp::getB2Mutable,
                   &FeedForwardOp::getB3Mutable})
    patterns.add<DropNeutralOperand<FeedForwardOp>>(context, get, 0.0);
}
