//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlockMemory.h"
#include "BlockOrder.h"
#include "KernelAttributes.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Passes.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_GPUOUTLINEPASS
#include "bpt/Target/GPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// Makes the kernels of one host function.
class Outliner {
public:
  /// `module` is that of all kernels, made when the first one is.
  Outliner(func::FuncOp function, const GPUOutlinePassOptions &options,
           gpu::GPUModuleOp &module)
      : function(function), options(options), rewriter(function.getContext()),
        module(module) {}

  LogicalResult run() {
    prepareCopies();
    prepareElements();
    SmallVector<Operation *> work;
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<scf::ForallOp, linalg::LinalgOp>(op)) {
        work.push_back(op);
        return WalkResult::skip();
      }
      return WalkResult::advance();
    });
    for (Operation *op : work) {
      rewriter.setInsertionPoint(op);
      if (auto loop = dyn_cast<scf::ForallOp>(op)) {
        if (failed(outlineLoop(loop)))
          return failure();
      } else {
        outlineOp(cast<linalg::LinalgOp>(op));
      }
    }
    return success();
  }

private:
  struct Kernel {
    gpu::GPUFuncOp func;
    /// Host values to values of the kernel.
    IRMapping mapping;
  };

  /// Strided copies, and copies of constants, are kernels.
  void prepareCopies() {
    SmallVector<memref::CopyOp> copies;
    function.walk([&](memref::CopyOp copy) {
      auto isContiguous = [](Value value) {
        return cast<MemRefType>(value.getType()).getLayout().isIdentity();
      };
      if (!copy->getParentOfType<scf::ForallOp>() &&
          !(isContiguous(copy.getSource()) && isContiguous(copy.getTarget()) &&
            !isSunk(copy.getSource())))
        copies.push_back(copy);
    });
    for (memref::CopyOp copy : copies) {
      rewriter.setInsertionPoint(copy);
      linalg::makeMemRefCopyOp(rewriter, copy.getLoc(), copy.getSource(),
                               copy.getTarget());
      rewriter.eraseOp(copy);
    }
  }

  /// With what its regions do; also where that is not known.
  static bool touchesMemory(Operation *op) {
    auto effects = getEffectsRecursively(op);
    return !effects || llvm::any_of(*effects, [](const auto &effect) {
      return isa<MemoryEffects::Read, MemoryEffects::Write>(effect.getEffect());
    });
  }

  /// The host cannot read elements. The loop that does is one block, with the
  /// loops around it that do nothing else; without a loop, it is the read with
  /// what depends on it.
  void prepareElements() {
    SmallVector<Operation *> elements;
    function.walk([&](Operation *op) {
      if (isa<memref::LoadOp, memref::StoreOp>(op))
        elements.push_back(op);
    });
    for (Operation *op : elements) {
      if (op->getParentOfType<scf::ForallOp>() ||
          op->getParentOfType<linalg::LinalgOp>())
        continue;
      SetVector<Operation *> work;
      if (auto loop = op->getParentOfType<scf::ForOp>())
        work.insert(getElementLoop(loop));
      else
        getForwardSlice(op, &work);
      work.insert(op);
      makeBlock(work);
    }
  }

  static scf::ForOp getElementLoop(scf::ForOp loop) {
    while (auto outer = dyn_cast<scf::ForOp>(loop->getParentOp())) {
      if (llvm::any_of(*outer.getBody(), [&](Operation &other) {
            return &other != loop.getOperation() && touchesMemory(&other);
          }))
        break;
      loop = outer;
    }
    return loop;
  }

  /// Moves the outermost of these operations, which lie in one list, into a
  /// block of threads; not if the host needs a result, or if an operation that
  /// stays between them touches memory.
  void makeBlock(const SetVector<Operation *> &work) {
    SmallVector<Operation *> outermost;
    for (Operation *op : work)
      if (llvm::none_of(work, [&](Operation *other) {
            return other->isProperAncestor(op);
          }))
        outermost.push_back(op);
    Block *block = outermost.front()->getBlock();
    auto isUsedByOthers = [&](Operation *op) {
      return llvm::any_of(op->getUsers(), [&](Operation *user) {
        return llvm::none_of(outermost, [&](Operation *other) {
          return other->isAncestor(user);
        });
      });
    };
    for (Operation *op : outermost)
      if (op->getBlock() != block || op->hasTrait<OpTrait::IsTerminator>() ||
          isUsedByOthers(op))
        return;
    llvm::sort(outermost, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    for (Operation *op = outermost.front(); op != outermost.back();
         op = op->getNextNode())
      if (!llvm::is_contained(outermost, op) && touchesMemory(op))
        return;
    rewriter.setInsertionPoint(outermost.back());
    auto blockOfThreads =
        scf::ForallOp::create(rewriter, outermost.back()->getLoc(),
                              ArrayRef<OpFoldResult>{rewriter.getIndexAttr(1)},
                              ValueRange(), std::nullopt);
    for (Operation *op : outermost)
      rewriter.moveOpBefore(op, blockOfThreads.getTerminator());
  }

  gpu::GPUModuleOp getModule() {
    if (module)
      return module;
    auto parent = function->getParentOfType<ModuleOp>();
    parent->setAttr(gpu::GPUDialect::getContainerModuleAttrName(),
                    rewriter.getUnitAttr());
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(function);
    module = gpu::GPUModuleOp::create(rewriter, parent.getLoc(), "kernels");
    SymbolTable(parent).insert(module);
    return module;
  }

  /// A value of the host that kernels make by themselves: constants, also of
  /// the module, which are memory of the host there, and views of these.
  static bool isSunk(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return false;
    if (auto view = dyn_cast<ViewLikeOpInterface>(op))
      return isSunk(view.getViewSource()) &&
             llvm::all_of(op->getOperands(), isSunk);
    return matchPattern(op, m_Constant()) || isa<memref::GetGlobalOp>(op);
  }

  /// Makes such a value in the kernel.
  void sink(Value value, IRMapping &mapping) {
    if (mapping.contains(value))
      return;
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      sink(operand, mapping);
    if (auto global = dyn_cast<memref::GetGlobalOp>(op))
      copyGlobal(global);
    rewriter.clone(*op, mapping);
  }

  /// A kernel that takes the values that `region` and `extra` need.
  Kernel createKernel(Location loc, SetVector<Value> captured) {
    SmallVector<Value> arguments;
    for (Value value : captured)
      if (!isSunk(value))
        arguments.push_back(value);
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToEnd(getModule().getBody());
    auto type = rewriter.getFunctionType(TypeRange(ValueRange(arguments)), {});
    Kernel kernel;
    kernel.func = gpu::GPUFuncOp::create(
        rewriter, loc, (function.getName() + "_" + Twine(numKernels++)).str(),
        type);
    kernel.func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(),
                         rewriter.getUnitAttr());
    kernel.func.setKnownBlockSizeAttr(rewriter.getDenseI32ArrayAttr(
        {static_cast<int32_t>(options.threads), 1, 1}));
    launchOperands = arguments;
    kernel.mapping.map(arguments, kernel.func.getBody().getArguments());
    rewriter.setInsertionPointToStart(&kernel.func.getBody().front());
    for (Value value : captured)
      if (isSunk(value))
        sink(value, kernel.mapping);
    return kernel;
  }

  /// Gives the kernels' module a copy of a constant.
  void copyGlobal(memref::GetGlobalOp use) {
    if (getModule().lookupSymbol(use.getName()))
      return;
    auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
        use, use.getNameAttr());
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(getModule().getBody());
    rewriter.clone(*global);
  }

  void launch(Kernel &kernel, Value blocks) {
    Location loc = kernel.func.getLoc();
    rewriter.setInsertionPointToEnd(&kernel.func.getBody().front());
    gpu::ReturnOp::create(rewriter, loc);
    rewriter.setInsertionPoint(position);
    Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    Value threads =
        arith::ConstantIndexOp::create(rewriter, loc, options.threads);
    gpu::LaunchFuncOp::create(
        rewriter, loc, kernel.func, gpu::KernelDim3{blocks, one, one},
        gpu::KernelDim3{threads, one, one}, Value(), launchOperands);
    rewriter.eraseOp(position);
  }

  LogicalResult outlineLoop(scf::ForallOp loop) {
    Location loc = loop.getLoc();
    if (loop->getNumResults() != 0)
      return loop.emitOpError("is not on buffers yet");
    position = loop;
    // Loops inside run in order.
    SmallVector<scf::ForallOp> inner;
    loop.getRegion().walk([&](scf::ForallOp op) { inner.push_back(op); });
    for (scf::ForallOp op : inner)
      if (failed(scf::forallToForLoop(rewriter, op)))
        return failure();

    rewriter.setInsertionPoint(loop);
    auto value = [&](OpFoldResult result) {
      return getValueOrCreateConstantIndexOp(rewriter, loc, result);
    };
    SmallVector<Value> counts, lowers, steps;
    Value total = arith::ConstantIndexOp::create(rewriter, loc, 1);
    AffineExpr d0 = rewriter.getAffineDimExpr(0),
               d1 = rewriter.getAffineDimExpr(1),
               d2 = rewriter.getAffineDimExpr(2);
    for (auto [lower, upper, step] :
         llvm::zip(loop.getMixedLowerBound(), loop.getMixedUpperBound(),
                   loop.getMixedStep())) {
      OpFoldResult count = affine::makeComposedFoldedAffineApply(
          rewriter, loc, AffineMap::get(3, 0, (d1 - d0).ceilDiv(d2)),
          {lower, upper, step});
      counts.push_back(value(count));
      lowers.push_back(value(lower));
      steps.push_back(value(step));
      total = rewriter.createOrFold<arith::MulIOp>(loc, total, counts.back());
    }

    Value blocks = total;
    Value limit = arith::ConstantIndexOp::create(rewriter, loc,
                                                 options.maxWorkspaceBlocks);
    FailureOr<BlockMemory> memory = placeBlockBuffers(
        loop, options.sharedBytes,
        [&](OpBuilder &b, int64_t bytes) -> Value {
          auto space = gpu::AddressSpaceAttr::get(
              b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
          auto type = MemRefType::get({bytes}, b.getI8Type(),
                                      MemRefLayoutAttrInterface(), space);
          return memref::AllocaOp::create(b, loc, type);
        },
        [&](OpBuilder &b, Value bytes) -> Value {
          rewriter.setInsertionPoint(loop);
          blocks = arith::MinUIOp::create(rewriter, loc, total, limit);
          Value all = arith::MulIOp::create(rewriter, loc, bytes, blocks);
          auto type = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
          Value workspace = memref::AllocOp::create(rewriter, loc, type, all);
          Value block = gpu::BlockIdOp::create(b, loc, gpu::Dimension::x);
          Value offset = arith::MulIOp::create(b, loc, block, bytes);
          return memref::ViewOp::create(b, loc, type, workspace, offset, bytes);
        });
    if (failed(memory))
      return failure();

    SetVector<Value> captured;
    getUsedValuesDefinedAbove(loop.getRegion(), captured);
    BlockOrder order = chooseBlockOrder(loop);
    // That of the slowest one no block needs to know, without groups.
    for (unsigned i = 0, e = counts.size(); i < e; ++i)
      if (i != order.dims.back() || order.reversed[i] || order.group != 0)
        captured.insert(counts[i]);
    captured.insert_range(lowers);
    captured.insert_range(steps);
    if (memory->workspaceBytes)
      captured.insert(total);
    Kernel kernel = createKernel(loc, captured);

    // The block's number, or its numbers, then the induction variables.
    ImplicitLocOpBuilder b(loc, rewriter);
    b.setInsertionPointToEnd(&kernel.func.getBody().front());
    Value number = gpu::BlockIdOp::create(b, gpu::Dimension::x);
    if (memory->workspaceBytes) {
      Value stride = gpu::GridDimOp::create(b, gpu::Dimension::x);
      auto blocksOfThis =
          scf::ForOp::create(b, number, kernel.mapping.lookup(total), stride);
      b.setInsertionPointToStart(blocksOfThis.getBody());
      number = blocksOfThis.getInductionVar();
    }
    auto takeDigit = [&](Value count) -> Value {
      Value digit = b.createOrFold<arith::RemUIOp>(number, count);
      number = b.createOrFold<arith::DivUIOp>(number, count);
      return digit;
    };
    // Where the fastest dimension is cut into groups, the group's number comes
    // behind the next dimension.
    Value inGroup;
    SmallVector<Value> indices(counts.size());
    for (auto [position, i] : llvm::enumerate(order.dims)) {
      if (position == 0 && order.group != 0) {
        inGroup = takeDigit(arith::ConstantIndexOp::create(b, order.group));
        continue;
      }
      bool isLast = i == order.dims.back();
      indices[i] = isLast && !inGroup
                       ? number
                       : takeDigit(kernel.mapping.lookup(counts[i]));
      if (!inGroup)
        continue;
      unsigned fastest = order.dims.front();
      Value size = arith::ConstantIndexOp::create(b, order.group);
      Value groups = b.createOrFold<arith::DivUIOp>(
          kernel.mapping.lookup(counts[fastest]), size);
      Value group = isLast ? number : takeDigit(groups);
      Value first = b.createOrFold<arith::MulIOp>(group, size);
      indices[fastest] = b.createOrFold<arith::AddIOp>(first, inGroup);
      inGroup = nullptr;
    }
    for (unsigned i : order.dims) {
      Value index = indices[i];
      if (order.reversed[i]) {
        Value last =
            b.createOrFold<arith::SubIOp>(kernel.mapping.lookup(counts[i]),
                                          arith::ConstantIndexOp::create(b, 1));
        index = b.createOrFold<arith::SubIOp>(last, index);
      }
      Value scaled =
          b.createOrFold<arith::MulIOp>(index, kernel.mapping.lookup(steps[i]));
      kernel.mapping.map(loop.getInductionVars()[i],
                         b.createOrFold<arith::AddIOp>(
                             scaled, kernel.mapping.lookup(lowers[i])));
    }
    for (Operation &op : loop.getBody()->without_terminator()) {
      if (auto shared = dyn_cast<memref::AllocaOp>(op)) {
        kernel.mapping.map(
            shared.getResult(),
            kernel.func.addWorkgroupAttribution(shared.getType(), loc));
        kernel.func.setWorkgroupAttributionAttr(
            kernel.func.getNumWorkgroupAttributions() - 1,
            LLVM::LLVMDialect::getAlignAttrName(),
            rewriter.getI64IntegerAttr(kBufferAlignment));
        continue;
      }
      b.clone(op, kernel.mapping);
    }
    if (!order.isEven)
      kernel.func->setAttr(tile::TileDialect::kUnevenAttrName,
                           rewriter.getUnitAttr());
    for (NamedAttribute attribute : loop->getDiscardableAttrs())
      if (isa_and_present<tile::TileDialect>(attribute.getNameDialect()))
        kernel.func->setAttr(attribute.getName(), attribute.getValue());
    launch(kernel, blocks);
    return success();
  }

  /// An operation that is not in a block runs on all threads of a grid.
  void outlineOp(linalg::LinalgOp op) {
    Location loc = op.getLoc();
    position = op;
    Value points = arith::ConstantIndexOp::create(rewriter, loc, 1);
    for (auto [range, kind] : llvm::zip(op.createLoopRanges(rewriter, loc),
                                        op.getIteratorTypesArray()))
      if (kind == utils::IteratorType::parallel)
        points = rewriter.createOrFold<arith::MulIOp>(
            loc, points,
            getValueOrCreateConstantIndexOp(rewriter, loc, range.size));
    AffineExpr d0 = rewriter.getAffineDimExpr(0);
    OpFoldResult blocks = affine::makeComposedFoldedAffineApply(
        rewriter, loc, d0.ceilDiv(options.threads), {OpFoldResult(points)});
    // Threads take further points where this is not enough.
    blocks = affine::makeComposedFoldedAffineMin(
        rewriter, loc,
        AffineMap::get(1, 0, {d0, rewriter.getAffineConstantExpr(1 << 20)},
                       rewriter.getContext()),
        {blocks});
    Value grid = getValueOrCreateConstantIndexOp(rewriter, loc, blocks);

    SetVector<Value> captured(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    Kernel kernel = createKernel(loc, captured);
    rewriter.setInsertionPointToEnd(&kernel.func.getBody().front());
    Operation *inside = rewriter.clone(*op, kernel.mapping);
    inside->setAttr(kGridAttrName, rewriter.getUnitAttr());
    launch(kernel, grid);
  }

  func::FuncOp function;
  const GPUOutlinePassOptions &options;
  IRRewriter rewriter;
  gpu::GPUModuleOp &module;
  unsigned numKernels = 0;
  /// What becomes the launch, and its operands.
  Operation *position = nullptr;
  SmallVector<Value> launchOperands;
};

/// A launch reads and writes the buffers that it passes: what frees buffers has
/// to know, and upstream does not say.
struct LaunchEffects
    : MemoryEffectOpInterface::ExternalModel<LaunchEffects, gpu::LaunchFuncOp> {
  void
  getEffects(Operation *op,
             SmallVectorImpl<MemoryEffects::EffectInstance> &effects) const {
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<BaseMemRefType>(operand.get().getType()))
        continue;
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
    }
    // One that passes addresses may touch what they point to.
    if (effects.empty()) {
      effects.emplace_back(MemoryEffects::Read::get());
      effects.emplace_back(MemoryEffects::Write::get());
    }
  }
};

struct GPUOutlinePass : bpt::impl::GPUOutlinePassBase<GPUOutlinePass> {
  using GPUOutlinePassBase::GPUOutlinePassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    GPUOutlinePassBase::getDependentDialects(registry);
    registry.addExtension(+[](MLIRContext *context, gpu::GPUDialect *) {
      gpu::LaunchFuncOp::attachInterface<LaunchEffects>(*context);
    });
  }

  void runOnOperation() override {
    if (threads < 32 || threads > 1024 || threads % 32 != 0) {
      getOperation().emitError() << "'threads' is " << int64_t(threads)
                                 << ", but a block has a multiple of 32, at "
                                    "most 1024";
      return signalPassFailure();
    }
    GPUOutlinePassOptions options{threads, sharedBytes, maxWorkspaceBlocks};
    gpu::GPUModuleOp module;
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (!function.isExternal() &&
          failed(Outliner(function, options, module).run()))
        return signalPassFailure();
  }
};
} // namespace
