//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"

using namespace mlir;
using namespace mlir::bpt;

FailureOr<KeySplit> bpt::splitKeys(RewriterBase &rewriter, OnlineAttentionOp op,
                                   int64_t parts) {
  auto target = cast<TilingInterface>(op.getOperation());
  unsigned keyLoop = target.getLoopIteratorTypes().size() - 1;
  SmallVector<OpFoldResult> threads(keyLoop + 1, rewriter.getIndexAttr(0));
  threads[keyLoop] = rewriter.getIndexAttr(parts);
  scf::SCFTilingOptions options;
  options.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  options.setNumThreads(threads);
  options.setReductionTilingStrategy(
      ReductionTilingStrategy::PartialReductionOuterParallel);
  options.setReductionDims({keyLoop});
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  FailureOr<scf::SCFTilingResult> tiled =
      scf::tileUsingSCF(rewriter, target, options);
  if (failed(tiled))
    return failure();
  rewriter.replaceOp(op, tiled->replacements);
  return KeySplit{tiled->tiledOps.front(), tiled->loops.front()};
}
