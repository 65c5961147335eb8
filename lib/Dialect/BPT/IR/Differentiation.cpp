//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/Differentiation.h"

using namespace mlir;
using namespace mlir::bpt;

#include "bpt/Dialect/BPT/IR/DifferentiationInterfaces.cpp.inc"

VjpBuilder::~VjpBuilder() = default;

LogicalResult bpt::cloneWithTangents(OpBuilder &builder, Block &block,
                                     IRMapping &mapping,
                                     DenseMap<Value, Value> &tangents) {
  for (Operation &op : block.without_terminator()) {
    Operation *clone = builder.clone(op, mapping);
    SmallVector<Value> operandTangents;
    for (Value operand : op.getOperands())
      operandTangents.push_back(tangents.lookup(operand));
    if (llvm::none_of(operandTangents, [](Value v) { return !!v; }))
      continue;
    auto derivative = dyn_cast<ScalarDerivativeOpInterface>(clone);
    if (!derivative)
      return op.emitOpError("has no derivative; implement "
                            "'ScalarDerivativeOpInterface' for it");
    if (Value tangent =
            derivative.buildTangent(builder, clone->getOperands(),
                                    clone->getResult(0), operandTangents))
      tangents[op.getResult(0)] = tangent;
  }
  return success();
}
