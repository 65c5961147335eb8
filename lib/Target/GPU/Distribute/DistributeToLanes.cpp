//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distributor.h"
#include "bpt/Target/GPU/Distribute/Passes.h"
#include "bpt/Target/GPU/Distribute/Transforms.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_DISTRIBUTETOLANESPASS
#include "bpt/Target/GPU/Distribute/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {

/// A row that is broadcast and transposed is a column that is broadcast.
struct FoldTransposedBroadcast : OpRewritePattern<vector::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto broadcast = op.getVector().getDefiningOp<vector::BroadcastOp>();
    auto type = op.getResultVectorType();
    if (!broadcast || type.getRank() != 2 ||
        op.getPermutation() != ArrayRef<int64_t>{1, 0})
      return failure();
    Value source = broadcast.getSource();
    if (auto line = dyn_cast<VectorType>(source.getType())) {
      if (line.getRank() != 1)
        return failure();
      source = vector::ShapeCastOp::create(
          rewriter, op.getLoc(),
          VectorType::get({line.getDimSize(0), 1}, line.getElementType()),
          source);
    }
    rewriter.replaceOpWithNewOp<vector::BroadcastOp>(op, type, source);
    return success();
  }
};

/// Rewrites one tile program.
class KernelRewriter {
public:
  KernelRewriter(gpu::GPUFuncOp program,
                 const DistributeToLanesPassOptions &options)
      : program(program), module(program->getParentOfType<gpu::GPUModuleOp>()),
        context(program.getContext()), options(options) {}

  FailureOr<LLVM::LLVMFuncOp> run() {
    if (failed(normalise()))
      return failure();
    return distribute();
  }

private:
  /// Brings what has several forms into one that the rewrite knows.
  LogicalResult normalise() {
    RewritePatternSet patterns(context);
    patterns.add<FoldTransposedBroadcast>(context);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    populatePolynomialApproximateErfPattern(patterns);
    return applyPatternsGreedily(program, std::move(patterns));
  }

  /// Some warps may copy only.
  bool hasRoles() {
    return program
        .walk([](tile::WarpRolesOp) { return WalkResult::interrupt(); })
        .wasInterrupted();
  }
  int32_t countThreads(int64_t warps) {
    return 32 * (warps + (hasRoles() ? kProducerWarps : 0));
  }

  LogicalResult checkSignature(int64_t warps) {
    if (!program.isKernel())
      return program.emitOpError("is a tile program, but not a kernel");
    if (!program.getBody().hasOneBlock())
      return program.emitOpError("has several blocks; a tile program has "
                                 "scf.for and scf.if");
    int32_t threads = countThreads(warps);
    if (auto size = program.getKnownBlockSize();
        size && *size != ArrayRef<int32_t>{threads, 1, 1})
      return program.emitOpError("has known_block_size = [")
             << *size << "], but " << threads / 32 << " warps are [" << threads
             << ", 1, 1]";
    if (program.getNumPrivateAttributions() != 0)
      return program.emitOpError("has private memory, which a tile program "
                                 "has no use for");
    for (Type type : program.getArgumentTypes()) {
      auto memref = dyn_cast<MemRefType>(type);
      int64_t offset = 0;
      SmallVector<int64_t> strides;
      if (memref
              ? gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(memref) ||
                    failed(memref.getStridesAndOffset(strides, offset)) ||
                    offset != 0
              : !type.isIntOrIndexOrFloat() && !isa<tile::TensorMapType>(type))
        return program.emitOpError("has an argument of ")
               << type
               << "; a kernel takes scalars, tensor maps and memrefs in global "
                  "memory without an offset, as pointers";
    }
    return success();
  }

  LLVM::GlobalOp getSharedMemory(Location loc) {
    constexpr StringLiteral kName = "bpt_shared_memory";
    // Of a line of banks, or of the widest panels that wgmma reads.
    constexpr uint64_t kLineAlignment = 128, kPanelAlignment = 1024;
    if (auto global = module.lookupSymbol<LLVM::GlobalOp>(kName))
      return global;
    OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
    return LLVM::GlobalOp::create(
        b, loc, LLVM::LLVMArrayType::get(b.getI8Type(), 0),
        /*isConstant=*/false, LLVM::Linkage::External, kName, Attribute(),
        options.wgmma ? kPanelAlignment : kLineAlignment,
        /*addrSpace=*/unsigned(NVVM::NVVMMemorySpace::Shared));
  }

  /// Passes the bytes of a tensor map as a constant of the grid.
  static void passInPlace(LLVM::LLVMFuncOp kernel, unsigned number) {
    using Map = tile::TensorMapType;
    Builder b(kernel.getContext());
    kernel.setArgAttr(
        number, LLVM::LLVMDialect::getByValAttrName(),
        TypeAttr::get(LLVM::LLVMArrayType::get(b.getI8Type(), Map::kBytes)));
    kernel.setArgAttr(number, LLVM::LLVMDialect::getAlignAttrName(),
                      b.getI64IntegerAttr(Map::kAlignment));
    kernel.setArgAttr(number, NVVM::NVVMDialect::getGridConstantAttrName(),
                      b.getUnitAttr());
  }

  /// An empty kernel with the program's name, arguments and block size.
  LLVM::LLVMFuncOp createKernel(int64_t warps) {
    OpBuilder b(program);
    SmallVector<Type> types;
    for (Type type : program.getArgumentTypes()) {
      if (isa<MemRefType>(type))
        type = LLVM::LLVMPointerType::get(
            context, unsigned(NVVM::NVVMMemorySpace::Global));
      if (isa<tile::TensorMapType>(type))
        type = LLVM::LLVMPointerType::get(context);
      types.push_back(type.isIndex() ? b.getI64Type() : type);
    }
    auto kernel = LLVM::LLVMFuncOp::create(
        b, program.getLoc(), program.getName(),
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), types));
    for (auto [i, type] : llvm::enumerate(program.getArgumentTypes()))
      if (isa<tile::TensorMapType>(type))
        passInPlace(kernel, i);
    for (int64_t i = 0, e = types.size(); i < e; ++i)
      for (NamedAttribute attr : llvm::to_vector(
               program.getArgAttrDict(i) ? program.getArgAttrDict(i).getValue()
                                         : ArrayRef<NamedAttribute>()))
        if (attr.getName() != tile::TileDialect::kDivisorAttrName)
          kernel.setArgAttr(i, attr.getName(), attr.getValue());
    kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
    kernel->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                    b.getUnitAttr());
    kernel->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                    b.getDenseI32ArrayAttr({countThreads(warps), 1, 1}));
    // ptxas takes what warps say of their registers only then.
    if (hasRoles())
      kernel->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                      b.getI32IntegerAttr(1));
    // What other dialects have said of the kernel, such as nvvm.minctasm.
    for (NamedAttribute attr : program->getDialectAttrs())
      if (attr.getName() != tile::TileDialect::kWarpsAttrName &&
          !kernel->hasAttr(attr.getName()))
        kernel->setAttr(attr.getName(), attr.getValue());
    kernel.addEntryBlock(b);
    return kernel;
  }

  FailureOr<LLVM::LLVMFuncOp> distribute() {
    int64_t warps =
        program->getAttrOfType<IntegerAttr>(tile::TileDialect::kWarpsAttrName)
            .getInt();
    if (failed(checkSignature(warps)))
      return failure();
    Location loc = program.getLoc();
    LLVM::GlobalOp global = getSharedMemory(loc);
    LLVM::LLVMFuncOp kernel = createKernel(warps);
    Block &entry = kernel.getBody().front();
    OpBuilder b = OpBuilder::atBlockBegin(&entry);
    auto shared = LLVM::AddressOfOp::create(b, loc, global);

    AxisAnalysis axes(program, warps);
    Distributor distributor(kernel, shared, axes, warps, options.wgmma,
                            options.printLayouts);
    auto run = [&]() -> LogicalResult {
      for (auto [argument, lane] :
           llvm::zip(program.getArguments(), entry.getArguments()))
        distributor.mapArgument(argument, lane, argument.getType());
      for (BlockArgument memory : program.getWorkgroupAttributions())
        if (failed(distributor.allocateShared(program, memory)))
          return failure();
      if (failed(distributor.distributeBlock(program.getBody().front())))
        return failure();
      int64_t bytes = distributor.getSharedBytes();
      if (bytes > options.maxSharedBytes)
        return program.emitOpError("needs ")
               << bytes << " bytes of workgroup memory, but a block has "
               << options.maxSharedBytes << " (option max-shared-bytes)";
      return success();
    };
    if (failed(run())) {
      kernel.erase();
      return failure();
    }
    LLVM::ReturnOp::create(distributor.b, loc, ValueRange());
    kernel->setAttr(tile::TileDialect::kSharedBytesAttrName,
                    b.getI64IntegerAttr(distributor.getSharedBytes()));
    StringAttr name = program.getNameAttr();
    program.erase();
    kernel.setSymNameAttr(name);
    if (shared->use_empty())
      shared.erase();
    if (SymbolTable::symbolKnownUseEmpty(global, module))
      global.erase();
    return kernel;
  }

  gpu::GPUFuncOp program;
  gpu::GPUModuleOp module;
  MLIRContext *context;
  DistributeToLanesPassOptions options;
};

struct DistributeToLanesPass
    : bpt::impl::DistributeToLanesPassBase<DistributeToLanesPass> {
  using Base::Base;

  void runOnOperation() override {
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<gpu::GPUFuncOp>()))
      if (function->hasAttr(tile::TileDialect::kWarpsAttrName) &&
          failed(distributeToLanes(function,
                                   {maxSharedBytes, wgmma, printLayouts})))
        return signalPassFailure();
  }
};

} // namespace

FailureOr<LLVM::LLVMFuncOp>
bpt::distributeToLanes(gpu::GPUFuncOp program,
                       const DistributeToLanesPassOptions &options) {
  return KernelRewriter(program, options).run();
}
