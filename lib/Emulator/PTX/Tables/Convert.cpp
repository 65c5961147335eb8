//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace mlir::bpt::ptx;

/// Conversions, moves and addresses of state spaces.
// clang-format off
static constexpr TableRow kConvertRows[] = {
    // Integer to integer.
    {"cvt", "[sat] dtype=u8|s8|$int atype=u8|s8|$int", "D:dtype S:atype"},
    // Integer to float.
    {"cvt", "rnd=$rounding [sat] dtype=f16|f32|f64 atype=u8|s8|$int", "D:dtype S:atype"},
    {"cvt", "rnd=$rounding dtype=bf16 atype=$int", "D:dtype S:atype"},
    // Float to integer.
    {"cvt", "rnd=rni|rzi|rmi|rpi [ftz] [sat] dtype=u8|s8|$int atype=f32", "D:dtype S:atype"},
    {"cvt", "rnd=rni|rzi|rmi|rpi [sat] dtype=u8|s8|$int atype=f64|f16", "D:dtype S:atype"},
    {"cvt", "rnd=rni|rzi|rmi|rpi dtype=$int atype=bf16", "D:dtype S:atype"},
    // Float to an integer of the same format.
    {"cvt", "rnd=rni|rzi|rmi|rpi [ftz] [sat] dtype=f32 atype=f32", "d:dtype s:atype"},
    {"cvt", "rnd=rni|rzi|rmi|rpi [sat] dtype=f64 atype=f64", "d:dtype s:atype"},
    {"cvt", "rnd=rni|rzi|rmi|rpi [sat] dtype=f16 atype=f16", "d:dtype s:atype"},
    {"cvt", "rnd=rni|rzi|rmi|rpi dtype=bf16 atype=bf16", "d:dtype s:atype"},
    // Float to itself, to a wider and to a narrower format.
    {"cvt", "[ftz] [sat] dtype=f32 atype=f32", "d:dtype s:atype"},
    {"cvt", "[sat] dtype=f64 atype=f64", "d:dtype s:atype"},
    {"cvt", "[sat] dtype=f16 atype=f16", "d:dtype s:atype"},
    {"cvt", "[ftz] [sat] dtype=f32 atype=f16", "d:dtype s:atype"},
    {"cvt", "[ftz] [sat] dtype=f64 atype=f32", "d:dtype s:atype"},
    {"cvt", "[sat] dtype=f64 atype=f16", "d:dtype s:atype"},
    {"cvt", "dtype=f32|f64 atype=bf16", "d:dtype s:atype"},
    {"cvt", "rnd=$rounding [ftz] [sat] dtype=f32 atype=f64", "d:dtype s:atype"},
    {"cvt", "rnd=$rounding [sat] dtype=f16 atype=f64", "d:dtype s:atype"},
    {"cvt", "rnd=$rounding dtype=bf16 atype=f64|f16", "d:dtype s:atype"},
    {"cvt", "rnd=$rounding dtype=f16 atype=bf16", "d:dtype s:atype"},
    {"cvt", "rnd=rn|rz|rm|rp [ftz] [sat] dtype=f16 atype=f32", "d:dtype s:atype"},
    {"cvt", "rnd=rm|rp dtype=bf16 atype=f32", "d:dtype s:atype"},
    {"cvt", "rnd=rn|rz dtype=bf16 atype=f32", "d:dtype s:atype"},
    {"cvt", "rnd=rn|rz relu [satfinite] dtype=f16|bf16 atype=f32", "d:dtype s:atype"},
    {"cvt", "rnd=rn|rz satfinite dtype=f16|bf16 atype=f32", "d:dtype s:atype"},
    // Two floats at once; the first operand goes to the upper half.
    {"cvt", "rnd=rn|rz [relu] [satfinite] dtype=f16x2|bf16x2 atype=f32", "d:dtype s:atype s:atype"},
    {"cvt", "rnd=rna [satfinite] dtype=tf32 atype=f32", "d:b32 s:atype"},
    {"cvt", "rnd=rn|rz [relu] dtype=tf32 atype=f32", "d:b32 s:atype"},
    {"cvt", "rnd=rn|rz satfinite [relu] dtype=tf32 atype=f32", "d:b32 s:atype"},
    {"cvt", "rnd=rn satfinite [relu] dtype=e4m3x2|e5m2x2 atype=f32", "d:b16 s:atype s:atype"},
    {"cvt", "rnd=rn satfinite [relu] dtype=e4m3x2|e5m2x2 atype=f16x2", "d:b16 s:atype"},
    {"cvt", "rnd=rn [relu] dtype=f16x2 atype=e4m3x2|e5m2x2", "d:dtype s:b16"},
    {"cvt", "pack sat dtype=u16|s16 atype=s32", "d:b32 s:atype s:atype"},
    {"cvt", "pack sat dtype=u8|s8 atype=s32 b32", "d:b32 s:atype s:atype s:b32"},

    {"cvta", "[to] space=const|global|local|shared|shared::cta|shared::cluster|param|param::entry type=u64", "d:type s:type"},
    {"isspacep", "space=const|global|local|shared|shared::cta|shared::cluster|param|param::entry", "q s:u64"},
    {"mapa", "space=shared::cluster type=u32", "d:type s:type s:u32"},
    {"mapa", "[space=shared::cluster] type=u64", "d:type s:type s:u32"},
    {"getctarank", "space=shared::cluster type=u32", "d:u32 s:type"},
    {"getctarank", "[space=shared::cluster] type=u64", "d:u32 s:type"},
    {"mov", "type=pred", "q p"},
    {"mov", "type=b16|b32|b64|b128|$int|f32|f64", "x x"},
};
// clang-format on

llvm::ArrayRef<TableRow> tables::convertRows() { return kConvertRows; }
