//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace mlir::bpt::ptx;

/// Asynchronous copies.
// clang-format off
static constexpr TableRow kAsyncRows[] = {
    {"cp", "async cop=ca|cg space=shared|shared::cta global [L2::cache_hint] $prefetch", "a a i s:u32? s:b64@L2::cache_hint"},
    {"cp", "async cop=ca|cg space=shared|shared::cta global [L2::cache_hint] $prefetch", "a a i p s:b64@L2::cache_hint"},
    {"cp", "async op=commit_group", ""},
    {"cp", "async op=wait_group", "i"},
    {"cp", "async op=wait_all", ""},
    {"cp", "async op=mbarrier arrive [noinc] $shared b64", "a"},

    {"cp", "async bulk op=commit_group", ""},
    {"cp", "async bulk op=wait_group [read]", "i"},
    {"cp", "async bulk dst=shared::cluster src=global $bytes [multicast::cluster] [L2::cache_hint]", "a a s:u32 a s:b16@multicast::cluster s:b64@L2::cache_hint"},
    {"cp", "async bulk dst=shared::cta src=global $bytes [L2::cache_hint]", "a a s:u32 a s:b64@L2::cache_hint"},
    {"cp", "async bulk dst=shared::cluster src=shared::cta $bytes", "a a s:u32 a"},
    {"cp", "async bulk dst=global src=shared::cta bulk_group [L2::cache_hint]", "a a s:u32 s:b64@L2::cache_hint"},
    {"cp", "async bulk op=prefetch L2 global [L2::cache_hint]", "a s:u32 s:b64@L2::cache_hint"},

    {"cp", "async bulk op=tensor dim=1d|2d|3d|4d|5d dst=shared::cluster src=global [mode=tile] $bytes [multicast::cluster] [L2::cache_hint]", "a t a s:b16@multicast::cluster s:b64@L2::cache_hint"},
    {"cp", "async bulk op=tensor dim=1d|2d|3d|4d|5d dst=shared::cta src=global [mode=tile] $bytes [L2::cache_hint]", "a t a s:b64@L2::cache_hint"},
    {"cp", "async bulk op=tensor dim=1d|2d|3d|4d|5d dst=global src=shared::cta [mode=tile] bulk_group [L2::cache_hint]", "t a s:b64@L2::cache_hint"},
    {"cp", "async bulk op=prefetch tensor dim=1d|2d|3d|4d|5d L2 src=global [mode=tile] [L2::cache_hint]", "t s:b64@L2::cache_hint"},
    {"cp", "reduce async bulk op=tensor dim=1d|2d|3d|4d|5d dst=global src=shared::cta red=add|min|max|inc|dec|and|or|xor [mode=tile] bulk_group [L2::cache_hint]", "t a s:b64@L2::cache_hint"},
    {"cp", "reduce async bulk dst=global src=shared::cta bulk_group [L2::cache_hint] red=add type=u32|s32|u64|f32|f64", "a a s:u32 s:b64@L2::cache_hint"},
    {"cp", "reduce async bulk dst=global src=shared::cta bulk_group [L2::cache_hint] red=min|max type=u32|s32|u64|s64", "a a s:u32 s:b64@L2::cache_hint"},
    {"cp", "reduce async bulk dst=global src=shared::cta bulk_group [L2::cache_hint] red=inc|dec type=u32", "a a s:u32 s:b64@L2::cache_hint"},
    {"cp", "reduce async bulk dst=global src=shared::cta bulk_group [L2::cache_hint] red=and|or|xor type=b32|b64", "a a s:u32 s:b64@L2::cache_hint"},
    {"cp", "reduce async bulk dst=global src=shared::cta bulk_group [L2::cache_hint] red=min|max type=f16|bf16", "a a s:u32 s:b64@L2::cache_hint"},
    {"cp", "reduce async bulk dst=global src=shared::cta bulk_group [L2::cache_hint] red=add noftz type=f16|bf16", "a a s:u32 s:b64@L2::cache_hint"},
    {"cp", "reduce async bulk dst=shared::cluster src=shared::cta $bytes red=add type=u32|s32|u64", "a a s:u32 a"},
    {"cp", "reduce async bulk dst=shared::cluster src=shared::cta $bytes red=min|max type=u32|s32", "a a s:u32 a"},
    {"cp", "reduce async bulk dst=shared::cluster src=shared::cta $bytes red=inc|dec type=u32", "a a s:u32 a"},
    {"cp", "reduce async bulk dst=shared::cluster src=shared::cta $bytes red=and|or|xor type=b32", "a a s:u32 a"},

    {"tensormap", "replace tile field=global_address space=global|shared::cta b1024 type=b64", "a s:type"},
    {"tensormap", "replace tile field=rank space=global|shared::cta b1024 type=b32", "a s:type"},
    {"tensormap", "replace tile field=box_dim|global_dim|element_stride space=global|shared::cta b1024 type=b32", "a i s:type"},
    {"tensormap", "replace tile field=global_stride space=global|shared::cta b1024 type=b64", "a i s:type"},
    {"tensormap", "replace tile field=elemtype|interleave_layout|swizzle_mode|fill_mode space=global|shared::cta b1024 type=b32", "a i"},
    {"tensormap", "cp_fenceproxy dst=global src=shared::cta tensormap::generic sem=release $scope sync aligned", "a a i"},
};
// clang-format on

llvm::ArrayRef<TableRow> tables::asyncRows() { return kAsyncRows; }
