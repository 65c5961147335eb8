//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/TensorCompare.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bpt;

llvm::Expected<TensorDifference> bpt::compareTensors(const HostTensor &actual,
                                                     const HostTensor &expected,
                                                     double atol, double rtol) {
  if (actual.getShape() != expected.getShape())
    return llvm::createStringError("the result is " + actual.getTypeString() +
                                   ", the expected output " +
                                   expected.getTypeString());
  TensorDifference difference;
  double squaredError = 0, squaredNorm = 0;
  int64_t where = -1;
  for (int64_t i = 0, e = actual.getNumElements(); i < e; ++i) {
    double a = actual.getElement(i), b = expected.getElement(i);
    // Equal infinities: their difference would be NaN.
    if (a == b && std::isinf(a))
      continue;
    double error = std::fabs(a - b);
    squaredError += error * error;
    squaredNorm += b * b;
    // An infinite tolerance does not make infinity and a number match.
    if (!(error <= atol + rtol * std::fabs(b)) || std::isinf(error))
      ++difference.numMismatches;
    bool isWorse = std::isnan(error) ? !std::isnan(difference.maxAbsError)
                                     : error > difference.maxAbsError;
    if (where < 0 || isWorse) {
      where = i;
      difference.maxAbsError = error;
      difference.actualAtMax = a;
      difference.expectedAtMax = b;
    }
  }
  difference.relError =
      squaredError == 0 ? 0 : std::sqrt(squaredError) / std::sqrt(squaredNorm);
  if (where >= 0) {
    difference.maxErrorIndex.resize(actual.getRank());
    for (int64_t dim = actual.getRank(); dim-- > 0;) {
      difference.maxErrorIndex[dim] = where % actual.getShape()[dim];
      where /= actual.getShape()[dim];
    }
  }
  return difference;
}
