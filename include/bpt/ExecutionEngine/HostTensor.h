//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_HOSTTENSOR_H
#define BPT_EXECUTIONENGINE_HOSTTENSOR_H

#include "bpt/ExecutionEngine/ElementType.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace mlir::bpt {

/// A dense row-major tensor in host memory. Copies share the data; what owns
/// the data (an allocation, a mapped file, a buffer that compiled code
/// returned, an array of Python's) is behind a shared pointer.
class HostTensor {
public:
  HostTensor() = default;

  /// Allocates zeroed memory, aligned to 64 bytes. Fails on a negative or
  /// overflowing shape, and when there is no memory for it.
  static llvm::Expected<HostTensor> create(ElementType elementType,
                                           llvm::ArrayRef<int64_t> shape);

  /// Wraps memory that `owner` keeps alive.
  static HostTensor wrap(ElementType elementType, llvm::ArrayRef<int64_t> shape,
                         void *data, std::shared_ptr<void> owner);

  ElementType getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getNumElements() const { return numElements; }
  size_t getNumBytes() const {
    return static_cast<size_t>(numElements) * getByteWidth(elementType);
  }
  char *getData() const { return data; }

  double getElement(int64_t linearIndex) const;
  void setElement(int64_t linearIndex, double value);

  /// `2x3xf32`; `f32` for rank 0.
  std::string getTypeString() const;

private:
  ElementType elementType = ElementType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  int64_t numElements = 0;
  char *data = nullptr;
  std::shared_ptr<void> owner;
};

/// The number of elements of a shape; none if a size is negative or if the
/// bytes of the tensor do not fit in 63 bits.
std::optional<int64_t> getNumElements(ElementType elementType,
                                      llvm::ArrayRef<int64_t> shape);

/// `2x3xf32`, with `?` for a dynamic size.
std::string getTypeString(ElementType elementType,
                          llvm::ArrayRef<int64_t> shape);

/// Fills with the SplitMix64 sequence that starts at `seed`, the same on every
/// machine. With z_i its i-th output and u = z_i >> 40 (24 bits):
/// floats are u * 2^-23 - 1, uniform in [-1, 1), rounded to the element type;
/// integers are u mod 8, and i1 is u mod 2.
void fillRandom(HostTensor &tensor, uint64_t seed);

/// As above in [low, high): floats are low + (high - low) * u * 2^-24,
/// integers low + (z_i mod (high - low)).
void fillRandom(HostTensor &tensor, uint64_t seed, double low, double high);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_HOSTTENSOR_H
