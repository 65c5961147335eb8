//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemRefDescriptor.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace mlir::bpt;

bool MemRefDescriptor::isContiguous() const {
  int64_t stride = 1;
  for (size_t i = rank; i-- > 0;) {
    int64_t size = getSizes()[i];
    if (size != 1 && getStrides()[i] != stride && getSpan() != 0)
      return false;
    stride *= size;
  }
  return true;
}

int64_t MemRefDescriptor::getSpan() const {
  int64_t span = 1;
  for (auto [size, stride] : llvm::zip_equal(getSizes(), getStrides())) {
    if (size == 0)
      return 0;
    span += (size - 1) * stride;
  }
  return span;
}

void mlir::bpt::appendDescriptor(llvm::ArrayRef<int64_t> shape, void *data,
                                 llvm::SmallVectorImpl<int64_t> &words) {
  words.append(2, reinterpret_cast<int64_t>(data));
  words.push_back(0);
  llvm::append_range(words, shape);
  size_t firstStride = words.size();
  words.append(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    words[firstStride + i - 1] = words[firstStride + i] * shape[i];
}

void mlir::bpt::copyElements(const MemRefDescriptor &source,
                             const char *aligned, HostTensor &target) {
  size_t width = getByteWidth(target.getElementType());
  llvm::SmallVector<int64_t> index(source.rank, 0);
  int64_t offset = source.getOffset();
  char *out = target.getData();
  for (int64_t n = target.getNumElements(); n > 0; --n, out += width) {
    std::memcpy(out, aligned + offset * width, width);
    for (size_t i = source.rank; i-- > 0;) {
      offset += source.getStrides()[i];
      if (++index[i] < source.getSizes()[i])
        break;
      offset -= source.getStrides()[i] * source.getSizes()[i];
      index[i] = 0;
    }
  }
}
