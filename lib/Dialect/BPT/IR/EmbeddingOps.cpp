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
// EmbeddingOp
//===----------------------------------------------------------------------===//

BlockTable EmbeddingOp::getBlockTable() {
  enum : unsigned { Batch, Rows, Width, Vocab };
  BlockTable table;
  table.dims = {"batch", "row", "embedding width", "vocabulary"};
  table.iterators.assign(2, utils::IteratorType::parallel);
  table.add("ids", {{Batch}, {Rows}});
  table.add("table", {{Vocab}, {Width}});
  table.add("init", {{Batch}, {Rows}, {Width}});
  return table;
}

LogicalResult EmbeddingOp::verify() {
  if (failed(verifyInitElementType(*this, getTable(), getInit())))
    return failure();
  return verifyBlockTable(*this);
}

//===----------------------------------------------------------------------===//
// RotaryEmbeddingOp
//===----------------------------------------------------------------------===//

int64_t RotaryEmbeddingOp::getRotatedDim() {
  return bpt::getDim(getX(), 3) < 0 ? 0
         : getDim()                 ? *getDim()
                                    : bpt::getDim(getX(), 3);
}

BlockTable RotaryEmbeddingOp::getBlockTable() {
  BlockTable table;
  table.dims = {"batch", "row", "head", "head_dim"};
  table.iterators.assign(3, utils::IteratorType::parallel);
  table.add("x", {{0}, {1}, {2}, {3}});
  if (getPosition())
    table.add("at");
  table.add("init", {{0}, {1}, {2}, {3}});
  return table;
}

LogicalResult RotaryEmbeddingOp::verify() {
  int64_t headDim = bpt::getDim(getX(), 3);
  if (ShapedType::isDynamic(headDim))
    return emitOpError("head_dim must be static, so that the angles are known");
  int64_t rotated = getRotatedDim();
  if (rotated < 0 || rotated > headDim || rotated % 2 != 0)
    return emitOpError("rotates ")
           << rotated << " components of a head of " << headDim
           << "; the number must be even and at most the head's";
  if (!(getBase().convertToDouble() > 0) || !getBase().isFinite())
    return emitOpError("'base' must be finite and greater than 0");
  if (failed(verifyInitElementType(*this, getX(), getInit())))
    return failure();
  return verifyBlockTable(*this);
}

void RotaryEmbeddingOp::locateTile(OpBuilder &builder, Operation *whole,
                                   ArrayRef<OpFoldResult> offsets) {
  Value base = cast<RotaryEmbeddingOp>(whole).getPosition();
  getPositionMutable().assign(
      addOffset(builder, getLoc(), base, offsets[kRowLoop]));
}

OpFoldResult RotaryEmbeddingOp::fold(FoldAdaptor) {
  // No rotated component: the identity.
  if (getRotatedDim() == 0 && getX().getType() == getResult().getType())
    return getX();
  return {};
}
