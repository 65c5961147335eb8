//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls what bpt-compile wrote, from C. The object's header defines a
// BPTFunction; a program is linked with the object, libBPTLauncher,
// libBPTDevice, libBPTRuntime, the C++ library and OpenMP's runtime, and needs
// no LLVM. Only code for a GPU opens one.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_C_LAUNCHER_H
#define BPT_C_LAUNCHER_H

#include "bpt-c/Types.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// NOLINTBEGIN(modernize-use-using,readability-identifier-naming)
#define BPT_MAX_RANK 8

typedef struct {
  /// Empty where it has none.
  const char *name;
  BPTElementType elementType;
  int64_t rank;
  int64_t sizes[BPT_MAX_RANK];
} BPTTensorType;

/// A compiled function, as its header defines it.
typedef struct {
  const char *name;
  void (*entry)(void **descriptors);
  int64_t numArguments;
  const BPTTensorType *arguments;
  int64_t numResults;
  const BPTTensorType *results;
  /// Whether it runs on a GPU.
  int usesDevice;
} BPTFunction;

/// A dense row-major tensor in host memory, of the rank that the function says.
typedef struct {
  void *data;
  int64_t sizes[BPT_MAX_RANK];
  /// What bptFree frees; null where the memory is the caller's.
  void *owner;
} BPTTensor;

/// Calls the function. Arguments are not written; every result is filled in and
/// is to be freed by bptFree. Returns null, or one line that says what is
/// wrong; then there are no results. The line is valid until the thread's next
/// call.
const char *bptCall(const BPTFunction *function, const BPTTensor *arguments,
                    BPTTensor *results);

void bptFree(BPTTensor *tensor);
// NOLINTEND(modernize-use-using,readability-identifier-naming)

#ifdef __cplusplus
} // extern "C"
#endif

#endif // BPT_C_LAUNCHER_H
