//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_TENSORCOMPARE_H
#define BPT_EXECUTIONENGINE_TENSORCOMPARE_H

#include "bpt/ExecutionEngine/HostTensor.h"

namespace mlir::bpt {

/// How far a tensor is from a reference. An element matches when
/// |actual - expected| <= atol + rtol * |expected|; equal infinities match, a
/// NaN matches nothing.
struct TensorDifference {
  int64_t numMismatches = 0;
  /// Largest |actual - expected|; NaN or infinity if an element is apart so.
  double maxAbsError = 0;
  /// Where it is: the index of the element, and both values.
  llvm::SmallVector<int64_t, 4> maxErrorIndex;
  double actualAtMax = 0;
  double expectedAtMax = 0;
  /// ||actual - expected|| / ||expected||, Frobenius norms over the elements
  /// that are not equal infinities. 0 if both are zero.
  double relError = 0;
};

/// Compares in double whatever the element types. Shapes that differ are an
/// error.
llvm::Expected<TensorDifference> compareTensors(const HostTensor &actual,
                                                const HostTensor &expected,
                                                double atol, double rtol);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_TENSORCOMPARE_H
