//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::bpt;

static constexpr auto kParallel = utils::IteratorType::parallel;
static constexpr auto kReduction = utils::IteratorType::reduction;

//===----------------------------------------------------------------------===//
// LinearWeightGradientOp
//===----------------------------------------------------------------------===//

// Dimensions: batch, rows, the outputs N…, then the inputs K….
BlockTable LinearWeightGradientOp::getBlockTable() {
  unsigned numOutputs = getRank(getCotangent()) - 2,
           numInputs = getRank(getX()) - 2;
  BlockTable table;
  table.dims = {"batch", "row"};
  table.dims.append(numOutputs, "output");
  table.dims.append(numInputs, "input");
  table.iterators.assign(2, kReduction);
  table.iterators.append(numOutputs + numInputs, kParallel);
  SmallVector<DimRef> x{{0}, {1}}, cotangent{{0}, {1}}, init;
  for (unsigned i = 0; i < numInputs; ++i) {
    x.push_back({2 + numOutputs + i});
    init.push_back({2 + numOutputs + i});
  }
  for (unsigned i = 0; i < numOutputs; ++i) {
    cotangent.push_back({2 + i});
    init.push_back({2 + i});
  }
  table.add("x", x);
  table.add("cotangent", cotangent);
  table.add("init", init);
  return table;
}

LogicalResult LinearWeightGradientOp::verify() {
  int64_t x = getRank(getX()), cotangent = getRank(getCotangent()),
          init = getRank(getInit());
  if (x < 3 || cotangent < 3 || init != x + cotangent - 4)
    return emitOpError("contracts x [B, S, K...] with cotangent [B, S, N...] "
                       "into [K..., N...]: a destination of rank ")
           << init << " does not fit x of rank " << x
           << " and a cotangent of rank " << cotangent;
  if (failed(verifySameElementType(
          *this, {{"x", getX()}, {"cotangent", getCotangent()}})))
    return failure();
  return verifyBlockTable(*this);
}

double LinearWeightGradientOp::countFlops(ArrayRef<int64_t> sizes) {
  double flops = 2;
  for (int64_t size : sizes)
    flops *= size;
  return flops;
}

bool LinearWeightGradientOp::isCheapToRecompute() { return false; }

SmallVector<StringRef> LinearWeightGradientOp::getStrategyOptions() {
  return {"rows", "chunk", "columns"};
}

//===----------------------------------------------------------------------===//
// EmbeddingGradientOp
//===----------------------------------------------------------------------===//

BlockTable EmbeddingGradientOp::getBlockTable() {
  enum : unsigned { Batch, Rows, Width, Vocab };
  BlockTable table;
  table.dims = {"batch", "row", "output", "vocabulary"};
  table.iterators = {kReduction, kReduction, kParallel};
  table.add("ids", {{Batch}, {Rows}});
  table.add("cotangent", {{Batch}, {Rows}, {Width}});
  table.add("init", {{Vocab}, {Width}});
  return table;
}

LogicalResult EmbeddingGradientOp::verify() { return verifyBlockTable(*this); }

bool EmbeddingGradientOp::isCheapToRecompute() { return false; }

SmallVector<StringRef> EmbeddingGradientOp::getStrategyOptions() {
  return {"chunk", "columns"};
}

//===----------------------------------------------------------------------===//
// CrossEntropyBackwardOp
//===----------------------------------------------------------------------===//

MutableOperandRange CrossEntropyBackwardOp::getDpsInitsMutable() {
  return MutableOperandRange(*this, getODSOperandIndexAndLength(6).first, 2);
}

BlockTable CrossEntropyBackwardOp::getBlockTable() {
  enum : unsigned { Batch, Rows, Vocab, Width };
  BlockTable table;
  table.dims = {"batch", "row", "vocabulary", "hidden width"};
  table.iterators.assign(3, kReduction);
  table.add("hidden", {{Batch}, {Rows}, {Width}});
  table.add("weight", {{Width}, {Vocab}});
  table.add("labels", {{Batch}, {Rows}});
  table.add("lse", {{Batch}, {Rows}});
  table.add("loss_cotangent", {{Batch}, {Rows}});
  if (getLseCotangent())
    table.add("lse_cotangent", {{Batch}, {Rows}});
  table.add("hidden_init", {{Batch}, {Rows}, {Width}});
  table.add("weight_init", {{Width}, {Vocab}});
  return table;
}

LogicalResult CrossEntropyBackwardOp::verify() {
  if (failed(verifySameElementType(
          *this, {{"hidden", getHidden()}, {"weight", getWeight()}})))
    return failure();
  return verifyBlockTable(*this);
}

double CrossEntropyBackwardOp::countFlops(ArrayRef<int64_t> sizes) {
  return 6.0 * sizes[0] * sizes[1] * sizes[2] * sizes[3];
}

bool CrossEntropyBackwardOp::isCheapToRecompute() { return false; }

SmallVector<StringRef> CrossEntropyBackwardOp::getStrategyOptions() {
  auto strategy =
      (*this)->getAttrOfType<StrategyAttr>(BPTDialect::kStrategyAttrName);
  // Only products of what is stored are blocked further.
  if (strategy && strategy.getStoreHidden())
    return {"rows", "chunk", "vocab", "columns", "store_hidden"};
  return {"chunk", "vocab", "store_hidden"};
}

//===----------------------------------------------------------------------===//
// BarrierOp
//===----------------------------------------------------------------------===//

LogicalResult
BarrierOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getKept()));
  return success();
}
