//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace mlir::bpt::ptx;

/// Matrix fragments and products.
// clang-format off
static constexpr TableRow kMatrixRows[] = {
    {"ldmatrix", "sync aligned shape=m8n8 num=x1|x2|x4 [trans] $shared type=b16", "V:b32 a"},
    {"stmatrix", "sync aligned shape=m8n8 num=x1|x2|x4 [trans] $shared type=b16", "a U:b32"},
    {"movmatrix", "sync aligned shape=m8n8 trans type=b16", "d:b32 s:b32"},

    {"mma", "sync aligned shape=m16n8k8|m16n8k16 row col dtype=f16 atype=f16 btype=f16 ctype=f16", "V:dtype U:atype U:btype U:ctype"},
    {"mma", "sync aligned shape=m16n8k8|m16n8k16 row col dtype=f32 atype=f16 btype=f16 ctype=f32", "V:dtype U:atype U:btype U:ctype"},
    {"mma", "sync aligned shape=m16n8k8|m16n8k16 row col dtype=f32 atype=bf16 btype=bf16 ctype=f32", "V:dtype U:atype U:btype U:ctype"},
    {"mma", "sync aligned shape=m16n8k4|m16n8k8 row col dtype=f32 atype=tf32 btype=tf32 ctype=f32", "V:dtype U:atype U:btype U:ctype"},
    {"mma", "sync aligned shape=m16n8k16|m16n8k32 row col dtype=f32 atype=e4m3|e5m2 btype=e4m3|e5m2 ctype=f32", "V:dtype U:atype U:btype U:ctype"},
    {"mma", "sync aligned shape=m16n8k16|m16n8k32 row col dtype=f16 atype=e4m3|e5m2 btype=e4m3|e5m2 ctype=f16", "V:dtype U:atype U:btype U:ctype"},
    {"mma", "sync aligned shape=m8n8k16|m16n8k16|m16n8k32 row col [satfinite] dtype=s32 atype=u8|s8 btype=u8|s8 ctype=s32", "V:dtype U:atype U:btype U:ctype"},
    {"mma", "sync aligned shape=m8n8k32|m16n8k32|m16n8k64 row col [satfinite] dtype=s32 atype=u4|s4 btype=u4|s4 ctype=s32", "V:dtype U:atype U:btype U:ctype"},
    {"mma", "sync aligned shape=m8n8k4|m16n8k4|m16n8k8|m16n8k16 row col [rnd=rn] dtype=f64 atype=f64 btype=f64 ctype=f64", "V:dtype U:atype U:btype U:ctype"},
    {"mma", "sync aligned shape=m8n8k128|m16n8k128|m16n8k256 row col dtype=s32 atype=b1 btype=b1 ctype=s32 op=xor|and popc", "V:dtype U:atype U:btype U:ctype"},

    {"wgmma", "op=fence sync aligned", ""},
    {"wgmma", "op=commit_group sync aligned", ""},
    {"wgmma", "op=wait_group sync aligned", "i"},
    {"wgmma", "op=mma_async sync aligned shape=$wgmma16 dtype=f16|f32 atype=f16 btype=f16", "V:dtype s:b64 s:b64 p i i i i"},
    {"wgmma", "op=mma_async sync aligned shape=$wgmma16 dtype=f16|f32 atype=f16 btype=f16", "V:dtype U:b32 s:b64 p i i i"},
    {"wgmma", "op=mma_async sync aligned shape=$wgmma16 dtype=f32 atype=bf16 btype=bf16", "V:dtype s:b64 s:b64 p i i i i"},
    {"wgmma", "op=mma_async sync aligned shape=$wgmma16 dtype=f32 atype=bf16 btype=bf16", "V:dtype U:b32 s:b64 p i i i"},
    {"wgmma", "op=mma_async sync aligned shape=$wgmma8 dtype=f32 atype=tf32 btype=tf32", "V:dtype s:b64 s:b64 p i i"},
    {"wgmma", "op=mma_async sync aligned shape=$wgmma8 dtype=f32 atype=tf32 btype=tf32", "V:dtype U:b32 s:b64 p i i"},
    {"wgmma", "op=mma_async sync aligned shape=$wgmma32 dtype=f16|f32 atype=e4m3|e5m2 btype=e4m3|e5m2", "V:dtype s:b64 s:b64 p i i"},
    {"wgmma", "op=mma_async sync aligned shape=$wgmma32 dtype=f16|f32 atype=e4m3|e5m2 btype=e4m3|e5m2", "V:dtype U:b32 s:b64 p i i"},
    {"wgmma", "op=mma_async sync aligned shape=$iwgmma32 [satfinite] dtype=s32 atype=u8|s8 btype=u8|s8", "V:dtype s:b64 s:b64 p"},
    {"wgmma", "op=mma_async sync aligned shape=$iwgmma32 [satfinite] dtype=s32 atype=u8|s8 btype=u8|s8", "V:dtype U:b32 s:b64 p"},
    {"wgmma", "op=mma_async sync aligned shape=$iwgmma256 dtype=s32 atype=b1 btype=b1 and popc", "V:dtype s:b64 s:b64 p"},
    {"wgmma", "op=mma_async sync aligned shape=$iwgmma256 dtype=s32 atype=b1 btype=b1 and popc", "V:dtype U:b32 s:b64 p"},
};
// clang-format on

llvm::ArrayRef<TableRow> tables::matrixRows() { return kMatrixRows; }
