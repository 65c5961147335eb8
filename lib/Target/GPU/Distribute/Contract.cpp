//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distributor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::bpt;

static FailureOr<ProductForm> getProductForm(vector::ContractionOp op) {
  auto reject = [&] {
    return op.emitOpError(
        "is taken as a sum of products of two tiles, MxK (or KxM) and KxN (or "
        "NxK) into MxN, with one reduction dimension K");
  };
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (op.getKind() != vector::CombiningKind::ADD ||
      op.getIteratorTypes().size() != 3 ||
      llvm::any_of(maps, [](AffineMap map) {
        return map.getNumResults() != 2 || !map.isProjectedPermutation();
      }))
    return reject();
  unsigned m = maps[2].getDimPosition(0), n = maps[2].getDimPosition(1);
  unsigned k = 3 - m - n;
  auto is = [](AffineMap map, unsigned first, unsigned second) {
    return map.getDimPosition(0) == first && map.getDimPosition(1) == second;
  };
  ProductForm form;
  form.lhsTransposed = is(maps[0], k, m);
  form.rhsIsKxN = is(maps[1], k, n);
  if ((!form.lhsTransposed && !is(maps[0], m, k)) ||
      (!form.rhsIsKxN && !is(maps[1], n, k)))
    return reject();
  return form;
}

/// Whether the memory that `read` reads may be written after it, in this
/// iteration of a loop or the next.
static bool isWrittenAfter(vector::TransferReadOp read) {
  auto follows = [&](Operation *write) {
    for (Operation *op = read; op; op = op->getParentOp()) {
      if (isa<scf::ForOp>(op) && op->isAncestor(write))
        return true;
      Operation *other = op->getBlock()->findAncestorOpInBlock(*write);
      if (other && !isa<scf::ForOp>(op->getParentOp()))
        return other == op || op->isBeforeInBlock(other);
    }
    return true;
  };
  return llvm::any_of(read.getBase().getUsers(), [&](Operation *user) {
    auto copy = dyn_cast<tile::AsyncCopyOp>(user);
    return (isa<vector::TransferWriteOp>(user) ||
            (copy && copy.getDest() == read.getBase())) &&
           follows(user);
  });
}

Operation *bpt::findChangeBefore(vector::TransferReadOp read, Operation *use) {
  auto acquire = read.getBase().getDefiningOp<tile::AcquireOp>();
  if (!acquire && !isWrittenAfter(read))
    return nullptr;
  Operation *last = read->getBlock()->findAncestorOpInBlock(*use);
  Operation *writer = nullptr;
  auto search = [&](Operation *op) {
    op->walk([&](Operation *inner) {
      auto release = dyn_cast<tile::ReleaseOp>(inner);
      if (acquire ? release && release.getRing() == acquire.getRing()
                  : isa<gpu::BarrierOp, tile::AsyncCopyOp, tile::WaitCopiesOp,
                        vector::TransferWriteOp>(inner))
        writer = inner;
    });
  };
  for (Operation *op = read->getNextNode(); op && op != last;
       op = op->getNextNode())
    search(op);
  if (last != use)
    search(last);
  return writer;
}

LogicalResult bpt::checkUnchanged(vector::TransferReadOp read, Operation *use) {
  Operation *writer = findChangeBefore(read, use);
  if (!writer)
    return success();
  InFlightDiagnostic diagnostic =
      use->emitOpError("multiplies a tile of workgroup memory that may have "
                       "changed since it was read; read it after this");
  diagnostic.attachNote(writer->getLoc()) << "here it may change";
  return diagnostic;
}

FailureOr<LeftOperand> Distributor::getLeftOperand(vector::ContractionOp op,
                                                   const FragmentLayout &layout,
                                                   bool isTransposed) {
  const Tile &tile = getTile(op.getLhs(), TileAxes::Both);
  LeftOperand lhs;
  lhs.isTransposed = isTransposed;
  if (tile.form != Tile::Form::Operand) {
    if (isTransposed)
      return op.emitOpError("takes a transposed left operand, KxM, from "
                            "workgroup memory only: write the tile there, and "
                            "read it after a gpu.barrier");
    FailureOr<FragmentLayout> own =
        getLayout(op, op.getLhsType(), TileAxes::Both);
    if (failed(own))
      return failure();
    lhs.layout = *own;
    lhs.pairs = getPairs(tile, *own);
    return lhs;
  }
  if (failed(checkUnchanged(tile.read, op)))
    return failure();
  FailureOr<SharedAccess> access = getSharedAccess(tile.read);
  if (failed(access))
    return failure();
  Value warpRow = getWarpRow(layout.getRowsPerWarp());
  if (isTransposed) {
    Value row = b.add(b.shiftLeft(b.shiftRight(lane, 4), 3), b.bitAnd(lane, 7));
    Value column = b.add(access->column, warpRow);
    Value chunk =
        b.add(b.shiftRight(column, 3), b.bitAnd(b.shiftRight(lane, 3), 1));
    lhs.address.emplace(b, access->layout, access->base,
                        b.add(access->row, row), chunk, /*isLow=*/false);
    return lhs;
  }
  Value chunk = b.shiftRight(lane, 4);
  if (!access->atFirstColumn)
    chunk = b.add(chunk, b.shiftRight(access->column, 3));
  lhs.address.emplace(b, access->layout, access->base,
                      b.add(b.add(access->row, warpRow), b.bitAnd(lane, 15)),
                      chunk, access->atFirstColumn);
  return lhs;
}

SmallVector<Value> Distributor::getLeftFragment(LeftOperand &lhs, int64_t m,
                                                int64_t k) {
  if (lhs.address)
    return b.loadMatrices(lhs.isTransposed ? lhs.address->get(16 * k, 2 * m)
                                           : lhs.address->get(16 * m, 2 * k),
                          4, lhs.isTransposed);
  SmallVector<Value> fragment;
  for (int64_t i = 0; i < 4; ++i)
    fragment.push_back(LLVM::BitcastOp::create(
        b, b.getI32Type(),
        lhs.pairs[lhs.layout.getIndex(2 * m + i % 2, 4 * k + i / 2 * 2) / 2]));
  return fragment;
}

LogicalResult Distributor::distributeContract(vector::ContractionOp op) {
  FailureOr<ProductForm> form = getProductForm(op);
  if (failed(form))
    return failure();
  VectorType lhsType = op.getLhsType(), rhsType = op.getRhsType();
  Type element = lhsType.getElementType();
  auto accType = dyn_cast<VectorType>(op.getAccType());
  bool isFloat8 = isa<Float8E4M3FNType>(element) && usesWgmma;
  if (!accType || (!element.isBF16() && !element.isF16() && !isFloat8) ||
      rhsType.getElementType() != element ||
      !accType.getElementType().isF32()) {
    InFlightDiagnostic diagnostic = op.emitOpError("multiplies ")
                                    << element << " by "
                                    << rhsType.getElementType() << " into "
                                    << op.getAccType()
                                    << "; tensor cores take f16 or bf16, both "
                                       "the same, and sum in f32";
    if (element.isF32())
      diagnostic << "; f32 takes the SIMT path";
    if (isa<Float8E4M3FNType>(element))
      diagnostic << "; warpgroups take f8E4M3FN too";
    return diagnostic;
  }
  FailureOr<FragmentLayout> layout = getLayout(op, accType, TileAxes::Both);
  if (failed(layout))
    return failure();
  int64_t depth = lhsType.getDimSize(form->lhsTransposed ? 0 : 1);
  int64_t step = isFloat8 ? 32 : 16;
  if (depth % step != 0)
    return op.emitOpError("sums over K = ")
           << depth << ", but tensor cores take a multiple of " << step;

  const Tile &rhsTile = getTile(op.getRhs(), TileAxes::Both);
  if (rhsTile.form != Tile::Form::Operand)
    return op.emitOpError("takes its right operand from workgroup memory only; "
                          "copy the tile there with bpt_tile.async_copy, or "
                          "write it there, and read it after a gpu.barrier");
  if (failed(checkUnchanged(rhsTile.read, op)))
    return failure();
  FailureOr<SharedAccess> rhs = getSharedAccess(rhsTile.read);
  if (failed(rhs))
    return failure();
  if (isGroupProduct(op, *form, *layout, *rhs))
    return multiplyByGroups(op, *form, *layout, *rhs);
  if (isFloat8)
    return op.emitOpError("multiplies f8E4M3FN, which warpgroups do: 64 rows "
                          "each, of operands that lie in workgroup memory as "
                          "they are summed over");
  if (findAddedTo(op))
    waitForProducts(productsInFlight.size());
  return multiplyByWarps(op, *form, *layout, *rhs);
}

LogicalResult Distributor::multiplyByWarps(vector::ContractionOp op,
                                           const ProductForm &form,
                                           const FragmentLayout &layout,
                                           const SharedAccess &access) {
  // Keeps what is read for this product from being read, by ptxas, long before,
  // when the registers are another's: it would rather spill than wait.
  NVVM::SyncWarpOp::create(b, b.getI32(-1));
  FailureOr<LeftOperand> lhs = getLeftOperand(op, layout, form.lhsTransposed);
  if (failed(lhs))
    return failure();

  // The right operand is read as it is multiplied, for two fragments of 8
  // columns at once.
  Value half = b.shiftRight(lane, 4),
        third = b.bitAnd(b.shiftRight(lane, 3), 1);
  Value row = form.rhsIsKxN ? b.bitAnd(lane, 15)
                            : b.add(b.shiftLeft(half, 3), b.bitAnd(lane, 7));
  Value chunk = form.rhsIsKxN ? half : third;
  if (!access.atFirstColumn)
    chunk = b.add(chunk, b.shiftRight(access.column, 3));
  ChunkAddress address(b, access.layout, access.base, b.add(access.row, row),
                       chunk, access.atFirstColumn);

  Type element = op.getLhsType().getElementType();
  int64_t depth = op.getLhsType().getDimSize(form.lhsTransposed ? 0 : 1);
  SmallVector<Value> acc = getElements(getTile(op.getAcc()), layout);
  int64_t nCount = layout.getColumns() / 8;
  int64_t mCount = layout.getRowsPerWarp() / 16;
  for (int64_t k = 0; k < depth / 16; ++k) {
    SmallVector<Value> lhsOfStep;
    for (int64_t m = 0; m < mCount; ++m)
      llvm::append_range(lhsOfStep, getLeftFragment(*lhs, m, k));
    for (int64_t n = 0; n < nCount; n += 2) {
      int64_t width = std::min<int64_t>(2, nCount - n);
      SmallVector<Value> rhs = b.loadMatrices(
          form.rhsIsKxN ? address.get(16 * k, n) : address.get(8 * n, 2 * k),
          2 * width, form.rhsIsKxN);
      for (int64_t i = 0; i < width; ++i)
        for (int64_t m = 0; m < mCount; ++m) {
          int64_t at = layout.getIndex(2 * m, 2 * (n + i));
          ArrayRef<Value> accs(acc), as(lhsOfStep), bs(rhs);
          SmallVector<Value> sums =
              b.multiply(element, as.slice(4 * m, 4), bs.slice(2 * i, 2),
                         accs.slice(at, 4));
          llvm::copy(sums, acc.begin() + at);
        }
    }
  }
  setElements(op.getResult(), TileAxes::Both, layout, acc);
  return success();
}
