//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientBuilder.h"
#include "bpt/Dialect/BPT/IR/Differentiation.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// With p the result, ds = p ⊙ (dp − Σ dp ⊙ p): the scores are not read.
struct SoftmaxVjp
    : DifferentiableOpInterface::ExternalModel<SoftmaxVjp, linalg::SoftmaxOp> {
  LogicalResult buildVjp(Operation *operation, VjpBuilder &vjp) const {
    auto op = cast<linalg::SoftmaxOp>(operation);
    if (!vjp.isWanted(0))
      return success();
    GradientBuilder gradient(vjp);
    Value p = vjp.primal(op->getResult(0)), dp = vjp.cotangent(0);
    auto rank = static_cast<int64_t>(op.getInputOperandRank());
    auto along = static_cast<int64_t>(op.getDimension());
    // The dimension that is normalised is the last loop.
    SmallVector<int64_t> dims, ofSum;
    SmallVector<OpFoldResult> sizes = gradient.sizes(p);
    for (int64_t dim = 0; dim < rank; ++dim)
      dims.push_back(dim == along ? rank - 1 : dim - (dim > along));
    sizes.erase(sizes.begin() + along);
    for (int64_t loop = 0; loop + 1 < rank; ++loop)
      ofSum.push_back(loop);
    Value sum = gradient.generic(
        rank, 1, {{p, dims}, {dp, dims}},
        {{gradient.filled(sizes, 0.0), ofSum}},
        [](OpBuilder &b, Location l, ValueRange v) {
          Value product = arith::MulFOp::create(b, l, v[0], v[1]);
          return SmallVector<Value>{arith::AddFOp::create(b, l, v[2], product)};
        })[0];
    Value init = gradient.emptyLike(p, gradient.elementType(op.getInput()));
    vjp.add(0, gradient.generic(
                   rank, 0, {{p, dims}, {dp, dims}, {sum, ofSum}},
                   {{init, dims}}, [](OpBuilder &b, Location l, ValueRange v) {
                     Value rest = arith::SubFOp::create(b, l, v[1], v[2]);
                     return SmallVector<Value>{
                         arith::MulFOp::create(b, l, v[0], rest)};
                   })[0]);
    return success();
  }
};
} // namespace

void bpt::attachSoftmaxVjp(MLIRContext *context) {
  linalg::SoftmaxOp::attachInterface<SoftmaxVjp>(*context);
}
