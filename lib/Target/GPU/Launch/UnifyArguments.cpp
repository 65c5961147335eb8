//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Launches.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Launch/Passes.h"
#include "mlir/IR/Matchers.h"
#include <numeric>

namespace mlir::bpt {
#define GEN_PASS_DEF_UNIFYARGUMENTSPASS
#include "bpt/Target/GPU/Launch/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// What is known of two arguments that are the same, is known of one.
static void uniteDivisors(gpu::GPUFuncOp kernel, unsigned first,
                          unsigned second) {
  StringRef name = tile::TileDialect::kDivisorAttrName;
  auto other = kernel.getArgAttrOfType<IntegerAttr>(second, name);
  if (!other)
    return;
  auto own = kernel.getArgAttrOfType<IntegerAttr>(first, name);
  int64_t both = std::lcm(own ? own.getInt() : 1, other.getInt());
  kernel.setArgAttr(first, name, IntegerAttr::get(other.getType(), both));
}

static void unifyArguments(gpu::GPUFuncOp kernel,
                           ArrayRef<gpu::LaunchFuncOp> launches) {
  Block &entry = kernel.getBody().front();
  auto areSame = [&](unsigned i, unsigned j) {
    return llvm::all_of(launches, [&](gpu::LaunchFuncOp launch) {
      return launch.getKernelOperand(i) == launch.getKernelOperand(j);
    });
  };
  llvm::BitVector erased(kernel.getNumArguments());
  for (unsigned i = 0, e = kernel.getNumArguments(); i < e; ++i) {
    BlockArgument argument = entry.getArgument(i);
    if (erased.test(i) || !argument.getType().isIntOrIndex())
      continue;
    for (unsigned j = i + 1; j < e; ++j)
      if (!erased.test(j) && areSame(i, j)) {
        uniteDivisors(kernel, i, j);
        entry.getArgument(j).replaceAllUsesWith(argument);
        erased.set(j);
      }
  }
  if (erased.none())
    return;
  (void)kernel.eraseArguments(erased);
  for (gpu::LaunchFuncOp launch : launches) {
    SmallVector<Value> operands;
    for (auto [number, operand] : llvm::enumerate(launch.getKernelOperands()))
      if (!erased.test(number))
        operands.push_back(operand);
    launch.getKernelOperandsMutable().assign(operands);
  }
}

namespace {
struct UnifyArgumentsPass
    : bpt::impl::UnifyArgumentsPassBase<UnifyArgumentsPass> {
  void runOnOperation() override {
    for (auto &[kernel, launches] : findLaunches(getOperation()))
      unifyArguments(kernel, launches);
  }
};
} // namespace
