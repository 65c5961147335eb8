//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::bpt;

FailureOr<CarriedTile> bpt::tileInto(RewriterBase &rewriter, Operation *op,
                                     ArrayRef<OpFoldResult> offsets,
                                     ArrayRef<OpFoldResult> sizes,
                                     ValueRange carried) {
  // The operation on what is carried, of which a tile is taken.
  Operation *whole = rewriter.clone(*op);
  rewriter.modifyOpInPlace(whole, [&] {
    for (auto [init, value] : llvm::zip(
             cast<DestinationStyleOpInterface>(whole).getDpsInitsMutable(),
             carried))
      init.set(value);
    for (auto [result, value] : llvm::zip(whole->getResults(), carried))
      result.setType(value.getType());
  });
  auto tiling = cast<TilingInterface>(whole);
  FailureOr<TilingResult> tiled =
      tiling.getTiledImplementation(rewriter, offsets, sizes);
  if (failed(tiled))
    return failure();
  CarriedTile result{tiled->tiledOps.front(), {}};
  for (auto [i, value] : llvm::enumerate(tiled->tiledValues)) {
    auto dps = cast<DestinationStyleOpInterface>(result.op);
    if (dps.getDpsInits()[i] == carried[i]) {
      result.carried.push_back(value);
      continue;
    }
    SmallVector<OpFoldResult> at, extent;
    if (failed(tiling.getResultTilePosition(rewriter, i, offsets, sizes, at,
                                            extent)))
      return failure();
    SmallVector<OpFoldResult> strides(at.size(), rewriter.getIndexAttr(1));
    result.carried.push_back(tensor::InsertSliceOp::create(
        rewriter, op->getLoc(), value, carried[i], at, extent, strides));
  }
  rewriter.eraseOp(whole);
  return result;
}
