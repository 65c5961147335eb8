//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Launch/Passes.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_LAUNCHTILEKERNELSPASS
#include "bpt/Target/GPU/Launch/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
struct LaunchTileKernelsPass
    : bpt::impl::LaunchTileKernelsPassBase<LaunchTileKernelsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder builder(&getContext());
    SymbolTableCollection symbols;
    module.walk([&](gpu::LaunchFuncOp launch) {
      Operation *kernel =
          symbols.lookupSymbolIn(module, launch.getKernelAttr());
      auto bytes = kernel ? kernel->getAttrOfType<IntegerAttr>(
                                tile::TileDialect::kSharedBytesAttrName)
                          : IntegerAttr();
      if (!bytes)
        return;
      Location loc = launch.getLoc();
      builder.setInsertionPoint(launch);
      for (OpOperand &operand : launch.getKernelOperandsMutable())
        if (isa<MemRefType>(operand.get().getType()))
          operand.set(memref::ExtractAlignedPointerAsIndexOp::create(
              builder, loc, operand.get()));
      // Some warps may only copy.
      auto threads = kernel->getAttrOfType<DenseI32ArrayAttr>(
          NVVM::NVVMDialect::getReqntidAttrName());
      Value blockSize =
          arith::ConstantIndexOp::create(builder, loc, threads[0]);
      Value sharedBytes = arith::ConstantIntOp::create(
          builder, loc, builder.getI32Type(), bytes.getInt());
      launch.getBlockSizeXMutable().assign(blockSize);
      launch.getDynamicSharedMemorySizeMutable().assign(sharedBytes);
      if (kernel->hasAttr(tile::TileDialect::kPersistentAttrName))
        launch.getGridSizeXMutable().assign(
            tile::ResidentBlocksOp::create(
                builder, loc, builder.getIndexType(), launch.getKernelAttr(),
                launch.getGridSizeX(), blockSize, sharedBytes)
                .getBlocks());
    });
  }
};
} // namespace
