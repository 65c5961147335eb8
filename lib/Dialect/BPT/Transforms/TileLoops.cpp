//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether a loop has one block only: its extent may be what is left of one.
static bool isAtMost(OpFoldResult extent, int64_t size) {
  FailureOr<int64_t> bound = ValueBoundsConstraintSet::computeConstantBound(
      presburger::BoundType::UB, extent, /*stopCondition=*/nullptr,
      /*closedUB=*/true);
  return succeeded(bound) && *bound <= size;
}

SmallVector<NamedAttribute> bpt::getAttributesOfLoop(Operation *op) {
  return llvm::to_vector(
      llvm::make_filter_range(op->getDialectAttrs(), [&](NamedAttribute attr) {
        Dialect *dialect = attr.getNameDialect();
        return dialect != op->getDialect() &&
               !isa_and_present<BPTDialect>(dialect);
      }));
}

FailureOr<Operation *>
bpt::tileLoops(RewriterBase &rewriter, Operation *op,
               ArrayRef<std::pair<unsigned, int64_t>> blocks,
               scf::SCFTilingOptions::LoopType type) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  auto tiling = cast<TilingInterface>(op);
  SmallVector<Range> domain = tiling.getIterationDomain(rewriter);
  SmallVector<OpFoldResult> sizes(domain.size(), rewriter.getIndexAttr(0));
  bool any = false;
  for (auto [loop, size] : blocks) {
    if (size == 0 || isAtMost(domain[loop].size, size))
      continue;
    sizes[loop] = rewriter.getIndexAttr(size);
    any = true;
  }
  if (!any)
    return op;
  SmallVector<NamedAttribute> attributes = getAttributesOfLoop(op);
  scf::SCFTilingOptions options;
  options.setTileSizes(sizes);
  options.setLoopType(type);
  FailureOr<scf::SCFTilingResult> tiled =
      scf::tileUsingSCF(rewriter, tiling, options);
  if (failed(tiled))
    return failure();
  rewriter.replaceOp(op, tiled->replacements);
  for (NamedAttribute attribute : attributes)
    tiled->loops.front()->setAttr(attribute.getName(), attribute.getValue());
  return tiled->tiledOps.front();
}
