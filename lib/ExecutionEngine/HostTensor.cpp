//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/HostTensor.h"
#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

using namespace mlir;
using namespace mlir::bpt;

std::optional<int64_t> bpt::getNumElements(ElementType elementType,
                                           llvm::ArrayRef<int64_t> shape) {
  // Sizes after a zero still must be sane, so that the answer does not depend
  // on their order.
  int64_t bytes = getByteWidth(elementType);
  bool isEmpty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    if (size == 0)
      isEmpty = true;
    else if (__builtin_mul_overflow(bytes, size, &bytes))
      return std::nullopt;
  }
  return isEmpty ? 0 : bytes / getByteWidth(elementType);
}

std::string bpt::getTypeString(ElementType elementType,
                               llvm::ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size))
      os << '?';
    else
      os << size;
    os << 'x';
  }
  os << getName(elementType);
  return text;
}

llvm::Expected<HostTensor> HostTensor::create(ElementType elementType,
                                              llvm::ArrayRef<int64_t> shape) {
  std::optional<int64_t> numElements = bpt::getNumElements(elementType, shape);
  if (!numElements)
    return llvm::createStringError("a tensor of type " +
                                   bpt::getTypeString(elementType, shape) +
                                   " has no valid size");
  // From the size of a large page on, memory is large pages if the system has
  // them, as NumPy's: rows of a cache are apart, and each would need a page.
  constexpr size_t largePage = 2 << 20;
  size_t bytes = static_cast<size_t>(*numElements) * getByteWidth(elementType);
  size_t alignment = bytes < largePage ? 64 : largePage;
  size_t rounded = (bytes + alignment) / alignment * alignment;
  void *data = std::aligned_alloc(alignment, rounded);
  if (!data)
    return llvm::createStringError("no memory for a tensor of type " +
                                   bpt::getTypeString(elementType, shape) +
                                   " (" + llvm::Twine(bytes) + " bytes)");
  if (alignment == largePage)
    (void)madvise(data, rounded, MADV_HUGEPAGE);
  std::memset(data, 0, bytes);
  return wrap(elementType, shape, data,
              std::shared_ptr<void>(data, [](void *block) { free(block); }));
}

HostTensor HostTensor::wrap(ElementType elementType,
                            llvm::ArrayRef<int64_t> shape, void *data,
                            std::shared_ptr<void> owner) {
  HostTensor tensor;
  tensor.elementType = elementType;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.numElements = bpt::getNumElements(elementType, shape).value_or(0);
  tensor.data = static_cast<char *>(data);
  tensor.owner = std::move(owner);
  return tensor;
}

double HostTensor::getElement(int64_t linearIndex) const {
  return loadElement(elementType,
                     data + linearIndex * getByteWidth(elementType));
}

void HostTensor::setElement(int64_t linearIndex, double value) {
  storeElement(elementType, data + linearIndex * getByteWidth(elementType),
               value);
}

std::string HostTensor::getTypeString() const {
  return bpt::getTypeString(elementType, shape);
}

/// SplitMix64 (Steele, Lea, Flood 2014).
static uint64_t nextRandom(uint64_t &state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void bpt::fillRandom(HostTensor &tensor, uint64_t seed) {
  if (isFloat(tensor.getElementType()))
    return fillRandom(tensor, seed, -1, 1);
  unsigned width = getByteWidth(tensor.getElementType());
  int64_t modulus = tensor.getElementType() == ElementType::I1 ? 2 : 8;
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i)
    storeInteger(tensor.getElementType(), tensor.getData() + i * width,
                 (nextRandom(seed) >> 40) % modulus);
}

void bpt::fillRandom(HostTensor &tensor, uint64_t seed, double low,
                     double high) {
  unsigned width = getByteWidth(tensor.getElementType());
  char *data = tensor.getData();
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i, data += width) {
    uint64_t z = nextRandom(seed);
    if (isFloat(tensor.getElementType()))
      storeElement(tensor.getElementType(), data,
                   low + (high - low) * (static_cast<double>(z >> 40) *
                                         (1.0 / (1 << 24))));
    else
      storeInteger(
          tensor.getElementType(), data,
          static_cast<int64_t>(low) +
              static_cast<int64_t>(z % static_cast<uint64_t>(high - low)));
  }
}
