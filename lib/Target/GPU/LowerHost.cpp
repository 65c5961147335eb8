//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_LOWERHOSTPASS
#include "bpt/Target/GPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// The functions of bpt/ExecutionEngine/Device/DeviceABI.h.
class DeviceABI {
public:
  explicit DeviceABI(ModuleOp module)
      : pointer(LLVM::LLVMPointerType::get(module.getContext())),
        word(IntegerType::get(module.getContext(), 64)),
        nothing(LLVM::LLVMVoidType::get(module.getContext())) {
    // Declared before the conversion, so that patterns only look up.
    OpBuilder builder(module.getContext());
    for (auto [name, parameters, result] :
         {std::tuple<StringRef, SmallVector<Type>, Type>{
              "bptDeviceAlloc", {word, word}, pointer},
          {"bptDeviceFree", {pointer}, nothing},
          {"bptDeviceCopy", {pointer, pointer, word}, nothing},
          {"bptDeviceCopyToDevice", {pointer, pointer, word}, nothing},
          {"bptDeviceLoadModule", {pointer, word, pointer}, pointer},
          {"bptDeviceGetKernel", {pointer, pointer}, pointer},
          {"bptDeviceEncodeTensorMap",
           {pointer, word, word, pointer, pointer, pointer, pointer, pointer,
            word, word, word, word},
           nothing},
          {"bptDeviceCountResidentBlocks", {pointer, word, word, word}, word},
          {"bptDeviceLaunch",
           {pointer, word, word, word, word, word, word, word, word, word, word,
            pointer},
           nothing}})
      functions[name] = cast<LLVM::LLVMFuncOp>(
          *LLVM::lookupOrCreateFn(builder, module, name, parameters, result));
  }

  Value call(OpBuilder &builder, Location loc, StringRef name,
             ValueRange operands) const {
    auto call =
        LLVM::CallOp::create(builder, loc, functions.lookup(name), operands);
    return call.getNumResults() ? call.getResult() : Value();
  }

  Type pointer, word, nothing;

private:
  llvm::StringMap<LLVM::LLVMFuncOp> functions;
};

Value constantWord(OpBuilder &builder, Location loc, int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), value);
}

/// The kernel that a launch, or what computes its grid, asks for, looked up
/// when its function is entered.
using KernelMap = DenseMap<Operation *, Value>;

/// Makes constants of binaries, and looks up kernels at the start of functions.
class KernelLoader {
public:
  KernelLoader(ModuleOp module, const DeviceABI &abi)
      : root(module), abi(abi) {}

  LogicalResult run(KernelMap &kernels) {
    for (auto function : root.getOps<func::FuncOp>()) {
      // By the whole name of the kernel, and by that of the module.
      llvm::MapVector<Attribute, Value> loaded, found;
      WalkResult result = function.walk([&](Operation *op) {
        SymbolRefAttr symbol;
        if (auto launch = dyn_cast<gpu::LaunchFuncOp>(op))
          symbol = launch.getKernelAttr();
        else if (auto resident = dyn_cast<tile::ResidentBlocksOp>(op))
          symbol = resident.getKernelAttr();
        else
          return WalkResult::advance();
        OpBuilder builder(&function.getBody().front(),
                          function.getBody().front().begin());
        if (!found.empty())
          builder.setInsertionPointAfterValue(found.back().second);
        Value &kernel = found[symbol];
        if (!kernel) {
          Location loc = op->getLoc();
          StringRef moduleName = symbol.getRootReference(),
                    kernelName = symbol.getLeafReference();
          Value &module = loaded[symbol.getRootReference()];
          if (!module) {
            module = load(builder, op, moduleName);
            if (!module)
              return WalkResult::interrupt();
          }
          Value name = addText(builder, loc, kernelName,
                               (moduleName + "_" + kernelName).str());
          kernel = abi.call(builder, loc, "bptDeviceGetKernel", {module, name});
        }
        kernels[op] = kernel;
        return WalkResult::advance();
      });
      if (result.wasInterrupted())
        return failure();
    }
    for (auto binary : llvm::make_early_inc_range(root.getOps<gpu::BinaryOp>()))
      binary.erase();
    return success();
  }

private:
  /// Loads the module of a kernel that `op` asks for; null with an error if it
  /// has not been compiled.
  Value load(OpBuilder &builder, Operation *op, StringRef name) {
    auto binary = root.lookupSymbol<gpu::BinaryOp>(name);
    auto object = binary && !binary.getObjects().empty()
                      ? dyn_cast<gpu::ObjectAttr>(binary.getObjects()[0])
                      : gpu::ObjectAttr();
    if (!object || object.getFormat() != gpu::CompilationTarget::Assembly)
      return op->emitOpError("needs the PTX of its kernel; run "
                             "bpt-gpu-emit-ptx first"),
             Value();
    Location loc = op->getLoc();
    StringRef ptx = object.getObject().getValue();
    return abi.call(builder, loc, "bptDeviceLoadModule",
                    {addText(builder, loc, ptx, name.str() + "_ptx"),
                     constantWord(builder, loc, ptx.size()),
                     addText(builder, loc, name, name.str() + "_name")});
  }

  /// The address of a text with a terminating zero.
  Value addText(OpBuilder &builder, Location loc, StringRef text,
                StringRef symbol) {
    auto global = root.lookupSymbol<LLVM::GlobalOp>(symbol);
    if (!global) {
      std::string bytes = text.str() + '\0';
      auto atStart = OpBuilder::atBlockBegin(root.getBody());
      global = LLVM::GlobalOp::create(
          atStart, loc,
          LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size()),
          /*isConstant=*/true, LLVM::Linkage::Internal, symbol,
          builder.getStringAttr(bytes));
    }
    return LLVM::AddressOfOp::create(builder, loc, global);
  }

  ModuleOp root;
  const DeviceABI &abi;
};

struct AllocLowering : ConvertOpToLLVMPattern<memref::AllocOp> {
  AllocLowering(const LLVMTypeConverter &converter, const DeviceABI &abi)
      : ConvertOpToLLVMPattern(converter, /*benefit=*/10), abi(abi) {}

  LogicalResult
  matchAndRewrite(memref::AllocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> sizes, strides;
    Value bytes;
    getMemRefDescriptorSizes(loc, op.getType(), adaptor.getDynamicSizes(),
                             rewriter, sizes, strides, bytes,
                             /*sizeInBytes=*/true);
    Value alignment =
        constantWord(rewriter, loc, op.getAlignment().value_or(64));
    Value block = abi.call(rewriter, loc, "bptDeviceAlloc", {bytes, alignment});
    rewriter.replaceOp(op,
                       {createMemRefDescriptor(loc, op.getType(), block, block,
                                               sizes, strides, rewriter)});
    return success();
  }

  const DeviceABI &abi;
};

struct DeallocLowering : ConvertOpToLLVMPattern<memref::DeallocOp> {
  DeallocLowering(const LLVMTypeConverter &converter, const DeviceABI &abi)
      : ConvertOpToLLVMPattern(converter, /*benefit=*/10), abi(abi) {}

  LogicalResult
  matchAndRewrite(memref::DeallocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isa<MemRefType>(op.getMemref().getType()))
      return rewriter.notifyMatchFailure(op, "has no known rank");
    Value block = MemRefDescriptor(adaptor.getMemref())
                      .allocatedPtr(rewriter, op.getLoc());
    abi.call(rewriter, op.getLoc(), "bptDeviceFree", {block});
    rewriter.eraseOp(op);
    return success();
  }

  const DeviceABI &abi;
};

/// Copies between contiguous buffers; all others are kernels.
struct CopyLowering : ConvertOpToLLVMPattern<memref::CopyOp> {
  CopyLowering(const LLVMTypeConverter &converter, const DeviceABI &abi)
      : ConvertOpToLLVMPattern(converter, /*benefit=*/10), abi(abi) {}

  LogicalResult
  matchAndRewrite(memref::CopyOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto source = dyn_cast<MemRefType>(op.getSource().getType());
    auto target = dyn_cast<MemRefType>(op.getTarget().getType());
    if (!source || !target || !source.getLayout().isIdentity() ||
        !target.getLayout().isIdentity())
      return rewriter.notifyMatchFailure(op, "is not contiguous");
    Location loc = op.getLoc();
    MemRefDescriptor from(adaptor.getSource()), to(adaptor.getTarget());
    Value bytes = getSizeInBytes(loc, source.getElementType(), rewriter);
    for (int64_t dim = 0; dim < source.getRank(); ++dim)
      bytes = LLVM::MulOp::create(rewriter, loc, bytes,
                                  from.size(rewriter, loc, dim));
    const LLVMTypeConverter &converter = *getTypeConverter();
    // Constants of the module are the only memory of the host.
    bool isConstant = op.getSource().getDefiningOp<memref::GetGlobalOp>();
    abi.call(rewriter, loc,
             isConstant ? "bptDeviceCopyToDevice" : "bptDeviceCopy",
             {to.bufferPtr(rewriter, loc, converter, target),
              from.bufferPtr(rewriter, loc, converter, source), bytes});
    rewriter.eraseOp(op);
    return success();
  }

  const DeviceABI &abi;
};

/// Stack of a function, which a loop takes once.
Value allocateOnStack(OpBuilder &builder, const DeviceABI &abi, Operation *op,
                      Type type, uint64_t alignment = 0) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(
      &op->getParentOfType<FunctionOpInterface>()->getRegion(0).front());
  Value one = constantWord(builder, op->getLoc(), 1);
  return LLVM::AllocaOp::create(builder, op->getLoc(), abi.pointer, type, one,
                                alignment);
}

/// The address of a value that is stored.
Value storeOnStack(OpBuilder &builder, const DeviceABI &abi, Operation *op,
                   Value value) {
  Value address = allocateOnStack(builder, abi, op, value.getType());
  LLVM::StoreOp::create(builder, op->getLoc(), value, address);
  return address;
}

/// The same of an array, whose values have one type.
Value storeOnStack(OpBuilder &builder, const DeviceABI &abi, Operation *op,
                   ArrayRef<Value> values) {
  Type element = values.empty() ? abi.pointer : values.front().getType();
  auto array =
      LLVM::LLVMArrayType::get(element, std::max<size_t>(values.size(), 1));
  Value table = allocateOnStack(builder, abi, op, array);
  for (auto [index, value] : llvm::enumerate(values)) {
    Value slot = LLVM::GEPOp::create(
        builder, op->getLoc(), abi.pointer, array, table,
        ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(index)});
    LLVM::StoreOp::create(builder, op->getLoc(), value, slot);
  }
  return table;
}

struct TensorMapLowering : ConvertOpToLLVMPattern<tile::CreateTensorMapOp> {
  TensorMapLowering(const LLVMTypeConverter &converter, const DeviceABI &abi)
      : ConvertOpToLLVMPattern(converter), abi(abi) {}

  LogicalResult
  matchAndRewrite(tile::CreateTensorMapOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    // What the driver calls 16-bit floats, bf16 and integers, the swizzles, and
    // how much it reads ahead into L2.
    constexpr int64_t kFloat16 = 6, kBFloat16 = 9, kUInt16 = 1, kUInt8 = 0;
    constexpr int64_t kReadsAhead128 = 2;
    Location loc = op.getLoc();
    tile::TensorMapType map = op.getMap().getType();
    auto tensor = cast<MemRefType>(op.getTensor().getType());
    MemRefDescriptor descriptor(adaptor.getTensor());
    auto word = [&](int64_t value) {
      return constantWord(rewriter, loc, value);
    };
    Type element = map.getElementType();
    int64_t elementBytes = element.getIntOrFloatBitWidth() / 8;
    Value bytes = word(elementBytes);
    // The driver counts dimensions from the innermost one.
    SmallVector<Value> sizes, strides, box, steps;
    for (auto [dim, boxSize] :
         llvm::reverse(llvm::zip_equal(op.getPermutation(), map.getBox()))) {
      Value size = descriptor.size(rewriter, loc, dim);
      sizes.push_back(
          LLVM::UMaxOp::create(rewriter, loc, size, word(1)).getResult());
      if (sizes.size() > 1)
        strides.push_back(LLVM::MulOp::create(
            rewriter, loc, descriptor.stride(rewriter, loc, dim), bytes));
      box.push_back(LLVM::ConstantOp::create(
          rewriter, loc, rewriter.getI32IntegerAttr(boxSize)));
      steps.push_back(LLVM::ConstantOp::create(rewriter, loc,
                                               rewriter.getI32IntegerAttr(1)));
    }
    Value memory = allocateOnStack(
        rewriter, abi, op,
        LLVM::LLVMArrayType::get(rewriter.getI8Type(), map.kBytes),
        map.kAlignment);
    int64_t type = elementBytes == 1  ? kUInt8
                   : element.isF16()  ? kFloat16
                   : element.isBF16() ? kBFloat16
                                      : kUInt16;
    // 32, 64 and 128 bytes are 1, 2 and 3.
    int64_t swizzle = llvm::Log2_64(map.getRowBytes()) - 4;
    abi.call(rewriter, loc, "bptDeviceEncodeTensorMap",
             {memory, word(type), word(map.getRank()),
              descriptor.bufferPtr(rewriter, loc, *getTypeConverter(), tensor),
              storeOnStack(rewriter, abi, op, sizes),
              storeOnStack(rewriter, abi, op, strides),
              storeOnStack(rewriter, abi, op, box),
              storeOnStack(rewriter, abi, op, steps), word(0), word(swizzle),
              word(kReadsAhead128), word(0)});
    rewriter.replaceOp(op, memory);
    return success();
  }

  const DeviceABI &abi;
};

struct ResidentBlocksLowering : ConvertOpToLLVMPattern<tile::ResidentBlocksOp> {
  ResidentBlocksLowering(const LLVMTypeConverter &converter,
                         const DeviceABI &abi, const KernelMap &kernels)
      : ConvertOpToLLVMPattern(converter), abi(abi), kernels(kernels) {}

  LogicalResult
  matchAndRewrite(tile::ResidentBlocksOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value bytes =
        LLVM::ZExtOp::create(rewriter, loc, abi.word, adaptor.getSharedBytes());
    rewriter.replaceOp(op,
                       abi.call(rewriter, loc, "bptDeviceCountResidentBlocks",
                                {kernels.lookup(op), adaptor.getItems(),
                                 adaptor.getThreads(), bytes}));
    return success();
  }

  const DeviceABI &abi;
  const KernelMap &kernels;
};

struct LaunchLowering : ConvertOpToLLVMPattern<gpu::LaunchFuncOp> {
  LaunchLowering(const LLVMTypeConverter &converter, const DeviceABI &abi,
                 const KernelMap &kernels)
      : ConvertOpToLLVMPattern(converter), abi(abi), kernels(kernels) {}

  LogicalResult
  matchAndRewrite(gpu::LaunchFuncOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> addresses;
    for (auto [operand, converted] :
         llvm::zip(op.getKernelOperands(), adaptor.getKernelOperands())) {
      // A tensor map is memory already.
      if (isa<tile::TensorMapType>(operand.getType())) {
        addresses.push_back(converted);
        continue;
      }
      // A kernel takes the fields of a descriptor as parameters of their own.
      for (Value parameter : getTypeConverter()->promoteOperands(
               loc, operand, converted, rewriter))
        addresses.push_back(storeOnStack(rewriter, abi, op, parameter));
    }
    Value table = storeOnStack(rewriter, abi, op, addresses);
    Value one = constantWord(rewriter, loc, 1);
    Value shared = constantWord(rewriter, loc, 0);
    if (Value bytes = adaptor.getDynamicSharedMemorySize())
      shared = LLVM::ZExtOp::create(rewriter, loc, abi.word, bytes);
    abi.call(rewriter, loc, "bptDeviceLaunch",
             {kernels.lookup(op), adaptor.getGridSizeX(),
              adaptor.getGridSizeY(), adaptor.getGridSizeZ(),
              adaptor.getBlockSizeX(), adaptor.getBlockSizeY(),
              adaptor.getBlockSizeZ(), one, one, one, shared, table});
    rewriter.eraseOp(op);
    return success();
  }

  const DeviceABI &abi;
  const KernelMap &kernels;
};

struct LowerHostPass : bpt::impl::LowerHostPassBase<LowerHostPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    DeviceABI abi(getOperation());
    KernelMap kernels;
    if (failed(KernelLoader(getOperation(), abi).run(kernels)))
      return signalPassFailure();

    LLVMTypeConverter converter(context, LowerToLLVMOptions(context));
    RewritePatternSet patterns(context);
    converter.addConversion([](tile::TensorMapType type) -> Type {
      return LLVM::LLVMPointerType::get(type.getContext());
    });
    patterns
        .add<AllocLowering, DeallocLowering, CopyLowering, TensorMapLowering>(
            converter, abi);
    patterns.add<LaunchLowering, ResidentBlocksLowering>(converter, abi,
                                                         kernels);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    if (failed(
            applyFullConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    getOperation()->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  }
};
} // namespace
