//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/FlopCount.h"
#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::bpt;

/// Gives the arguments static shapes and lets canonicalization carry them to
/// the operations, which destination-passing operations take over from casts.
/// Calls are inlined, so that the shapes reach what the callees do.
static LogicalResult specialize(FunctionOpInterface function,
                                ArrayRef<SmallVector<int64_t>> shapes) {
  Block &entry = function.getFunctionBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&entry);
  SmallVector<Type> types;
  for (auto [argument, shape] : llvm::zip_equal(entry.getArguments(), shapes)) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      return failure();
    auto exact = RankedTensorType::get(shape, type.getElementType());
    types.push_back(exact);
    if (exact == type)
      continue;
    argument.setType(exact);
    auto cast =
        tensor::CastOp::create(builder, function.getLoc(), type, argument);
    argument.replaceAllUsesExcept(cast, cast);
  }
  function.setType(function.cloneTypeWith(types, function.getResultTypes()));
  PassManager pm(function.getContext());
  pm.addPass(createInlinerPass());
  pm.addPass(createCanonicalizerPass());
  return pm.run(function->getParentOp());
}

/// Sizes of the dimensions of an operation's table; failure if one is dynamic.
static FailureOr<SmallVector<int64_t>> getSizes(BlockedOpInterface op) {
  BlockTable table = op.getBlockTable();
  SmallVector<int64_t> sizes(table.dims.size(), ShapedType::kDynamic);
  for (auto [operand, map] : llvm::zip(op->getOperands(), table.operands))
    for (auto [position, ref] : llvm::enumerate(map)) {
      int64_t size =
          cast<RankedTensorType>(operand.getType()).getDimSize(position);
      if (!ref.broadcast && !ShapedType::isDynamic(size))
        sizes[ref.dim] = size * ref.divisor;
    }
  if (llvm::any_of(sizes, ShapedType::isDynamic))
    return failure();
  return sizes;
}

std::optional<double>
bpt::countFlops(FunctionOpInterface function,
                ArrayRef<SmallVector<int64_t>> argumentShapes) {
  if (auto stated = function->getAttrOfType<IntegerAttr>(kFlopsAttrName))
    return stated.getValue().signedRoundToDouble();
  // A function that is lowered has pointers, no shapes.
  if (function.isExternal() || !isa<FunctionType>(function.getFunctionType()) ||
      function.getNumArguments() != argumentShapes.size())
    return std::nullopt;
  auto module = dyn_cast<ModuleOp>(function->getParentOp());
  if (!module)
    return std::nullopt;
  OwningOpRef<ModuleOp> clone = module.clone();
  auto copy = clone->lookupSymbol<FunctionOpInterface>(function.getName());
  // Sizes that contradict each other are reported by the compiled code.
  ScopedDiagnosticHandler silence(module.getContext(),
                                  [](Diagnostic &) { return success(); });
  if (failed(specialize(copy, argumentShapes)))
    return std::nullopt;
  double flops = 0;
  bool known = true;
  copy->walk([&](Operation *nested) {
    // What a call that cannot be inlined does is not counted.
    if (isa<CallOpInterface>(nested))
      known = false;
    auto op = dyn_cast<BlockedOpInterface>(nested);
    if (!op)
      return;
    FailureOr<SmallVector<int64_t>> sizes = getSizes(op);
    if (failed(sizes))
      known = false;
    else
      flops += op.countFlops(*sizes);
  });
  if (!known || flops == 0)
    return std::nullopt;
  return flops;
}
