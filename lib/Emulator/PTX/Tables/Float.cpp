//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace mlir::bpt::ptx;

/// Floating-point arithmetic and comparison.
// clang-format off
static constexpr TableRow kFloatRows[] = {
    {"add|sub|mul", "[rnd=$rounding] [ftz] [sat] type=f32", "d:type s:type s:type"},
    // The order in which LLVM writes them.
    {"add|sub|mul", "[rnd=$rounding] sat ftz type=f32", "d:type s:type s:type"},
    {"add|sub|mul", "[rnd=$rounding] type=f64", "d:type s:type s:type"},
    {"add|sub|mul", "[rnd=rn] [ftz] [sat] type=f16|f16x2", "d:type s:type s:type"},
    {"add|sub|mul", "[rnd=rn] type=bf16|bf16x2", "d:type s:type s:type"},
    {"fma", "rnd=$rounding [ftz] [sat] type=f32", "d:type s:type s:type s:type"},
    {"fma", "rnd=$rounding sat ftz type=f32", "d:type s:type s:type s:type"},
    {"fma", "rnd=$rounding type=f64", "d:type s:type s:type s:type"},
    {"fma", "rnd=rn [ftz] [sat] type=f16|f16x2", "d:type s:type s:type s:type"},
    {"fma", "rnd=rn [ftz] relu type=f16|f16x2", "d:type s:type s:type s:type"},
    {"fma", "rnd=rn [relu] type=bf16|bf16x2", "d:type s:type s:type s:type"},
    {"mad", "rnd=$rounding [ftz] [sat] type=f32", "d:type s:type s:type s:type"},
    {"mad", "rnd=$rounding type=f64", "d:type s:type s:type s:type"},
    {"div", "mode=approx|full|rn|rz|rm|rp [ftz] type=f32", "d:type s:type s:type"},
    {"div", "mode=$rounding type=f64", "d:type s:type s:type"},
    {"abs|neg", "[ftz] type=f32|f16|f16x2", "d:type s:type"},
    {"abs|neg", "type=f64|bf16|bf16x2", "d:type s:type"},
    {"min|max", "[ftz] [NaN] type=f32|f16|f16x2", "d:type s:type s:type"},
    {"min|max", "[ftz] [NaN] xorsign abs type=f32|f16|f16x2", "d:type s:type s:type"},
    {"min|max", "[NaN] type=bf16|bf16x2", "d:type s:type s:type"},
    {"min|max", "[NaN] xorsign abs type=bf16|bf16x2", "d:type s:type s:type"},
    {"min|max", "type=f64", "d:type s:type s:type"},
    {"rcp|sqrt", "mode=approx|rn|rz|rm|rp [ftz] type=f32", "d:type s:type"},
    {"rcp|sqrt", "mode=$rounding type=f64", "d:type s:type"},
    {"rcp|rsqrt", "mode=approx ftz type=f64", "d:type s:type"},
    {"rsqrt", "mode=approx [ftz] type=f32", "d:type s:type"},
    {"rsqrt", "mode=approx type=f64", "d:type s:type"},
    {"sin|cos|lg2", "mode=approx [ftz] type=f32", "d:type s:type"},
    {"ex2", "mode=approx [ftz] type=f32", "d:type s:type"},
    {"ex2", "mode=approx type=f16|f16x2", "d:type s:type"},
    {"ex2", "mode=approx ftz type=bf16|bf16x2", "d:type s:type"},
    {"tanh", "mode=approx type=f32|f16|f16x2|bf16|bf16x2", "d:type s:type"},
    {"testp", "op=finite|infinite|number|notanumber|normal|subnormal type=f32|f64", "q s:type"},
    {"copysign", "type=f32|f64", "d:type s:type s:type"},

    {"setp", "cmp=$fcomparison [bool=and|or|xor] [ftz] type=f32", "q|q s:type s:type p@bool"},
    {"setp", "cmp=$fcomparison [bool=and|or|xor] type=f64", "q|q s:type s:type p@bool"},
    {"setp", "cmp=$fcomparison [bool=and|or|xor] [ftz] type=f16", "q s:type s:type p@bool"},
    {"setp", "cmp=$fcomparison [bool=and|or|xor] type=bf16", "q s:type s:type p@bool"},
    {"setp", "cmp=$fcomparison [bool=and|or|xor] [ftz] type=f16x2", "q&q s:type s:type p@bool"},
    {"setp", "cmp=$fcomparison [bool=and|or|xor] type=bf16x2", "q&q s:type s:type p@bool"},
    {"set", "cmp=$fcomparison [bool=and|or|xor] [ftz] dtype=u32|s32|f32 type=f32", "d:dtype s:type s:type p@bool"},
    {"set", "cmp=$fcomparison [bool=and|or|xor] dtype=u32|s32|f32 type=f64", "d:dtype s:type s:type p@bool"},
    {"set", "cmp=$fcomparison [bool=and|or|xor] [ftz] dtype=f16|u16|s16|u32|s32 type=f16", "d:dtype s:type s:type p@bool"},
    {"set", "cmp=$fcomparison [bool=and|or|xor] [ftz] dtype=f16x2 type=f16x2", "d:dtype s:type s:type p@bool"},
    {"set", "cmp=$fcomparison [bool=and|or|xor] dtype=bf16|u16|s16|u32|s32 type=bf16", "d:dtype s:type s:type p@bool"},
    {"set", "cmp=$fcomparison [bool=and|or|xor] dtype=bf16x2 type=bf16x2", "d:dtype s:type s:type p@bool"},
};
// clang-format on

llvm::ArrayRef<TableRow> tables::floatRows() { return kFloatRows; }
