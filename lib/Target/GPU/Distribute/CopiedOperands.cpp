//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CopiedOperands.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::bpt;

bool bpt::isFactorUse(OpOperand &use) {
  return isa<vector::ContractionOp>(use.getOwner()) &&
         use.getOperandNumber() <= 1;
}

bool bpt::isOperandRead(vector::TransferReadOp read, bool rightOnly) {
  return llvm::any_of(read->getUses(), [&](OpOperand &use) {
    return isFactorUse(use) && (!rightOnly || use.getOperandNumber() == 1);
  });
}

bool bpt::isGlobalRead(vector::TransferReadOp read) {
  auto type = dyn_cast<MemRefType>(read.getBase().getType());
  return type && !gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(type);
}

std::string bpt::explainNoCopy(vector::TransferReadOp read) {
  auto type = cast<MemRefType>(read.getBase().getType());
  std::string text;
  llvm::raw_string_ostream os(text);
  if (type.getRank() != 2 || read.getMask() ||
      !read.getPermutationMap().isMinorIdentity())
    os << "reads an operand of vector.contract masked, permuted or from '"
       << type
       << "'; a copy takes a tile as it lies in a memref of rank 2, which "
          "memref.subview gives";
  else if (read.hasOutOfBoundsDim() &&
           !matchPattern(read.getPadding(), m_AnyZeroFloat()))
    os << "pads with another value than 0.0, which is what copies pad with";
  return text;
}
