//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KnownLayout.h"
#include "Launches.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Launch/Passes.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_PREPARETILEKERNELSPASS
#include "bpt/Target/GPU/Launch/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

static constexpr int64_t kRowsOfFragment = 16;
static constexpr int64_t kRowsOfGroup = 64;
static constexpr int64_t kLanes = 32;
/// The widest sum of which a warp holds 32 rows: 128 registers of a lane.
static constexpr int64_t kWidestTallSum = 128;
/// The same for all products of a loop's iteration: their operands need the
/// rest of the registers.
static constexpr int64_t kWidestTallProducts = 160;

/// Warps of a tile program, or 0 if the kernel is none.
///
/// A warp reads every right operand from workgroup memory for its own rows:
/// with 32 of them, rather than 16, it multiplies twice as much of what it
/// reads, and that the tensor cores are the bound, and not workgroup memory,
/// needs it. A warpgroup reads for 64 rows, of which each warp has 16.
///
/// Where random numbers are drawn for what is multiplied (dropout), they are
/// the bound, and need registers themselves: then a warp has 16 rows as well.
static int64_t countWarps(gpu::GPUFuncOp kernel, bool wgmma) {
  int64_t rows = 0, columns = 0, columnsOfBlock = 0;
  DenseMap<Block *, int64_t> blocks;
  bool drawsNumbers = false, multipliesDrawn = false;
  WalkResult walk = kernel.walk([&](Operation *op) {
    if (isa<linalg::LinalgOp>(op))
      return WalkResult::interrupt();
    drawsNumbers |= isa<arith::MulUIExtendedOp>(op);
    if (auto product = dyn_cast<vector::ContractionOp>(op))
      if (auto type = dyn_cast<VectorType>(product.getResultType())) {
        multipliesDrawn |= drawsNumbers;
        rows = std::max(rows, type.getDimSize(0));
        columns = std::max(columns, type.getDimSize(1));
        int64_t &ofBlock = blocks[op->getBlock()];
        ofBlock += type.getDimSize(1);
        columnsOfBlock = std::max(columnsOfBlock, ofBlock);
      }
    return WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return 0;
  bool isTall = rows % (2 * kRowsOfFragment) == 0 &&
                columns <= kWidestTallSum && !multipliesDrawn &&
                columnsOfBlock <= kWidestTallProducts &&
                !(wgmma && rows % kRowsOfGroup == 0);
  return rows / (isTall ? 2 * kRowsOfFragment : kRowsOfFragment);
}

namespace {
/// A memref in terms of a flat one and of numbers, of which those that are not
/// static are arguments.
class FlatArgument {
public:
  explicit FlatArgument(MemRefType type) : type(type) {
    (void)type.getStridesAndOffset(strides, offset);
  }

  /// Whether a pointer to its first element says all.
  bool isStatic() const {
    return type.hasStaticShape() && type.getLayout().isIdentity();
  }

  MemRefType getFlatType() const {
    return MemRefType::get({ShapedType::kDynamic}, type.getElementType(),
                           MemRefLayoutAttrInterface(), type.getMemorySpace());
  }

  /// What a launch passes instead.
  void pass(OpBuilder &builder, Location loc, Value memref,
            SmallVectorImpl<Value> &operands) const {
    auto metadata =
        memref::ExtractStridedMetadataOp::create(builder, loc, memref);
    OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
    operands.push_back(memref::ReinterpretCastOp::create(
        builder, loc, getFlatType(), metadata.getBaseBuffer(), zero,
        ArrayRef<OpFoldResult>{
            arith::ConstantIndexOp::create(builder, loc, 1).getResult()},
        ArrayRef<OpFoldResult>{one}));
    if (ShapedType::isDynamic(offset))
      operands.push_back(metadata.getOffset());
    for (auto [dim, size] : llvm::enumerate(type.getShape()))
      if (ShapedType::isDynamic(size))
        operands.push_back(
            builder.createOrFold<memref::DimOp>(loc, memref, dim));
    for (auto [dim, stride] : llvm::enumerate(strides))
      if (ShapedType::isDynamic(stride) && !isDense())
        operands.push_back(metadata.getStrides()[dim]);
  }

  /// Puts the arguments of a kernel behind the old one, and the memref together
  /// from them. What is known of the layout becomes known of the arguments.
  void
  take(OpBuilder &builder, gpu::GPUFuncOp kernel, unsigned number,
       const KnownLayout &known,
       SmallVectorImpl<std::pair<BlockArgument, int64_t>> &divisors) const {
    Block &entry = kernel.getBody().front();
    Location loc = entry.getArgument(number).getLoc();
    unsigned next = number + 1;
    Value flat = entry.insertArgument(next++, getFlatType(), loc);
    auto take = [&](int64_t number, int64_t divisor) -> OpFoldResult {
      if (!ShapedType::isDynamic(number))
        return builder.getIndexAttr(number);
      BlockArgument argument =
          entry.insertArgument(next++, builder.getIndexType(), loc);
      if (divisor > 1)
        divisors.push_back({argument, divisor});
      return argument;
    };
    OpFoldResult start = take(offset, known.offset);
    SmallVector<OpFoldResult> sizes, steps;
    for (int64_t size : type.getShape())
      sizes.push_back(take(size, 1));
    if (!isDense())
      for (auto [stride, divisor] : llvm::zip(strides, known.strides))
        steps.push_back(take(stride, divisor));
    builder.setInsertionPointToStart(&entry);
    if (isDense())
      steps = getDenseSteps(builder, loc, sizes);
    Value memref = memref::ReinterpretCastOp::create(builder, loc, type, flat,
                                                     start, sizes, steps);
    entry.getArgument(number).replaceAllUsesWith(memref);
    entry.eraseArgument(number);
  }

private:
  /// Elements follow one another: sizes say what the strides are.
  bool isDense() const { return type.getLayout().isIdentity(); }

  static SmallVector<OpFoldResult> getDenseSteps(OpBuilder &builder,
                                                 Location loc,
                                                 ArrayRef<OpFoldResult> sizes) {
    SmallVector<OpFoldResult> steps(sizes.size());
    OpFoldResult step = builder.getIndexAttr(1);
    for (size_t dim = sizes.size(); dim-- > 0;) {
      steps[dim] = step;
      if (dim == 0)
        break;
      auto known = getConstantIntValue(step),
           size = getConstantIntValue(sizes[dim]);
      if (known && size) {
        step = builder.getIndexAttr(*known * *size);
        continue;
      }
      step = builder.createOrFold<arith::MulIOp>(
          loc, getValueOrCreateConstantIndexOp(builder, loc, sizes[dim]),
          getValueOrCreateConstantIndexOp(builder, loc, step));
    }
    return steps;
  }

  MemRefType type;
  SmallVector<int64_t> strides;
  int64_t offset = 0;
};

struct PrepareTileKernelsPass
    : bpt::impl::PrepareTileKernelsPassBase<PrepareTileKernelsPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder builder(&getContext());
    LaunchMap launches = findLaunches(module);
    module.walk([&](gpu::GPUFuncOp kernel) {
      if (!kernel.isKernel())
        return;
      if (int64_t warps = countWarps(kernel, wgmma))
        prepare(builder, kernel, warps, launches.lookup(kernel));
    });
  }

private:
  static void prepare(OpBuilder &builder, gpu::GPUFuncOp kernel, int64_t warps,
                      ArrayRef<gpu::LaunchFuncOp> launches) {
    int64_t threads = warps * kLanes;
    kernel->setAttr(tile::TileDialect::kWarpsAttrName,
                    builder.getI32IntegerAttr(warps));
    std::array<int32_t, 3> shape = {static_cast<int32_t>(threads), 1, 1};
    kernel.setKnownBlockSize(ArrayRef<int32_t>(shape));
    SmallVector<Type> types(kernel.getArgumentTypes());
    // What all launches agree on.
    SmallVector<std::optional<KnownLayout>> layouts(types.size());
    for (gpu::LaunchFuncOp launch : launches) {
      builder.setInsertionPoint(launch);
      Value size =
          arith::ConstantIndexOp::create(builder, launch.getLoc(), threads);
      launch.getBlockSizeXMutable().assign(size);
      SmallVector<Value> operands;
      for (auto [type, operand, layout] :
           llvm::zip(types, launch.getKernelOperands(), layouts)) {
        auto memref = dyn_cast<MemRefType>(type);
        if (!memref || FlatArgument(memref).isStatic()) {
          operands.push_back(operand);
          continue;
        }
        FlatArgument(memref).pass(builder, launch.getLoc(), operand, operands);
        KnownLayout known = getKnownLayout(operand);
        if (layout)
          layout->meet(known);
        else
          layout = known;
      }
      launch.getKernelOperandsMutable().assign(operands);
    }
    // Behind the arguments the entry has those of workgroup and private memory.
    Block &entry = kernel.getBody().front();
    unsigned numAttributions = entry.getNumArguments() - types.size();
    SmallVector<std::pair<BlockArgument, int64_t>> divisors;
    for (unsigned number = types.size(); number-- > 0;) {
      auto memref = dyn_cast<MemRefType>(types[number]);
      if (memref && !FlatArgument(memref).isStatic())
        FlatArgument(memref).take(
            builder, kernel, number,
            layouts[number].value_or(
                KnownLayout{1, SmallVector<int64_t>(memref.getRank(), 1)}),
            divisors);
    }
    kernel.setFunctionType(builder.getFunctionType(
        TypeRange(entry.getArgumentTypes()).drop_back(numAttributions), {}));
    for (auto [argument, divisor] : divisors)
      kernel.setArgAttr(argument.getArgNumber(),
                        tile::TileDialect::kDivisorAttrName,
                        builder.getIndexAttr(divisor));
  }
};
} // namespace
