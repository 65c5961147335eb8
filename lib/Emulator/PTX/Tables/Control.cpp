//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace mlir::bpt::ptx;

/// Control flow.
// clang-format off
static constexpr TableRow kControlRows[] = {
    {"bra", "[uni]", "l"},
    {"brx", "idx [uni]", "s:u32 b"},
    {"call", "[uni]", "x x? x? x?"},
    {"ret", "[uni]", ""},
    {"exit", "", ""},
    {"trap", "", ""},
    {"brkpt", "", ""},
    {"nanosleep", "u32", "s:u32"},
    {"pmevent", "", "i"},
    {"pmevent", "mask", "i"},
    {"setmaxnreg", "action=inc|dec sync aligned u32", "i"},
    {"griddepcontrol", "action=launch_dependents|wait", ""},
};
// clang-format on

llvm::ArrayRef<TableRow> tables::controlRows() { return kControlRows; }
