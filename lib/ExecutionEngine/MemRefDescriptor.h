//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EXECUTIONENGINE_MEMREFDESCRIPTOR_H
#define BPT_LIB_EXECUTIONENGINE_MEMREFDESCRIPTOR_H

#include "bpt/ExecutionEngine/HostTensor.h"
#include "llvm/ADT/ArrayRef.h"

namespace mlir::bpt {

/// The memref descriptor of any rank that the C interface takes: the allocated
/// and the aligned pointer, the offset, the sizes, the strides. Every field is
/// a word.
struct MemRefDescriptor {
  int64_t *words;
  size_t rank;

  static size_t getNumWords(size_t rank) { return 3 + 2 * rank; }
  void *getAllocated() const { return reinterpret_cast<void *>(words[0]); }
  char *getAligned() const { return reinterpret_cast<char *>(words[1]); }
  int64_t getOffset() const { return words[2]; }
  llvm::ArrayRef<int64_t> getSizes() const { return {words + 3, rank}; }
  llvm::ArrayRef<int64_t> getStrides() const {
    return {words + 3 + rank, rank};
  }

  /// Whether the elements lie one after the other, in row-major order.
  bool isContiguous() const;
  /// From the element at the offset to the last one; 0 if there is none.
  int64_t getSpan() const;
};

/// Appends the words of the descriptor of a dense row-major tensor.
void appendDescriptor(llvm::ArrayRef<int64_t> shape, void *data,
                      llvm::SmallVectorImpl<int64_t> &words);

/// Fills a tensor of the descriptor's sizes; `aligned` is where its aligned
/// pointer's memory is found on the host.
void copyElements(const MemRefDescriptor &source, const char *aligned,
                  HostTensor &target);

} // namespace mlir::bpt

#endif // BPT_LIB_EXECUTIONENGINE_MEMREFDESCRIPTOR_H
