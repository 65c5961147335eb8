//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What programs that were compiled in this process and ahead of time share.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_C_TYPES_H
#define BPT_C_TYPES_H

// NOLINTBEGIN(modernize-use-using,readability-identifier-naming)
/// In the sizes of a type: one that every call may choose.
#define BPT_DYNAMIC (-1)

typedef enum {
  BPT_F64,
  BPT_F32,
  BPT_F16,
  BPT_BF16,
  BPT_I1,
  BPT_I8,
  BPT_I16,
  BPT_I32,
  BPT_I64,
  BPT_UI8,
  BPT_UI16,
  BPT_UI32,
  BPT_UI64,
  BPT_F8E4M3FN
} BPTElementType;
// NOLINTEND(modernize-use-using,readability-identifier-naming)

#endif // BPT_C_TYPES_H
