//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/TensorLiteral.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::bpt;

static llvm::Error fail(llvm::StringRef text, const llvm::Twine &reason) {
  // A long list of numbers does not help to find the mistake.
  std::string shown = text.take_front(40).str();
  if (text.size() > 40)
    shown += "...";
  return llvm::createStringError("'" + shown + "': " + reason);
}

/// Stores a number; returns what is wrong with it, or an empty string.
static std::string storeNumber(llvm::StringRef word, ElementType type,
                               void *data) {
  if (isFloat(type)) {
    double value;
    if (word.equals_insensitive("inf") || word.equals_insensitive("+inf"))
      value = std::numeric_limits<double>::infinity();
    else if (word.equals_insensitive("-inf"))
      value = -std::numeric_limits<double>::infinity();
    else if (word.equals_insensitive("nan"))
      value = std::numeric_limits<double>::quiet_NaN();
    else if (word.getAsDouble(value))
      return ("'" + word + "' is not a number").str();
    storeElement(type, data, value);
    return "";
  }
  if (type == ElementType::I1 && (word == "true" || word == "false")) {
    storeInteger(type, data, word == "true");
    return "";
  }
  unsigned bits = getByteWidth(type) * 8;
  bool fits;
  int64_t value = 0;
  if (isUnsigned(type)) {
    uint64_t unsignedValue;
    fits = !word.getAsInteger(10, unsignedValue) &&
           (bits == 64 || unsignedValue >> bits == 0);
    value = static_cast<int64_t>(unsignedValue);
  } else {
    fits = !word.getAsInteger(10, value);
    if (type == ElementType::I1)
      fits = fits && (value == 0 || value == 1);
    else if (bits < 64)
      fits = fits && value >= -(int64_t(1) << (bits - 1)) &&
             value < (int64_t(1) << (bits - 1));
  }
  if (!fits)
    return ("'" + word + "' is not a value of type " + getName(type)).str();
  storeInteger(type, data, value);
  return "";
}

/// Parses `2x3xf32`.
static llvm::Error parseType(llvm::StringRef text, llvm::StringRef type,
                             ElementType &elementType,
                             llvm::SmallVectorImpl<int64_t> &shape) {
  llvm::SmallVector<llvm::StringRef> parts;
  type.trim().split(parts, 'x');
  std::optional<ElementType> parsed = parseElementType(parts.pop_back_val());
  if (!parsed)
    return fail(text, "a tensor's type is written as in 2x3xf32, with f64, "
                      "f32, f16, bf16, f8E4M3FN, i1, i8 to i64 or ui8 to "
                      "ui64");
  elementType = *parsed;
  for (llvm::StringRef part : parts) {
    int64_t size;
    if (part.getAsInteger(10, size) || size < 0)
      return fail(text, "'" + part + "' is not a size");
    shape.push_back(size);
  }
  return llvm::Error::success();
}

static llvm::Error parseRandom(llvm::StringRef text, llvm::StringRef arguments,
                               HostTensor &tensor) {
  llvm::SmallVector<llvm::StringRef> parts;
  arguments.split(parts, ':');
  uint64_t seed;
  if ((parts.size() != 1 && parts.size() != 3) ||
      parts[0].trim().getAsInteger(10, seed))
    return fail(text, "write random:SEED or random:SEED:LOW:HIGH with an "
                      "unsigned integer as the seed");
  if (parts.size() == 1) {
    fillRandom(tensor, seed);
    return llvm::Error::success();
  }
  double low, high;
  if (parts[1].trim().getAsDouble(low) || parts[2].trim().getAsDouble(high) ||
      !std::isfinite(low) || !std::isfinite(high) || !(low < high))
    return fail(text, "the bounds of random:SEED:LOW:HIGH must be numbers with "
                      "LOW < HIGH");
  ElementType type = tensor.getElementType();
  if (!isFloat(type)) {
    // 2^53: double counts integers up to here.
    constexpr double limit = 9007199254740992.0;
    char scratch[8];
    storeElement(type, scratch, low);
    bool lowFits = loadElement(type, scratch) == low;
    storeElement(type, scratch, high - 1);
    bool highFits = loadElement(type, scratch) == high - 1;
    if (!lowFits || !highFits || std::fabs(low) > limit ||
        std::fabs(high) > limit)
      return fail(text, "the bounds must be integers of type " + getName(type));
  }
  fillRandom(tensor, seed, low, high);
  return llvm::Error::success();
}

llvm::Expected<HostTensor> bpt::parseTensorLiteral(llvm::StringRef text) {
  auto [type, value] = text.split('=');
  if (type.size() == text.size())
    return fail(text, "an input is @FILE.npy, @FILE.safetensors#NAME, or a "
                      "literal as 2x3xf32=1 2 3 4 5 6 or 2x3xf32=random:SEED");
  ElementType elementType;
  llvm::SmallVector<int64_t, 4> shape;
  if (llvm::Error error = parseType(text, type, elementType, shape))
    return std::move(error);
  value = value.trim();

  bool isRandom = value.consume_front("random:");
  bool isSplat = !isRandom && value.consume_front("splat:");
  llvm::SmallVector<llvm::StringRef> words;
  if (!isRandom && !isSplat) {
    // Count before allocating: a list must be as long as the tensor.
    llvm::SplitString(value, words, " ,\t\n");
    std::optional<int64_t> expected = bpt::getNumElements(elementType, shape);
    if (!expected || *expected != static_cast<int64_t>(words.size()))
      return fail(text, "has " + llvm::Twine(words.size()) +
                            " elements, but its type needs " +
                            (expected ? llvm::Twine(*expected)
                                      : llvm::Twine("more than there can be")));
  }
  llvm::Expected<HostTensor> tensor = HostTensor::create(elementType, shape);
  if (!tensor)
    return tensor.takeError();
  if (isRandom) {
    if (llvm::Error error = parseRandom(text, value, *tensor))
      return std::move(error);
    return tensor;
  }
  unsigned width = getByteWidth(elementType);
  for (int64_t i = 0, e = tensor->getNumElements(); i < e; ++i) {
    std::string problem = storeNumber(isSplat ? value : words[i], elementType,
                                      tensor->getData() + i * width);
    if (!problem.empty())
      return fail(text, problem);
  }
  return tensor;
}
