//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TilePlan.h"
#include "LoopBounds.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bpt;

static bool isProduct(linalg::LinalgOp op) {
  return isa<linalg::ContractOp>(op.getOperation());
}

bool bpt::isFloat8(Value value) {
  return isa<Float8E4M3FNType>(getElementTypeOrSelf(value.getType()));
}

/// Extents of the tiles that the loops of the operation run over.
static FailureOr<SmallVector<int64_t>> getTileSizes(linalg::LinalgOp op) {
  SmallVector<int64_t> sizes = getLoopBounds(op);
  bool multipliesFloat8 = isProduct(op) && isFloat8(op.getDpsInputs()[0]);
  for (auto [size, kind] : llvm::zip(sizes, op.getIteratorTypesArray())) {
    if (ShapedType::isDynamic(size))
      return failure();
    if (multipliesFloat8 && kind == utils::IteratorType::reduction)
      size = llvm::alignTo(size, kFloat8TermMultiple);
    else if (size != 1)
      size = llvm::alignTo(size, kTileMultiple);
  }
  return sizes;
}

/// What stands in the way of a tile program, or nothing, and whether smaller
/// blocks would not have it.
static std::string findObstacle(linalg::LinalgOp op,
                                FailureOr<SmallVector<int64_t>> sizes,
                                int64_t maxTileElements, bool float8,
                                bool &isTooLarge) {
  isTooLarge = false;
  if (!op.hasPureTensorSemantics())
    return "is on buffers";
  if (failed(sizes))
    return "has a size without a constant upper bound";
  for (Value factor :
       isProduct(op) ? op.getDpsInputs() : SmallVector<Value>()) {
    Type type = getElementTypeOrSelf(factor.getType());
    if (type.isF16() || type.isBF16() || (float8 && isFloat8(factor)))
      continue;
    std::string text = "multiplies ";
    llvm::raw_string_ostream(text)
        << type << ", and tensor cores multiply f16 or bf16";
    return text;
  }
  for (OpOperand &operand : op->getOpOperands()) {
    int64_t elements = 1, rank = 0;
    for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
        elements *= (*sizes)[dim.getPosition()];
        rank += (*sizes)[dim.getPosition()] != 1;
      }
    if (rank > 2)
      return "has a tile of " + std::to_string(rank) +
             " dimensions, and registers hold those of two";
    isTooLarge = elements > maxTileElements;
    if (isTooLarge)
      return "has a tile of " + std::to_string(elements) +
             " elements, and registers hold one of " +
             std::to_string(maxTileElements);
  }
  SmallVector<bool> scalable(sizes->size(), false);
  if (failed(linalg::vectorizeOpPrecondition(op, *sizes, scalable)))
    return "has no vector form";
  return "";
}

static scf::ForallOp getOutermostBlock(Operation *op) {
  scf::ForallOp block;
  for (Operation *parent = op; parent; parent = parent->getParentOp())
    if (auto loop = dyn_cast<scf::ForallOp>(parent))
      block = loop;
  return block;
}

static bool isMarked(scf::ForallOp block) {
  return block->hasAttr(tile::TileDialect::kSimtAttrName);
}

scf::ForallOp bpt::getTileBlock(Operation *op) {
  scf::ForallOp block = getOutermostBlock(op);
  return block && !isMarked(block) ? block : nullptr;
}

bool bpt::isOnSimtPath(Operation *op) {
  scf::ForallOp block = getOutermostBlock(op);
  return block && isMarked(block);
}

FailureOr<SmallVector<PlannedOp>>
bpt::planTiles(scf::ForallOp block, int64_t maxTileElements, bool float8) {
  SmallVector<PlannedOp> plan;
  auto reject = [&](Location loc, const Twine &reason) {
    block->setAttr(tile::TileDialect::kSimtAttrName,
                   StringAttr::get(block.getContext(), reason));
    remark::missed(
        loc, remark::RemarkOpts::name("NoTileProgram").category("bpt-gpu"))
        << reason.str();
  };
  WalkResult search = block.walk([](linalg::LinalgOp op) {
    return isProduct(op) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!search.wasInterrupted()) {
    reject(block.getLoc(), "has no matrix product");
    return failure();
  }
  WalkResult planning = block.walk([&](linalg::LinalgOp op) {
    FailureOr<SmallVector<int64_t>> sizes = getTileSizes(op);
    bool isTooLarge;
    std::string obstacle =
        findObstacle(op, sizes, maxTileElements, float8, isTooLarge);
    if (!obstacle.empty()) {
      if (isTooLarge)
        block->setAttr(tile::TileDialect::kOverBudgetAttrName,
                       StringAttr::get(block.getContext(), obstacle));
      reject(op.getLoc(), "'" + op->getName().getStringRef() + "' " + obstacle);
      return WalkResult::interrupt();
    }
    plan.push_back({op, *sizes});
    return WalkResult::advance();
  });
  if (planning.wasInterrupted())
    return failure();
  return plan;
}
