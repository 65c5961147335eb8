//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_RUNTIME_RUNTIME_H
#define BPT_EXECUTIONENGINE_RUNTIME_RUNTIME_H

#include <cstdint>
#include <vector>

// What compiled code calls. The names are those that lowering to LLVM emits.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {
void *_mlir_memref_to_llvm_alloc(uint64_t size);
void *_mlir_memref_to_llvm_aligned_alloc(uint64_t alignment, uint64_t size);
void _mlir_memref_to_llvm_free(void *block);
// NOLINTEND(readability-identifier-naming)

/// An assertion of compiled code has failed: ends the call (GuardedCall.h).
void bptReportFailure(const char *message);

/// A memref of any rank: what a strided memref.copy passes.
struct BPTUnrankedMemRef {
  int64_t rank;
  void *descriptor;
};
void memrefCopy(int64_t elementSize, BPTUnrankedMemRef *source,
                BPTUnrankedMemRef *target);
}

namespace mlir::bpt::runtime {

struct Symbol {
  const char *name;
  void *address;
};

/// The functions above, and malloc, aligned_alloc and free, by which code that
/// was lowered without the generic allocation functions is counted as well.
const std::vector<Symbol> &getSymbols();

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_RUNTIME_RUNTIME_H
