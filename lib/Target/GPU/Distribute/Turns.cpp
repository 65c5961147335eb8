//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lets warpgroups take turns to start the products of an iteration: while one
// multiplies, another computes its softmax.
//
//===----------------------------------------------------------------------===//

#include "Warps.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Distribute/Transforms.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::bpt;

/// Products of more columns take longer than the softmax between them, which
/// then is hidden by any order.
static constexpr int64_t kMaxColumns = 128;

/// Whether a product needs the result of another one of the same iteration.
static bool needsProduct(vector::ContractionOp product) {
  BackwardSliceOptions options([&](Operation *op) {
    return product->getBlock()->findAncestorOpInBlock(*op) != nullptr;
  });
  options.omitBlockArguments = true;
  options.omitUsesFromAbove = false;
  SetVector<Operation *> slice;
  return failed(getBackwardSlice(product.getOperation(), &slice, options)) ||
         llvm::any_of(slice, llvm::IsaPred<vector::ContractionOp>);
}

/// Whether warpgroups multiply, and all products of an iteration can be started
/// one behind the other: a turn would else last for what is between.
static bool takesTurns(ArrayRef<vector::ContractionOp> products,
                       int64_t warps) {
  return products.size() >= 2 &&
         llvm::all_of(products, [&](vector::ContractionOp product) {
           auto type = dyn_cast<VectorType>(product.getResultType());
           return type && type.getDimSize(0) == kRowsOfWarp * warps &&
                  type.getDimSize(1) <= kMaxColumns && !needsProduct(product);
         });
}

int64_t bpt::takeTurns(gpu::GPUFuncOp program) {
  int64_t warps =
      program->getAttrOfType<IntegerAttr>(tile::TileDialect::kWarpsAttrName)
          .getInt();
  if (warps % kWarpsOfGroup != 0 || warps / kWarpsOfGroup < 2)
    return 0;
  int64_t numLoops = 0;
  program.walk([&](tile::WarpRolesOp roles) {
    roles.getConsumer().walk([&](scf::ForOp loop) {
      auto products =
          llvm::to_vector(loop.getBody()->getOps<vector::ContractionOp>());
      if (!takesTurns(products, warps))
        return;
      OpBuilder b(products.front());
      tile::TakeTurnOp::create(b, loop.getLoc());
      b.setInsertionPointAfter(products.back());
      tile::PassTurnOp::create(b, loop.getLoc());
      ++numLoops;
    });
  });
  return numLoops;
}
