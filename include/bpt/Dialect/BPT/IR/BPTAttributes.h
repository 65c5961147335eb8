//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_IR_BPTATTRIBUTES_H
#define BPT_DIALECT_BPT_IR_BPTATTRIBUTES_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

#include "bpt/Dialect/BPT/IR/BPTEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "bpt/Dialect/BPT/IR/BPTAttributes.h.inc"

#endif // BPT_DIALECT_BPT_IR_BPTATTRIBUTES_H
