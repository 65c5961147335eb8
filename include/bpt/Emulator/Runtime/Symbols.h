//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_RUNTIME_SYMBOLS_H
#define BPT_EMULATOR_RUNTIME_SYMBOLS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::bpt::emulator {

struct RuntimeSymbol {
  llvm::StringLiteral name;
  void *address;
};

/// The functions of ABI.h, for a JIT's symbol table.
llvm::ArrayRef<RuntimeSymbol> getRuntimeSymbols();

} // namespace mlir::bpt::emulator

#endif // BPT_EMULATOR_RUNTIME_SYMBOLS_H
