//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_IR_BPTDIALECT_H
#define BPT_DIALECT_BPT_IR_BPTDIALECT_H

#include "mlir/IR/Dialect.h"

#include "bpt/Dialect/BPT/IR/BPTDialect.h.inc"

#endif // BPT_DIALECT_BPT_IR_BPTDIALECT_H
