//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperandForms.h"
#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "bpt/Target/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

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

/// Matches contractions of matrices in the order (m, n, k), with sums of f32.
std::optional<Product> matchProduct(linalg::ContractOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumLoops() != 3 ||
      !getElementType(op.getOutputs()[0]).isF32() ||
      llvm::any_of(op.getInputs(), [](Value input) {
        Type type = getElementType(input);
        return !type.isF32() && !type.isF16() && !type.isBF16() &&
               !isa<Float8E4M3FNType>(type);
      }))
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

/// Rewrites products so that every operand is what the register tile reads:
/// f32 or pairs of bf16, B as panels of `width` columns, C with whole panels.
class Packer : OperandForms {
public:
  Packer(IRRewriter &rewriter, int64_t width, int64_t height,
         int64_t rowsInPlace, bool bf16Dot)
      : OperandForms(rewriter), maxWidth(width), height(height),
        rowsInPlace(rowsInPlace), bf16Dot(bf16Dot) {}

  void pack(Product product) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(product.op);
    loc = product.op.getLoc();
    OpFoldResult columns = size(product.c, 1);
    rows = getStaticSize(size(product.c, 0));
    // Narrow results need only half a panel.
    int64_t known = getStaticSize(columns);
    width = !ShapedType::isDynamic(known) && known <= maxWidth / 2
                ? maxWidth / 2
                : maxWidth;
    // Dot products of rows as they lie: the generic path. Beside other rows, of
    // which these are the last, sums are made in the same order as theirs: the
    // derivative computes scores again, and takes them for the same.
    inPairs = multipliesPairs(product);
    if (product.transposed && !product.aTransposed && hasFewRows(product) &&
        !findPanels(product))
      return;

    chooseLeft(product);
    // How few rows read B says whether they are multiplied in pairs.
    Value a = hasFewRows(product) ? Value() : getLeft(product);
    auto [b, isPanels] = getPanels(product);
    if (!a)
      a = getLeft(product);
    auto [fill, c] = takeFill(product.c);
    int64_t whole = ShapedType::isDynamic(known) ? 0 : known / width * width;
    Value result;
    if (known == whole) {
      result = computeInPlace(a, b, isPanels, c, fill);
    } else if (whole == 0 || c.getDefiningOp<tensor::EmptyOp>()) {
      result = computeBeside(a, b, isPanels, c, fill);
    } else {
      // Whole panels in place, the columns that are left beside.
      Value part = computeInPlace(a, slice(b, 0, 0, whole / width), isPanels,
                                  slice(c, 1, 0, whole), fill);
      c = insertSlice(part, c, 1, 0);
      b = slice(b, 0, whole / width, 1);
      if (known - whole <= maxWidth / 2 && width == maxWidth) {
        width = maxWidth / 2;
        b = slice(b, 2, 0, width);
      }
      part = computeBeside(a, b, isPanels, slice(c, 1, whole, known - whole),
                           fill);
      result = insertSlice(part, c, 1, whole);
    }
    if (result.getType() != product.c.getType())
      result =
          tensor::CastOp::create(rewriter, loc, product.c.getType(), result);
    rewriter.replaceOp(product.op, result);
  }

private:
  /// What fills `c`, and what it fills. A matrix may be all that is filled,
  /// seen without dimensions of one; what is put back in its place needs no
  /// fill.
  std::pair<linalg::FillOp, Value> takeFill(Value c) {
    if (auto fill = c.getDefiningOp<linalg::FillOp>())
      return {fill, fill.getOutputs()[0]};
    auto view = c.getDefiningOp<tensor::ExtractSliceOp>();
    auto fill =
        view ? view.getSource().getDefiningOp<linalg::FillOp>() : nullptr;
    if (!fill || !coversSource(view))
      return {nullptr, c};
    for (OpOperand &use :
         llvm::make_early_inc_range(view.getSource().getUses()))
      if (auto insert = dyn_cast<tensor::InsertSliceOp>(use.getOwner());
          insert && insert.getDest() == use.get() &&
          insert.isSameAs(view, [](OpFoldResult a, OpFoldResult b) {
            return isEqualConstantIntOrValue(a, b);
          }))
        rewriter.modifyOpInPlace(insert,
                                 [&] { use.set(fill.getOutputs()[0]); });
    Value whole = fill.getOutputs()[0];
    return {fill, tensor::ExtractSliceOp::create(rewriter, loc, view.getType(),
                                                 whole, view.getMixedOffsets(),
                                                 view.getMixedSizes(),
                                                 view.getMixedStrides())};
  }

  /// Whether a view is of all elements of its tensor.
  static bool coversSource(tensor::ExtractSliceOp view) {
    for (auto [dim, extent] : llvm::enumerate(view.getMixedSizes())) {
      FailureOr<bool> isWhole = ValueBoundsConstraintSet::areEqual(
          {view.getSource(), static_cast<int64_t>(dim)}, extent);
      if (failed(isWhole) || !*isWhole)
        return false;
    }
    return view.hasUnitStride();
  }

  /// The product with whole panels of C, which is where the result lies. What
  /// fills C, if anything does, is where the sums begin.
  Value computeInPlace(Value a, Value b, bool isPanels, Value c,
                       linalg::FillOp fill) {
    c = expandRows(expandColumns(c, size(c, 1)));
    if (fill)
      c = fillLike(fill, c);
    return collapse(contract(a, b, c, isPanels));
  }

  /// The product with a last panel that reaches past the last column: computes
  /// whole panels in a tile of their own, and keeps what is inside.
  Value computeBeside(Value a, Value b, bool isPanels, Value c,
                      linalg::FillOp fill) {
    OpFoldResult rows = size(c, 0), columns = size(c, 1);
    OpFoldResult padded = apply(d0().ceilDiv(width) * width, columns);
    Value scratch = tensor::EmptyOp::create(
        rewriter, loc, ArrayRef<OpFoldResult>{rows, padded},
        rewriter.getF32Type());
    SmallVector<OpFoldResult> offsets(2, rewriter.getIndexAttr(0)),
        sizes{rows, columns}, strides(2, rewriter.getIndexAttr(1));
    if (!fill) {
      // The columns past the last are read as well: give them a value.
      Value zero =
          arith::ConstantOp::create(rewriter, loc, rewriter.getF32FloatAttr(0));
      scratch =
          linalg::FillOp::create(rewriter, loc, zero, scratch).getResult(0);
      Value inside = tensor::ExtractSliceOp::create(rewriter, loc, scratch,
                                                    offsets, sizes, strides);
      inside = linalg::CopyOp::create(rewriter, loc, c, inside).getResult(0);
      scratch = tensor::InsertSliceOp::create(rewriter, loc, inside, scratch,
                                              offsets, sizes, strides);
    }
    Value all = computeInPlace(a, b, isPanels, scratch, fill);
    Value result = tensor::ExtractSliceOp::create(rewriter, loc, all, offsets,
                                                  sizes, strides);
    // Where the destination matters, the result has to be written there.
    if (!c.getDefiningOp<tensor::EmptyOp>())
      result = linalg::CopyOp::create(rewriter, loc, result, c).getResult(0);
    return result;
  }

  /// Whether the product is one of pairs of bf16: an operand that was computed
  /// in f32 is rounded to the type of the other.
  bool multipliesPairs(const Product &product) {
    Type a = getElementType(product.a), b = getElementType(product.b);
    return bf16Dot && (a.isBF16() || b.isBF16()) && (a.isBF16() || a.isF32()) &&
           (b.isBF16() || b.isF32()) &&
           (!product.aTransposed || hasPanelsOfRows(product));
  }

  Value fillLike(linalg::FillOp fill, Value into) {
    return linalg::FillOp::create(rewriter, loc, fill.getInputs()[0], into)
        .getResult(0);
  }

  /// [M, N] seen as [M, N / width, width].
  Value expandColumns(Value matrix, OpFoldResult columns) {
    OpFoldResult panels = apply(d0().floorDiv(width), columns);
    return expand(
        matrix, {{0}, {1, 2}},
        {size(matrix, 0), panels, OpFoldResult(rewriter.getIndexAttr(width))});
  }

  /// [M, …] seen as [M / height, height, …], if A is packed.
  Value expandRows(Value panels) {
    if (left != Left::Packed)
      return panels;
    SmallVector<OpFoldResult> shape =
        tensor::getMixedSizes(rewriter, loc, panels);
    shape[0] = apply(d0().floorDiv(height), shape[0]);
    shape.insert(shape.begin() + 1, rewriter.getIndexAttr(height));
    return expand(panels, {{0, 1}, {2}, {3}}, shape);
  }

  Value collapse(Value panels) {
    SmallVector<ReassociationIndices> groups{{0}, {1, 2}};
    if (left == Left::Packed)
      groups = {{0, 1}, {2, 3}};
    return tensor::CollapseShapeOp::create(rewriter, loc, panels, groups);
  }

  /// The product of operands in their forms. Of a block of rows, deep ones are
  /// summed in steps: a panel of B stays in L2 beside the rows of A that it is
  /// multiplied by.
  Value contract(Value a, Value b, Value c, bool isPanels) {
    unsigned ofA = left == Left::Transposed ? 0 : 1, ofB = isPanels ? 1 : 0;
    int64_t depth = getStaticSize(size(a, ofA));
    bool isBlock = !ShapedType::isDynamic(rows) && rows <= maxRows;
    if (!isBlock || ShapedType::isDynamic(depth) || depth <= maxDepth)
      return createContract(a, b, c, isPanels);
    int64_t step = llvm::divideCeil(depth, llvm::divideCeil(depth, maxDepth));
    int64_t whole = depth / step * step;
    auto index = [&](int64_t value) {
      return arith::ConstantIndexOp::create(rewriter, loc, value).getResult();
    };
    auto loop = scf::ForOp::create(rewriter, loc, index(0), index(whole),
                                   index(step), c);
    {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(loop.getBody());
      OpFoldResult first = loop.getInductionVar();
      Value sum =
          createContract(slice(a, ofA, first, step), slice(b, ofB, first, step),
                         loop.getRegionIterArg(0), isPanels);
      scf::YieldOp::create(rewriter, loc, sum);
    }
    Value sum = loop.getResult(0);
    if (whole == depth)
      return sum;
    OpFoldResult first = rewriter.getIndexAttr(whole);
    return createContract(slice(a, ofA, first, depth - whole),
                          slice(b, ofB, first, depth - whole), sum, isPanels);
  }

  Value createContract(Value a, Value b, Value c, bool isPanels) {
    MLIRContext *context = rewriter.getContext();
    bool isPacked = left == Left::Packed;
    unsigned numLoops = (isPacked ? 5 : 4) + (inPairs ? 1 : 0);
    AffineExpr io, i, no, ni, k;
    if (isPacked)
      bindDims(context, io, i, no, ni, k);
    else
      bindDims(context, i, no, ni, k);
    AffineExpr ofPair = getAffineDimExpr(numLoops - 1, context);
    SmallVector<AffineExpr> ofA{i, k}, ofB{k, no, ni}, ofC{i, no, ni};
    if (left == Left::Transposed)
      ofA = {k, i};
    if (isPacked) {
      ofA = {io, k, i};
      ofC.insert(ofC.begin(), io);
    }
    if (isPanels)
      ofB = {no, k, ni};
    if (inPairs) {
      ofA.push_back(ofPair);
      ofB.push_back(ofPair);
    }
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
    int64_t rows = getStaticSize(size(product.c, 0));
    return !ShapedType::isDynamic(rows) && rows <= height;
  }

  /// Whether B is a matrix of whole panels of f32, which at most `rowsInPlace`
  /// rows read in all: of the product, as often as loops repeat it.
  bool isReadSeldom(const Product &product) {
    int64_t columns = getStaticSize(size(product.b, 1));
    if (product.transposed || inPairs || left != Left::Natural ||
        !getElementType(product.b).isF32() || ShapedType::isDynamic(columns) ||
        columns % width != 0)
      return false;
    FailureOr<int64_t> reads = ValueBoundsConstraintSet::computeConstantBound(
        presburger::BoundType::UB, {product.c, 0}, /*stopCondition=*/nullptr,
        /*closedUB=*/true);
    if (failed(reads))
      return false;
    for (auto loop = product.op->getParentOfType<LoopLikeOpInterface>(); loop;
         loop = loop->getParentOfType<LoopLikeOpInterface>()) {
      if (*reads > rowsInPlace)
        return false;
      if (changes(loop, product.b))
        continue;
      std::optional<int64_t> count = countIterations(loop);
      if (!count)
        return false;
      *reads *= *count;
    }
    return *reads <= rowsInPlace;
  }

  /// Whether `value` is computed in the loop, other than as a block that is the
  /// same in all iterations.
  static bool changes(LoopLikeOpInterface loop, Value value) {
    if (loop.isDefinedOutsideOfLoop(value))
      return false;
    auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
    return !slice || llvm::any_of(slice->getOperands(), [&](Value operand) {
      return changes(loop, operand);
    });
  }

  static std::optional<int64_t> countIterations(LoopLikeOpInterface loop) {
    auto lower = loop.getLoopLowerBounds(), upper = loop.getLoopUpperBounds(),
         step = loop.getLoopSteps();
    if (!lower || !upper || !step)
      return std::nullopt;
    int64_t count = 1;
    for (auto [from, to, by] : llvm::zip_equal(*lower, *upper, *step)) {
      std::optional<APInt> ofDim =
          constantTripCount(from, to, by, /*isSigned=*/true,
                            [](Value, Value, bool) { return std::nullopt; });
      if (!ofDim)
        return std::nullopt;
      count *= ofDim->getSExtValue();
    }
    return count;
  }

  /// Whether A, the transpose of a matrix whose rows lie apart, is packed.
  bool hasPanelsOfRows(const Product &product) {
    int64_t rows = getStaticSize(size(product.c, 0));
    return product.aTransposed && isStrided(product.a) &&
           !ShapedType::isDynamic(rows) && rows % height == 0;
  }

  void chooseLeft(const Product &product) {
    left = !product.aTransposed        ? Left::Natural
           : !hasPanelsOfRows(product) ? Left::Transposed
                                       : Left::Packed;
  }

  /// A with the elements that are multiplied, as [M / height, K, height] if it
  /// is packed.
  Value getLeft(const Product &product) {
    if (left != Left::Packed)
      return inPairs ? paired(product.a) : converted(product.a);
    Operation *loop = getInvariantLoop(product.a, product.op);
    Value &panels = packedOnce[{product.a, loop, -getForm(height, 1)}];
    if (!panels) {
      OpBuilder::InsertionGuard guard(rewriter);
      if (loop)
        rewriter.setInsertionPoint(loop);
      panels = packed(product.a, /*position=*/1, height);
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
    if (isReadSeldom(product))
      return {expandColumns(product.b, size(product.b, 1)), false};
    if (Value hoisted = getHoistedPanels(product))
      return {hoisted, true};
    if (Value panels = findPanels(product))
      return {panels, true};
    int64_t columns =
        getStaticSize(size(product.b, product.transposed ? 0 : 1));
    if (!product.transposed && !ShapedType::isDynamic(columns) &&
        columns % width == 0 &&
        (hasFewRows(product) || (!isStrided(product.b) && !inPairs))) {
      // Few rows widen what they read as they read it.
      inPairs = false;
      Value b = hasFewRows(product) ? product.b : converted(product.b);
      return {expandColumns(b, size(product.b, 1)), false};
    }
    // Keys and values serve all blocks of rows that are made inside their own.
    OpBuilder::InsertionGuard guard(rewriter);
    if (Operation *loop = getInvariantLoop(product.b, product.op))
      rewriter.setInsertionPoint(loop);
    unsigned dim = product.transposed ? 0 : 1;
    Value panels = packed(product.b, dim, width);
    panelsOf[{product.b, getForm(width, dim)}] = panels;
    return {panels, true};
  }

  /// A number of its own for each form of panels.
  int64_t getForm(int64_t tile, unsigned dim) {
    return tile * 4 + dim * 2 + (inPairs ? 1 : 0);
  }

  /// Panels of B that a product before this one has left, if any.
  Value findPanels(Product product) {
    Value panels = panelsOf.lookup(
        {product.b, getForm(width, product.transposed ? 0 : 1)});
    if (!panels)
      return {};
    Operation *def = panels.getDefiningOp();
    Operation *user = def->getBlock()->findAncestorOpInBlock(*product.op);
    return user && def->isBeforeInBlock(user) ? panels : Value();
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
    // No pair may reach out of the block.
    if (slice && inPairs &&
        (!isKnownMultipleOf(slice.getMixedOffsets()[1 - columnDim], 2) ||
         !isKnownMultipleOf(slice.getMixedSizes()[1 - columnDim], 2)))
      return {};

    Value &panels = packedOnce[{source, outermost, getForm(width, columnDim)}];
    if (!panels && hasFewRows(product))
      return {};
    if (!panels) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPoint(outermost);
      panels = packed(source, columnDim, width);
    }
    if (!slice)
      return panels;
    SmallVector<OpFoldResult> from = slice.getMixedOffsets(),
                              extent = slice.getMixedSizes();
    int64_t depth = inPairs ? 2 : 1;
    SmallVector<OpFoldResult> offsets{
        apply(d0().floorDiv(width), from[columnDim]),
        apply(d0().floorDiv(depth), from[1 - columnDim]),
        rewriter.getIndexAttr(0)};
    SmallVector<OpFoldResult> sizes{
        apply(d0().ceilDiv(width), extent[columnDim]),
        apply(d0().floorDiv(depth), extent[1 - columnDim]),
        rewriter.getIndexAttr(width)};
    if (inPairs) {
      offsets.push_back(rewriter.getIndexAttr(0));
      sizes.push_back(rewriter.getIndexAttr(2));
    }
    SmallVector<OpFoldResult> strides(sizes.size(), rewriter.getIndexAttr(1));
    return tensor::ExtractSliceOp::create(rewriter, loc, panels, offsets, sizes,
                                          strides);
  }

  int64_t maxWidth, height, rowsInPlace, width = 0;
  /// The most terms (pairs of bf16 count as one) that are summed in one go.
  static constexpr int64_t maxDepth = 1024;
  /// The most rows of which the sums are read and written again in every step.
  static constexpr int64_t maxRows = 1024;
  /// Those of the product at hand, if they are known.
  int64_t rows = 0;
  /// Whether the host multiplies pairs of bf16.
  bool bf16Dot;
  /// How the product at hand reads A.
  enum class Left { Natural, Transposed, Packed } left = Left::Natural;
  /// Panels of weights, by matrix, loop and form.
  DenseMap<std::tuple<Value, Operation *, int64_t>, Value> packedOnce;
  /// Panels of keys and values, by matrix and form.
  DenseMap<std::pair<Value, int64_t>, Value> panelsOf;
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
    Packer packer(rewriter, panelWidth, panelHeight, rowsInPlace, bf16Dot);
    // Matched one by one: a product may add to the result of one before.
    for (linalg::ContractOp op : products)
      if (std::optional<Product> product = matchProduct(op))
        packer.pack(*product);
  }
};
} // namespace
