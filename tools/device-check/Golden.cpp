//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Comparison with golden results.
//
//===----------------------------------------------------------------------===//

#include "Check.h"
#include "Invocation.h"
#include "bpt/ExecutionEngine/Device/DeviceScope.h"
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>

using namespace mlir::bpt;
using namespace mlir::bpt::devicecheck;

static double decodeHalf(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double value = exponent == 31  ? (mantissa ? NAN : INFINITY)
                 : exponent == 0 ? std::ldexp(mantissa, -24)
                                 : std::ldexp(1024 + mantissa, exponent - 25);
  return bits & 0x8000 ? -value : value;
}

static double getElement(BPTElementType type, const char *data) {
  uint32_t word = 0;
  switch (type) {
  case BPT_F32: {
    float value;
    std::memcpy(&value, data, sizeof(value));
    return value;
  }
  case BPT_BF16: {
    uint16_t bits;
    std::memcpy(&bits, data, sizeof(bits));
    word = uint32_t(bits) << 16;
    float value;
    std::memcpy(&value, &word, sizeof(value));
    return value;
  }
  case BPT_F16: {
    uint16_t bits;
    std::memcpy(&bits, data, sizeof(bits));
    return decodeHalf(bits);
  }
  default:
    return NAN;
  }
}

template <typename T>
static bool read(std::istream &file, T *data, int64_t count) {
  file.read(reinterpret_cast<char *>(data), count * sizeof(T));
  return static_cast<bool>(file);
}

/// Why a result is not what it should be; empty if it is. Both are infinite at
/// the same places, and the rest differs by no more than is allowed in the
/// Frobenius norm.
static std::string compare(const Tensor &actual, BPTElementType type,
                           const std::vector<int64_t> &sizes,
                           const std::vector<double> &expected,
                           double allowed) {
  if (actual.sizes != sizes)
    return "has other sizes than expected";
  double error = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    double value =
        getElement(type, actual.bytes.data() + i * getByteWidth(type));
    if (std::isnan(value) || (std::isinf(expected[i]) && value != expected[i]))
      return "is " + std::to_string(value) + " at element " +
             std::to_string(i) + ", expected " + std::to_string(expected[i]);
    if (std::isinf(expected[i]))
      continue;
    error += (value - expected[i]) * (value - expected[i]);
    norm += expected[i] * expected[i];
  }
  error = std::sqrt(error) / (norm > 0 ? std::sqrt(norm) : 1);
  if (error <= allowed)
    return "";
  char text[100];
  std::snprintf(text, sizeof(text), "differs by %.2e; at most %.2e is allowed",
                error, allowed);
  return text;
}

std::string devicecheck::checkGolden(runtime::Device &device,
                                     const GoldenCase &test,
                                     const std::string &folder) {
  const BPTFunction &function = *test.function;
  std::ifstream file(folder + "/data/" + test.name, std::ios::binary);
  std::vector<Tensor> arguments(function.numArguments);
  bool ok = static_cast<bool>(file);
  for (int64_t i = 0; ok && i < function.numArguments; ++i) {
    const BPTTensorType &type = function.arguments[i];
    arguments[i].sizes.resize(type.rank);
    ok = read(file, arguments[i].sizes.data(), type.rank);
    arguments[i].bytes.resize(getNumElements(arguments[i].sizes) *
                              getByteWidth(type.elementType));
    ok = ok && read(file, arguments[i].bytes.data(), arguments[i].bytes.size());
  }
  if (!ok)
    return "its data cannot be read";
  runtime::DeviceScope scope(device);
  Invocation invocation(function, arguments);
  invocation.call();
  for (int64_t i = 0; i < function.numResults; ++i) {
    const BPTTensorType &type = function.results[i];
    std::vector<int64_t> sizes(type.rank);
    double allowed = 0;
    ok = read(file, sizes.data(), type.rank);
    std::vector<double> expected(getNumElements(sizes));
    ok = ok && read(file, expected.data(), expected.size()) &&
         read(file, &allowed, 1);
    if (!ok)
      return "its data cannot be read";
    if (scope.getStatus().failed())
      return scope.getStatus().getMessage();
    Tensor actual = invocation.fetchResult(i);
    if (scope.getStatus().failed())
      return scope.getStatus().getMessage();
    std::string wrong =
        compare(actual, type.elementType, sizes, expected, allowed);
    if (!wrong.empty())
      return "result " + std::to_string(i) + " " + wrong;
  }
  return "";
}
