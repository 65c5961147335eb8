//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace mlir::bpt::ptx;

/// Loads, stores, atomic operations and hints.
// clang-format off
static constexpr TableRow kMemoryRows[] = {
    {"ld", "[weak] [space=global|param|param::entry|param::func|const|local|shared|shared::cta|shared::cluster] [cop=ca|cg|cs|lu|cv] $L1 $L2 [L2::cache_hint] $prefetch $vec type=$scalar", "v:type a s:b64@L2::cache_hint"},
    {"ld", "volatile [space=global|param|const|local|shared|shared::cta|shared::cluster] $prefetch $vec type=$scalar", "v:type a"},
    {"ld", "sem=relaxed|acquire $scope [space=global|shared|shared::cta|shared::cluster] $L1 $L2 [L2::cache_hint] $prefetch $vec type=$scalar", "v:type a s:b64@L2::cache_hint"},
    {"ld", "mmio relaxed scope=sys [space=global] type=$scalar", "v:type a"},
    {"ld", "space=global [cop=ca|cg|cs] nc $L1 $L2 [L2::cache_hint] $prefetch $vec type=$scalar", "v:type a s:b64@L2::cache_hint"},
    {"ldu", "[space=global] [vec=v2|v4] type=$scalar", "v:type a"},
    {"st", "[weak] [space=global|param|param::func|local|shared|shared::cta|shared::cluster] [cop=wb|cg|cs|wt] $L1 $L2 [L2::cache_hint] $vec type=$scalar", "a u:type s:b64@L2::cache_hint"},
    {"st", "volatile [space=global|local|shared|shared::cta|shared::cluster] $vec type=$scalar", "a u:type"},
    {"st", "sem=relaxed|release $scope [space=global|shared|shared::cta|shared::cluster] $L1 $L2 [L2::cache_hint] $vec type=$scalar", "a u:type s:b64@L2::cache_hint"},
    {"st", "mmio relaxed scope=sys [space=global] type=$scalar", "a u:type"},
    {"st", "async [weak] [space=shared::cluster] $bytes [vec=v2|v4] type=b32|u32|s32|f32", "a u:type a"},
    {"st", "async [weak] [space=shared::cluster] $bytes [vec=v2] type=b64|u64|s64|f64", "a u:type a"},

    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global|shared|shared::cta|shared::cluster] op=add type=u32|s32|u64|f32|f64", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global] op=add L2::cache_hint type=u32|s32|u64|f32|f64", "d:type a s:type s:b64@L2::cache_hint"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global|shared|shared::cta|shared::cluster] op=add noftz type=f16|f16x2|bf16|bf16x2", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global] op=add noftz L2::cache_hint type=f16|f16x2|bf16|bf16x2", "d:type a s:type s:b64@L2::cache_hint"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global|shared|shared::cta|shared::cluster] op=min|max type=u32|s32|u64|s64", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global] op=min|max L2::cache_hint type=u32|s32|u64|s64", "d:type a s:type s:b64@L2::cache_hint"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global|shared|shared::cta|shared::cluster] op=inc|dec type=u32", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global] op=inc|dec L2::cache_hint type=u32", "d:type a s:type s:b64@L2::cache_hint"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global|shared|shared::cta|shared::cluster] op=and|or|xor type=b32|b64", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global] op=and|or|xor L2::cache_hint type=b32|b64", "d:type a s:type s:b64@L2::cache_hint"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global|shared|shared::cta|shared::cluster] op=exch type=b32|b64|b128", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global|shared|shared::cta|shared::cluster] op=cas type=b16|b32|b64|b128", "d:type a s:type s:type"},
    {"red", "[sem=relaxed|release] [$scope] [space=global|shared|shared::cta|shared::cluster] op=add type=u32|s32|u64|f32|f64", "a s:type"},
    {"red", "[sem=relaxed|release] [$scope] [space=global] op=add L2::cache_hint type=u32|s32|u64|f32|f64", "a s:type s:b64@L2::cache_hint"},
    {"red", "[sem=relaxed|release] [$scope] [space=global|shared|shared::cta|shared::cluster] op=add noftz type=f16|f16x2|bf16|bf16x2", "a s:type"},
    {"red", "[sem=relaxed|release] [$scope] [space=global] op=add noftz L2::cache_hint type=f16|f16x2|bf16|bf16x2", "a s:type s:b64@L2::cache_hint"},
    {"red", "[sem=relaxed|release] [$scope] [space=global|shared|shared::cta|shared::cluster] op=min|max type=u32|s32|u64|s64", "a s:type"},
    {"red", "[sem=relaxed|release] [$scope] [space=global] op=min|max L2::cache_hint type=u32|s32|u64|s64", "a s:type s:b64@L2::cache_hint"},
    {"red", "[sem=relaxed|release] [$scope] [space=global|shared|shared::cta|shared::cluster] op=inc|dec type=u32", "a s:type"},
    {"red", "[sem=relaxed|release] [$scope] [space=global] op=inc|dec L2::cache_hint type=u32", "a s:type s:b64@L2::cache_hint"},
    {"red", "[sem=relaxed|release] [$scope] [space=global|shared|shared::cta|shared::cluster] op=and|or|xor type=b32|b64", "a s:type"},
    {"red", "[sem=relaxed|release] [$scope] [space=global] op=and|or|xor L2::cache_hint type=b32|b64", "a s:type s:b64@L2::cache_hint"},
    // The order in which nvcc writes the scope.
    {"atom", "[sem=relaxed|acquire|release|acq_rel] space=global|shared|shared::cta|shared::cluster $scope op=add type=u32|s32|u64|f32|f64", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] space=global|shared|shared::cta|shared::cluster $scope op=add noftz type=f16|f16x2|bf16|bf16x2", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] space=global|shared|shared::cta|shared::cluster $scope op=min|max type=u32|s32|u64|s64", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] space=global|shared|shared::cta|shared::cluster $scope op=inc|dec type=u32", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] space=global|shared|shared::cta|shared::cluster $scope op=and|or|xor type=b32|b64", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] space=global|shared|shared::cta|shared::cluster $scope op=exch type=b32|b64|b128", "d:type a s:type"},
    {"atom", "[sem=relaxed|acquire|release|acq_rel] space=global|shared|shared::cta|shared::cluster $scope op=cas type=b16|b32|b64|b128", "d:type a s:type s:type"},
    {"red", "[sem=relaxed|release] space=global|shared|shared::cta|shared::cluster $scope op=add type=u32|s32|u64|f32|f64", "a s:type"},
    {"red", "[sem=relaxed|release] space=global|shared|shared::cta|shared::cluster $scope op=add noftz type=f16|f16x2|bf16|bf16x2", "a s:type"},
    {"red", "[sem=relaxed|release] space=global|shared|shared::cta|shared::cluster $scope op=min|max type=u32|s32|u64|s64", "a s:type"},
    {"red", "[sem=relaxed|release] space=global|shared|shared::cta|shared::cluster $scope op=inc|dec type=u32", "a s:type"},
    {"red", "[sem=relaxed|release] space=global|shared|shared::cta|shared::cluster $scope op=and|or|xor type=b32|b64", "a s:type"},
    // Several elements, each of them atomic by itself.
    {"atom", "[sem=relaxed|acquire|release|acq_rel] [$scope] [space=global] op=add [L2::cache_hint] vec=v2|v4 type=f32", "v:type a u:type s:b64@L2::cache_hint"},
    {"red", "[sem=relaxed|release] [$scope] [space=global] op=add [L2::cache_hint] vec=v2|v4 type=f32", "a u:type s:b64@L2::cache_hint"},
    {"red", "[sem=relaxed|release] [$scope] [space=global] op=add noftz [L2::cache_hint] vec=v2|v4|v8 type=f16|bf16", "a u:type s:b64@L2::cache_hint"},
    {"red", "[sem=relaxed|release] [$scope] [space=global] op=add noftz [L2::cache_hint] vec=v2|v4 type=f16x2|bf16x2", "a u:type s:b64@L2::cache_hint"},
    {"red", "async relaxed scope=cluster [space=shared::cluster] $bytes op=inc|dec type=u32", "a s:type a"},
    {"red", "async relaxed scope=cluster [space=shared::cluster] $bytes op=min|max type=u32|s32", "a s:type a"},
    {"red", "async relaxed scope=cluster [space=shared::cluster] $bytes op=add type=u32|s32|u64", "a s:type a"},
    {"red", "async relaxed scope=cluster [space=shared::cluster] $bytes op=and|or|xor type=b32", "a s:type a"},

    {"prefetch", "[space=global|local] level=L1|L2", "a"},
    {"prefetch", "space=global level=L2::evict_last|L2::evict_normal", "a"},
    {"prefetch", "[space=param|const] tensormap", "a"},
    {"prefetchu", "level=L1", "a"},
    {"applypriority", "[space=global] level=L2::evict_normal", "a i"},
    {"discard", "[space=global] level=L2", "a i"},
    {"createpolicy", "kind=fractional primary=L2::evict_last|L2::evict_normal|L2::evict_first|L2::evict_unchanged [secondary=L2::evict_first|L2::evict_unchanged] b64", "d:b64 s:f32?"},
    {"createpolicy", "kind=range [space=global] primary=L2::evict_last|L2::evict_normal|L2::evict_first|L2::evict_unchanged [secondary=L2::evict_first|L2::evict_unchanged] b64", "d:b64 a s:b32 s:b32"},
};
// clang-format on

llvm::ArrayRef<TableRow> tables::memoryRows() { return kMemoryRows; }
