//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_PTX_TABLES_TABLES_H
#define BPT_LIB_EMULATOR_PTX_TABLES_TABLES_H

#include "bpt/Emulator/PTX/InstructionTable.h"

/// The instruction table, a function and a file a family.
namespace mlir::bpt::ptx::tables {

llvm::ArrayRef<TableRow> integerRows();
llvm::ArrayRef<TableRow> floatRows();
llvm::ArrayRef<TableRow> convertRows();
llvm::ArrayRef<TableRow> memoryRows();
llvm::ArrayRef<TableRow> controlRows();
llvm::ArrayRef<TableRow> synchronizationRows();
llvm::ArrayRef<TableRow> asyncRows();
llvm::ArrayRef<TableRow> matrixRows();

} // namespace mlir::bpt::ptx::tables

#endif // BPT_LIB_EMULATOR_PTX_TABLES_TABLES_H
