//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "bpt/Target/CPU/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_PACKCONTRACTIONSPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// A matrix product C += A · B with A given as [M, K] or as [K, M], and B as
/// [K, N] or as [N, K].
struct Product {
  linalg::ContractOp op;
  Value a, b, c;
  bool aTransposed, transposed;
};

/// Matches contractions of matrices in the order (m, n, k).
std::optional<Product> matchProduct(linalg::ContractOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumLoops() != 3)
    return std::nullopt;
  MLIRContext *context = op.getContext();
  AffineExpr m, n, k;
  bindDims(context, m, n, k);
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(3, 0, exprs, context);
  };
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  bool aTransposed = maps[0] == map({k, m});
  if ((!aTransposed && maps[0] != map({m, k})) || maps[2] != map({m, n}))
    return std::nullopt;
  bool transposed = maps[1] == map({n, k});
  if (!transposed && maps[1] != map({k, n}))
    return std::nullopt;
  return Product{
      op,          op.getInputs()[0], op.getInputs()[1], op.getOutputs()[0],
      aTransposed, transposed};
}

Type elementType(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType();
}

int64_t staticSize(OpFoldResult size) {
  return getConstantIntValue(size).value_or(ShapedType::kDynamic);
}

/// Rewrites products so that every operand is what the register tile reads:
/// f32, B as panels of `width` columns, C with whole panels.
class Packer {
public:
  Packer(IRRewriter &rewriter, int64_t width, int64_t height)
      : rewriter(rewriter), maxWidth(width), height(height) {}

  void pack(Product product) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(product.op);
    loc = product.op.getLoc();
    OpFoldResult rows = size(product.c, 0), columns = size(product.c, 1);
    // Narrow results need only half a panel.
    int64_t known = staticSize(columns);
    width = !ShapedType::isDynamic(known) && known <= maxWidth / 2
                ? maxWidth / 2
                : maxWidth;
    // Dot products of rows as they lie: the generic path. Beside other rows, of
    // which these are the last, sums are made in the same order as theirs: the
    // derivative computes scores again, and takes them for the same.
    if (product.transposed && !product.aTransposed && hasFewRows(product) &&
        !findPanels(product))
      return;

    Value a = getLeft(product);
    auto [b, isPanels] = getPanels(product);
    bool isWhole = !ShapedType::isDynamic(known) && known % width == 0;
    auto fill = product.c.getDefiningOp<linalg::FillOp>();
    Value result;
    if (isWhole) {
      Value c = expandRows(expandColumns(product.c, columns));
      if (fill)
        c = fillLike(fill,
                     expandRows(expandColumns(fill.getOutputs()[0], columns)));
      result = collapse(contract(a, b, c, isPanels));
    } else {
      // A panel reaches past the last column: compute whole panels beside, and
      // keep what is inside.
      OpFoldResult padded = apply(d0().ceilDiv(width) * width, columns);
      Value scratch = tensor::EmptyOp::create(
          rewriter, loc, ArrayRef<OpFoldResult>{rows, padded},
          rewriter.getF32Type());
      SmallVector<OpFoldResult> offsets(2, rewriter.getIndexAttr(0)),
          sizes{rows, columns}, strides(2, rewriter.getIndexAttr(1));
      Value c;
      if (fill) {
        c = fillLike(fill, expandRows(expandColumns(scratch, padded)));
      } else {
        // The columns past the last are read as well: give them a value.
        Value zero = arith::ConstantOp::create(rewriter, loc,
                                               rewriter.getF32FloatAttr(0));
        scratch =
            linalg::FillOp::create(rewriter, loc, zero, scratch).getResult(0);
        Value inside = tensor::ExtractSliceOp::create(rewriter, loc, scratch,
                                                      offsets, sizes, strides);
        inside = linalg::CopyOp::create(rewriter, loc, product.c, inside)
                     .getResult(0);
        scratch = tensor::InsertSliceOp::create(rewriter, loc, inside, scratch,
                                                offsets, sizes, strides);
        c = expandRows(expandColumns(scratch, padded));
      }
      Value all = collapse(contract(a, b, c, isPanels));
      result = tensor::ExtractSliceOp::create(rewriter, loc, all, offsets,
                                              sizes, strides);
      // Where the destination matters, the result has to be written there.
      Value destination = fill ? fill.getOutputs()[0] : product.c;
      if (!destination.getDefiningOp<tensor::EmptyOp>())
        result = linalg::CopyOp::create(rewriter, loc, result, destination)
                     .getResult(0);
    }
    if (result.getType() != product.c.getType())
      result =
          tensor::CastOp::create(rewriter, loc, product.c.getType(), result);
    rewriter.replaceOp(product.op, result);
  }

private:
  AffineExpr d0() { return rewriter.getAffineDimExpr(0); }

  OpFoldResult apply(AffineExpr expr, OpFoldResult operand) {
    return affine::makeComposedFoldedAffineApply(rewriter, loc, expr,
                                                 {operand});
  }

  OpFoldResult size(Value tensor, unsigned dim) {
    return tensor::getMixedSize(rewriter, loc, tensor, dim);
  }

  /// The tensor with elements of f32.
  Value extended(Value tensor) {
    if (elementType(tensor).isF32())
      return tensor;
    unsigned rank = cast<RankedTensorType>(tensor.getType()).getRank();
    Value empty = tensor::EmptyOp::create(
        rewriter, loc, tensor::getMixedSizes(rewriter, loc, tensor),
        rewriter.getF32Type());
    SmallVector<AffineMap> maps(2, rewriter.getMultiDimIdentityMap(rank));
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::parallel);
    return linalg::GenericOp::create(
               rewriter, loc, TypeRange{empty.getType()}, ValueRange{tensor},
               ValueRange{empty}, maps, iterators,
               [](OpBuilder &b, Location l, ValueRange v) {
                 Value wide = arith::ExtFOp::create(b, l, b.getF32Type(), v[0]);
                 linalg::YieldOp::create(b, l, wide);
               })
        .getResult(0);
  }

  Value fillLike(linalg::FillOp fill, Value into) {
    return linalg::FillOp::create(rewriter, loc, fill.getInputs()[0], into)
        .getResult(0);
  }

  /// [M, N] seen as [M, N / width, width].
  Value expandColumns(Value matrix, OpFoldResult columns) {
    OpFoldResult panels = apply(d0().floorDiv(width), columns);
    SmallVector<OpFoldResult> shape{size(matrix, 0), panels,
                                    rewriter.getIndexAttr(width)};
    SmallVector<int64_t> staticShape;
    for (OpFoldResult s : shape)
      staticShape.push_back(staticSize(s));
    auto type = RankedTensorType::get(staticShape, elementType(matrix));
    SmallVector<ReassociationIndices> groups{{0}, {1, 2}};
    return tensor::ExpandShapeOp::create(rewriter, loc, type, matrix, groups,
                                         shape);
  }

  /// [M, …] seen as [M / height, height, …], if A is packed.
  Value expandRows(Value panels) {
    if (left != Left::Packed)
      return panels;
    SmallVector<OpFoldResult> shape =
        tensor::getMixedSizes(rewriter, loc, panels);
    shape[0] = apply(d0().floorDiv(height), shape[0]);
    shape.insert(shape.begin() + 1, rewriter.getIndexAttr(height));
    SmallVector<int64_t> staticShape;
    for (OpFoldResult s : shape)
      staticShape.push_back(staticSize(s));
    auto type = RankedTensorType::get(staticShape, elementType(panels));
    SmallVector<ReassociationIndices> groups{{0, 1}, {2}, {3}};
    return tensor::ExpandShapeOp::create(rewriter, loc, type, panels, groups,
                                         shape);
  }

  Value collapse(Value panels) {
    SmallVector<ReassociationIndices> groups{{0}, {1, 2}};
    if (left == Left::Packed)
      groups = {{0, 1}, {2, 3}};
    return tensor::CollapseShapeOp::create(rewriter, loc, panels, groups);
  }

  Value contract(Value a, Value b, Value c, bool isPanels) {
    MLIRContext *context = rewriter.getContext();
    bool isPacked = left == Left::Packed;
    unsigned numLoops = isPacked ? 5 : 4;
    AffineExpr io, i, no, ni, k;
    if (isPacked)
      bindDims(context, io, i, no, ni, k);
    else
      bindDims(context, i, no, ni, k);
    SmallVector<AffineExpr> ofA{i, k}, ofB{k, no, ni}, ofC{i, no, ni};
    if (left == Left::Transposed)
      ofA = {k, i};
    if (isPacked) {
      ofA = {io, k, i};
      ofC.insert(ofC.begin(), io);
    }
    if (isPanels)
      ofB = {no, k, ni};
    SmallVector<AffineMap> maps{AffineMap::get(numLoops, 0, ofA, context),
                                AffineMap::get(numLoops, 0, ofB, context),
                                AffineMap::get(numLoops, 0, ofC, context)};
    return linalg::ContractOp::create(rewriter, loc, TypeRange{c.getType()},
                                      ValueRange{a, b}, ValueRange{c},
                                      rewriter.getAffineMapArrayAttr(maps))
        .getResult(0);
  }

  /// Whether rows of the matrix lie apart: a block of a larger tensor. Rows at
  /// a distance that is a large power of two meet in the same lines of a cache.
  static bool isStrided(Value matrix) {
    while (Operation *op = matrix.getDefiningOp()) {
      if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(
              op)) {
        matrix = op->getOperand(0);
        continue;
      }
      return isa<tensor::ExtractSliceOp>(op);
    }
    return false;
  }

  /// Whether B is read so few times that a copy of it would take longer than
  /// what is computed with it.
  bool hasFewRows(Product product) {
    int64_t rows = staticSize(size(product.c, 0));
    return !ShapedType::isDynamic(rows) && rows <= height;
  }

  /// A in f32, as [M / height, K, height] panels if it is the transpose of a
  /// matrix whose rows lie apart.
  Value getLeft(Product product) {
    left = product.aTransposed ? Left::Transposed : Left::Natural;
    int64_t rows = staticSize(size(product.c, 0));
    if (left == Left::Natural || !isStrided(product.a) ||
        ShapedType::isDynamic(rows) || rows % height != 0)
      return extended(product.a);
    left = Left::Packed;
    Operation *loop = getInvariantLoop(product.a, product.op);
    Value &panels = packedOnce[{product.a, loop, -height}];
    if (!panels) {
      OpBuilder::InsertionGuard guard(rewriter);
      if (loop)
        rewriter.setInsertionPoint(loop);
      panels = extended(packed(product.a, /*position=*/1, height));
    }
    return panels;
  }

  /// The outermost loop around `op` that does not change `value`, if any.
  static Operation *getInvariantLoop(Value value, Operation *op) {
    Operation *loop = nullptr;
    for (Operation *parent = op->getParentOp(); parent;
         parent = parent->getParentOp())
      if (isa<LoopLikeOpInterface>(parent) &&
          value.getParentRegion()->isAncestor(parent->getParentRegion()))
        loop = parent;
    return loop;
  }

  /// B as [N / width, K, width] panels (true), or seen as [K, N / width,
  /// width].
  std::pair<Value, bool> getPanels(Product product) {
    if (Value hoisted = getHoistedPanels(product))
      return {hoisted, true};
    if (Value panels = findPanels(product))
      return {panels, true};
    int64_t columns = staticSize(size(product.b, product.transposed ? 0 : 1));
    if (!product.transposed && !ShapedType::isDynamic(columns) &&
        columns % width == 0 &&
        (!isStrided(product.b) || hasFewRows(product))) {
      // Few rows widen what they read as they read it.
      Value b = hasFewRows(product) ? product.b : extended(product.b);
      return {expandColumns(b, size(product.b, 1)), false};
    }
    // Keys and values serve all blocks of rows that are made inside their own.
    OpBuilder::InsertionGuard guard(rewriter);
    if (Operation *loop = getInvariantLoop(product.b, product.op))
      rewriter.setInsertionPoint(loop);
    Value panels =
        packed(extended(product.b), product.transposed ? 0 : 1, width);
    panelsOf[getForm(product)] = panels;
    return {panels, true};
  }

  using Form = std::pair<Value, int64_t>;
  Form getForm(Product product) {
    return {product.b, width * 2 + (product.transposed ? 0 : 1)};
  }

  /// Panels of B that a product before this one has left, if any.
  Value findPanels(Product product) {
    Value panels = panelsOf.lookup(getForm(product));
    if (!panels)
      return {};
    Operation *def = panels.getDefiningOp();
    Operation *user = def->getBlock()->findAncestorOpInBlock(*product.op);
    return user && def->isBeforeInBlock(user) ? panels : Value();
  }

  /// The matrix in panels of `tile` of its dimension `dim`, the other one
  /// inside of them.
  Value packed(Value matrix, int64_t dim, int64_t tile) {
    SmallVector<OpFoldResult> tiles{rewriter.getIndexAttr(tile)};
    SmallVector<int64_t> position{dim};
    SmallVector<int64_t> order =
        dim == 0 ? SmallVector<int64_t>{} : SmallVector<int64_t>{1, 0};
    Value destination = linalg::PackOp::createDestinationTensor(
        rewriter, loc, matrix, tiles, position, order);
    int64_t extent = staticSize(size(matrix, dim));
    std::optional<Value> padding;
    if (ShapedType::isDynamic(extent) || extent % tile != 0)
      padding = arith::ConstantOp::create(
          rewriter, loc, rewriter.getZeroAttr(elementType(matrix)));
    return linalg::PackOp::create(rewriter, loc, matrix, destination, position,
                                  tiles, padding, order)
        ->getResult(0);
  }

  /// If B is a block of a matrix that no loop around the product changes (a
  /// weight), pack the matrix once before the loops and take the block of it.
  Value getHoistedPanels(Product product) {
    Operation *outermost = nullptr;
    for (Operation *parent = product.op->getParentOp(); parent;
         parent = parent->getParentOp()) {
      if (isa<LoopLikeOpInterface>(parent))
        outermost = parent;
    }
    if (!outermost)
      return {};
    Value source = product.b;
    auto slice = source.getDefiningOp<tensor::ExtractSliceOp>();
    if (slice) {
      if (slice.getSourceType().getRank() != 2 ||
          slice.getType().getRank() != 2 || !slice.hasUnitStride())
        return {};
      source = slice.getSource();
    }
    Region *around = outermost->getParentRegion();
    Region *home = source.getParentRegion();
    if (!home->isAncestor(around) ||
        cast<RankedTensorType>(source.getType()).getRank() != 2)
      return {};
    unsigned columnDim = product.transposed ? 0 : 1;
    if (slice && !isKnownMultipleOf(slice.getMixedOffsets()[columnDim], width))
      return {};

    Value &panels = packedOnce[{source, outermost, width * 2 + columnDim}];
    if (!panels && hasFewRows(product))
      return {};
    if (!panels) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPoint(outermost);
      panels = extended(packed(source, columnDim, width));
    }
    if (!slice)
      return panels;
    OpFoldResult zero = rewriter.getIndexAttr(0);
    SmallVector<OpFoldResult> from = slice.getMixedOffsets(),
                              extent = slice.getMixedSizes();
    SmallVector<OpFoldResult> offsets{
        apply(d0().floorDiv(width), from[columnDim]), from[1 - columnDim],
        zero};
    SmallVector<OpFoldResult> sizes{
        apply(d0().ceilDiv(width), extent[columnDim]), extent[1 - columnDim],
        rewriter.getIndexAttr(width)};
    SmallVector<OpFoldResult> strides(3, rewriter.getIndexAttr(1));
    return tensor::ExtractSliceOp::create(rewriter, loc, panels, offsets, sizes,
                                          strides);
  }

  IRRewriter &rewriter;
  Location loc = rewriter.getUnknownLoc();
  int64_t maxWidth, height, width = 0;
  /// How the product at hand reads A.
  enum class Left { Natural, Transposed, Packed } left = Left::Natural;
  /// Panels of weights, by matrix, loop and form.
  DenseMap<std::tuple<Value, Operation *, int64_t>, Value> packedOnce;
  /// Panels of keys and values, by matrix and form.
  DenseMap<Form, Value> panelsOf;
};

struct PackContractionsPass
    : bpt::impl::PackContractionsPassBase<PackContractionsPass> {
  using PackContractionsPassBase::PackContractionsPassBase;
  void runOnOperation() override {
    if (panelWidth < 2 || panelWidth % 2 != 0) {
      emitError(getOperation().getLoc())
          << "option panel-width is " << panelWidth.getValue()
          << ", but must be an even number of columns";
      return signalPassFailure();
    }
    if (panelHeight < 1) {
      emitError(getOperation().getLoc())
          << "option panel-height is " << panelHeight.getValue()
          << ", but a panel has at least 1 row";
      return signalPassFailure();
    }
    SmallVector<linalg::ContractOp> products;
    getOperation()->walk(
        [&](linalg::ContractOp op) { products.push_back(op); });
    IRRewriter rewriter(&getContext());
    Packer packer(rewriter, panelWidth, panelHeight);
    // Matched one by one: a product may add to the result of one before.
    for (linalg::ContractOp op : products)
      if (std::optional<Product> product = matchProduct(op))
        packer.pack(*product);
  }
};
} // namespace
