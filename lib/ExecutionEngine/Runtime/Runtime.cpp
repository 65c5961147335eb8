//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Runtime/Runtime.h"
#include "bpt/ExecutionEngine/Runtime/Allocator.h"
#include "bpt/ExecutionEngine/Runtime/GuardedCall.h"
#include <cstring>

using namespace mlir::bpt;

void *_mlir_memref_to_llvm_alloc(uint64_t size) {
  return runtime::allocate(size);
}

void *_mlir_memref_to_llvm_aligned_alloc(uint64_t alignment, uint64_t size) {
  return runtime::allocate(size, alignment);
}

void _mlir_memref_to_llvm_free(void *block) { runtime::deallocate(block); }

void bptReportFailure(const char *message) { runtime::failCall(message); }

namespace {
/// The words of a memref descriptor.
struct View {
  char *data;
  const int64_t *sizes;
  const int64_t *strides;

  View(const BPTUnrankedMemRef &memref, int64_t elementSize) {
    auto *words = static_cast<int64_t *>(memref.descriptor);
    data = reinterpret_cast<char *>(words[1]) + words[2] * elementSize;
    sizes = words + 3;
    strides = sizes + memref.rank;
  }
};
} // namespace

static void copy(int64_t elementSize, int64_t rank, const int64_t *sizes,
                 char *source, const int64_t *sourceStrides, char *target,
                 const int64_t *targetStrides) {
  bool isRow = rank == 1 && sourceStrides[0] == 1 && targetStrides[0] == 1;
  if (rank == 0 || isRow) {
    std::memcpy(target, source, elementSize * (rank ? sizes[0] : 1));
    return;
  }
  for (int64_t i = 0; i < sizes[0]; ++i)
    copy(elementSize, rank - 1, sizes + 1,
         source + i * sourceStrides[0] * elementSize, sourceStrides + 1,
         target + i * targetStrides[0] * elementSize, targetStrides + 1);
}

void memrefCopy(int64_t elementSize, BPTUnrankedMemRef *source,
                BPTUnrankedMemRef *target) {
  View from(*source, elementSize), to(*target, elementSize);
  for (int64_t i = 0; i < source->rank; ++i)
    if (from.sizes[i] == 0)
      return;
  copy(elementSize, source->rank, from.sizes, from.data, from.strides, to.data,
       to.strides);
}

const std::vector<runtime::Symbol> &runtime::getSymbols() {
  auto address = [](auto *function) {
    return reinterpret_cast<void *>(function);
  };
  static const std::vector<Symbol> symbols = {
      {"_mlir_memref_to_llvm_alloc", address(&_mlir_memref_to_llvm_alloc)},
      {"_mlir_memref_to_llvm_aligned_alloc",
       address(&_mlir_memref_to_llvm_aligned_alloc)},
      {"_mlir_memref_to_llvm_free", address(&_mlir_memref_to_llvm_free)},
      {"malloc", address(&_mlir_memref_to_llvm_alloc)},
      {"aligned_alloc", address(&_mlir_memref_to_llvm_aligned_alloc)},
      {"free", address(&_mlir_memref_to_llvm_free)},
      {"bptReportFailure", address(&bptReportFailure)},
      {"memrefCopy", address(&memrefCopy)},
  };
  return symbols;
}
