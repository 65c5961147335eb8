//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/FlopCount.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace mlir::bpt;

std::optional<double>
bpt::countFlops(FunctionOpInterface function,
                ArrayRef<SmallVector<int64_t>> argumentShapes) {
  if (auto stated = function->getAttrOfType<IntegerAttr>(kFlopsAttrName))
    return stated.getValue().roundToDouble(/*isSigned=*/true);
  return std::nullopt;
}
