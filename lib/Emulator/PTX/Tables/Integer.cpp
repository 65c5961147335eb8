//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace mlir::bpt::ptx;

/// Integer arithmetic, logic, comparison and selection.
// clang-format off
static constexpr TableRow kIntegerRows[] = {
    {"add", "type=u16|u32|u64|s16|s64|u16x2|s16x2", "d:type s:type s:type"},
    {"sub", "type=u16|u32|u64|s16|s64", "d:type s:type s:type"},
    {"add|sub", "[sat] type=s32", "d:type s:type s:type"},
    {"add|sub", "cc type=u32|s32|u64|s64", "d:type s:type s:type"},
    {"addc|subc", "[cc] type=u32|s32|u64|s64", "d:type s:type s:type"},
    {"mul", "mode=hi|lo type=$int", "d:type s:type s:type"},
    {"mul", "mode=wide type=u16|u32|s16|s32", "d:type^ s:type s:type"},
    {"mad", "mode=hi|lo type=$int", "d:type s:type s:type s:type"},
    {"mad", "mode=hi sat type=s32", "d:type s:type s:type s:type"},
    {"mad", "mode=wide type=u16|u32|s16|s32", "d:type^ s:type s:type s:type^"},
    {"mad", "mode=hi|lo cc type=u32|s32|u64|s64", "d:type s:type s:type s:type"},
    {"madc", "mode=hi|lo [cc] type=u32|s32|u64|s64", "d:type s:type s:type s:type"},
    {"mul24", "mode=hi|lo type=u32|s32", "d:type s:type s:type"},
    {"mad24", "mode=hi|lo type=u32|s32", "d:type s:type s:type s:type"},
    {"mad24", "mode=hi sat type=s32", "d:type s:type s:type s:type"},
    {"sad", "type=$int", "d:type s:type s:type s:type"},
    {"div|rem", "type=$int", "d:type s:type s:type"},
    {"abs|neg", "type=s16|s32|s64", "d:type s:type"},
    {"min|max", "type=$int|u16x2", "d:type s:type s:type"},
    {"min|max", "relu type=s32|s16x2", "d:type s:type s:type"},
    {"min|max", "type=s16x2", "d:type s:type s:type"},
    {"popc|clz", "type=b32|b64", "d:u32 s:type"},
    {"bfind", "[shiftamt] type=u32|u64|s32|s64", "d:u32 s:type"},
    {"fns", "b32", "d:b32 s:b32 s:b32 s:s32"},
    {"brev", "type=b32|b64", "d:type s:type"},
    {"bfe", "type=u32|u64|s32|s64", "d:type s:type s:u32 s:u32"},
    {"bfi", "type=b32|b64", "d:type s:type s:type s:u32 s:u32"},
    {"szext", "mode=clamp|wrap type=u32|s32", "d:type s:type s:u32"},
    {"bmsk", "mode=clamp|wrap b32", "d:b32 s:b32 s:b32"},
    {"dp4a", "atype=u32|s32 btype=u32|s32", "d:b32 s:b32 s:b32 s:b32"},
    {"dp2a", "mode=lo|hi atype=u32|s32 btype=u32|s32", "d:b32 s:b32 s:b32 s:b32"},

    {"and|or|xor", "type=pred", "q p p"},
    {"and|or|xor", "type=b16|b32|b64", "d:type s:type s:type"},
    {"not", "type=pred", "q p"},
    {"not|cnot", "type=b16|b32|b64", "d:type s:type"},
    {"lop3", "b32", "d:b32 s:b32 s:b32 s:b32 i"},
    {"lop3", "bool=or|and b32", "d:b32&q s:b32 s:b32 s:b32 i p"},
    {"shl", "type=b16|b32|b64", "d:type s:type s:u32"},
    {"shr", "type=b16|b32|b64|$int", "d:type s:type s:u32"},
    {"shf", "direction=l|r mode=clamp|wrap b32", "d:b32 s:b32 s:b32 s:u32"},
    {"prmt", "b32 [mode=f4e|b4e|rc8|ecl|ecr|rc16]", "d:b32 s:b32 s:b32 s:b32"},

    {"setp", "cmp=eq|ne [bool=and|or|xor] type=b16|b32|b64", "q|q s:type s:type p@bool"},
    {"setp", "cmp=eq|ne|lt|le|gt|ge [bool=and|or|xor] type=$int", "q|q s:type s:type p@bool"},
    {"setp", "cmp=lo|ls|hi|hs [bool=and|or|xor] type=u16|u32|u64", "q|q s:type s:type p@bool"},
    {"set", "cmp=eq|ne [bool=and|or|xor] dtype=u32|s32|f32 type=b16|b32|b64", "d:dtype s:type s:type p@bool"},
    {"set", "cmp=eq|ne|lt|le|gt|ge [bool=and|or|xor] dtype=u32|s32|f32 type=$int", "d:dtype s:type s:type p@bool"},
    {"set", "cmp=lo|ls|hi|hs [bool=and|or|xor] dtype=u32|s32|f32 type=u16|u32|u64", "d:dtype s:type s:type p@bool"},
    {"selp", "type=b16|b32|b64|$int|f32|f64", "d:type s:type s:type p"},
    {"slct", "type=b16|b32|b64|$int|f32|f64 ctype=s32", "d:type s:type s:type s:ctype"},
    {"slct", "[ftz] type=b16|b32|b64|$int|f32|f64 ctype=f32", "d:type s:type s:type s:ctype"},
};
// clang-format on

llvm::ArrayRef<TableRow> tables::integerRows() { return kIntegerRows; }
