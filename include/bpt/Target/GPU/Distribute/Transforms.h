//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the passes on tile programs do, for one kernel. A failure has been
// reported at the operation that caused it; the kernel is then unusable.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_DISTRIBUTE_TRANSFORMS_H
#define BPT_TARGET_GPU_DISTRIBUTE_TRANSFORMS_H

#include "bpt/Target/GPU/Distribute/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::bpt {

/// The first operation of `block` that uses a result of `op`, or null if one is
/// used outside of it.
Operation *getFirstUser(Operation *op, Block *block);

/// Orders operations so that products start early and registers are taken late,
/// for products that run while others compute.
void orderForProducts(gpu::GPUFuncOp program);

/// Copies the operands of products ahead, into `stages` (at least 2) buffers.
LogicalResult scheduleCopies(gpu::GPUFuncOp program, int64_t stages);

/// How many iterations a loop has, none if it ends before it begins.
Value createTripCount(OpBuilder &b, Location loc, Value lower, Value upper,
                      Value step);

/// Splits a program into warps that copy and warps that compute. Returns why it
/// cannot be split, and leaves it as it is, or nothing.
std::string assignWarpRoles(gpu::GPUFuncOp program, int64_t maxSharedBytes);

/// Loops of warps that compute in which products run during the next iteration:
/// the last one of several, which is moved there, or sums that are kept
/// running.
struct OverlappedLoops {
  int64_t moved = 0, kept = 0;
};
OverlappedLoops overlapProducts(gpu::GPUFuncOp program);

/// Lets the warpgroups of a program take turns to start the products of loops
/// that need none of each other's results (those that have been rotated), and
/// returns in how many loops.
int64_t takeTurns(gpu::GPUFuncOp program);

/// What `bpt-gpu-schedule` does to one kernel.
LogicalResult scheduleTileProgram(gpu::GPUFuncOp program,
                                  const GPUSchedulePassOptions &options);

/// What a kernel takes of one of the chip's resources, and how much there is.
struct Need {
  int64_t needed, available;
  bool fits() const { return needed <= available; }
};

/// Registers of a thread that computes. Needed are those that hold tiles where
/// most are held, and a few for all else: ptxas takes more where there are
/// more, and cannot do with fewer.
Need countRegisters(gpu::GPUFuncOp program);

/// Workgroup memory of a program that is scheduled, in bytes.
int64_t countWorkgroupBytes(gpu::GPUFuncOp program);

/// Replaces a tile program by the kernel of one lane.
FailureOr<LLVM::LLVMFuncOp>
distributeToLanes(gpu::GPUFuncOp program,
                  const DistributeToLanesPassOptions &options);

} // namespace mlir::bpt

#endif // BPT_TARGET_GPU_DISTRIBUTE_TRANSFORMS_H
