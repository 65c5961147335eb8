//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

using namespace mlir::bpt::ptx;

/// Barriers, fences and what the lanes of a warp do together.
// clang-format off
static constexpr TableRow kSynchronizationRows[] = {
    {"bar", "[cta] sync", "s:u32 s:u32?"},
    {"bar", "[cta] arrive", "s:u32 s:u32"},
    {"bar", "[cta] red op=popc u32", "d:u32 s:u32 s:u32? p"},
    {"bar", "[cta] red op=and|or pred", "q s:u32 s:u32? p"},
    {"bar", "warp sync", "s:b32"},
    {"barrier", "[cta] sync [aligned]", "s:u32 s:u32?"},
    {"barrier", "[cta] arrive [aligned]", "s:u32 s:u32"},
    {"barrier", "[cta] red op=popc [aligned] u32", "d:u32 s:u32 s:u32? p"},
    {"barrier", "[cta] red op=and|or [aligned] pred", "q s:u32 s:u32? p"},
    {"barrier", "cluster arrive [sem=release|relaxed] [aligned]", ""},
    {"barrier", "cluster wait [sem=acquire] [aligned]", ""},

    {"membar", "scope=cta|gl|sys", ""},
    {"fence", "[sem=sc|acq_rel|acquire|release] $scope", ""},
    {"fence", "sem=acquire restrict=sync_restrict::shared::cluster scope=cluster", ""},
    {"fence", "sem=release restrict=sync_restrict::shared::cta scope=cluster", ""},
    {"fence", "mbarrier_init release scope=cluster", ""},
    {"fence", "proxy kind=alias|async|async.global", ""},
    {"fence", "proxy kind=async space=global|shared::cta|shared::cluster", ""},
    {"fence", "proxy kind=async::generic sem=acquire restrict=sync_restrict::shared::cluster scope=cluster", ""},
    {"fence", "proxy kind=async::generic sem=release restrict=sync_restrict::shared::cta scope=cluster", ""},
    {"fence", "proxy kind=tensormap::generic sem=release $scope", ""},
    {"fence", "proxy kind=tensormap::generic sem=acquire $scope", "a i"},

    {"shfl", "sync mode=up|down|bfly|idx b32", "d:b32|q s:b32 s:b32 s:b32 s:b32"},
    {"vote", "sync mode=all|any|uni pred", "q p s:b32"},
    {"vote", "sync mode=ballot b32", "d:b32 p s:b32"},
    {"match", "mode=any sync type=b32|b64", "d:b32 s:type s:b32"},
    {"match", "mode=all sync type=b32|b64", "d:b32|q s:type s:b32"},
    {"redux", "sync op=add|min|max type=u32|s32", "d:type s:type s:b32"},
    {"redux", "sync op=and|or|xor type=b32", "d:type s:type s:b32"},
    {"redux", "sync op=min|max [abs] [NaN] type=f32", "d:type s:type s:b32"},
    {"elect", "sync", "d:b32&q s:b32"},
    {"activemask", "b32", "d:b32"},

    {"mbarrier", "op=init $shared b64", "a s:u32"},
    {"mbarrier", "op=inval $shared b64", "a"},
    {"mbarrier", "op=expect_tx|complete_tx $anyshared b64", "a s:u32"},
    {"mbarrier", "op=expect_tx|complete_tx sem=relaxed scope=cta|cluster $anyshared b64", "a s:u32"},
    {"mbarrier", "op=arrive|arrive_drop $shared b64", "d:b64 a s:u32?"},
    {"mbarrier", "op=arrive|arrive_drop space=shared::cluster b64", "_ a s:u32?"},
    {"mbarrier", "op=arrive|arrive_drop sem=release|relaxed scope=cta|cluster $shared b64", "d:b64 a s:u32?"},
    {"mbarrier", "op=arrive|arrive_drop sem=release|relaxed scope=cta|cluster space=shared::cluster b64", "_ a s:u32?"},
    {"mbarrier", "op=arrive|arrive_drop expect_tx $shared b64", "d:b64 a s:u32"},
    {"mbarrier", "op=arrive|arrive_drop expect_tx space=shared::cluster b64", "_ a s:u32"},
    {"mbarrier", "op=arrive|arrive_drop expect_tx sem=release|relaxed scope=cta|cluster $shared b64", "d:b64 a s:u32"},
    {"mbarrier", "op=arrive|arrive_drop expect_tx sem=release|relaxed scope=cta|cluster space=shared::cluster b64", "_ a s:u32"},
    {"mbarrier", "op=arrive|arrive_drop noComplete $shared b64", "d:b64 a s:u32"},
    {"mbarrier", "op=test_wait $shared b64", "q a s:b64"},
    {"mbarrier", "op=try_wait $shared b64", "q a s:b64 s:u32?"},
    {"mbarrier", "op=test_wait sem=acquire|relaxed scope=cta|cluster $shared b64", "q a s:b64"},
    {"mbarrier", "op=try_wait sem=acquire|relaxed scope=cta|cluster $shared b64", "q a s:b64 s:u32?"},
    {"mbarrier", "op=test_wait parity $shared b64", "q a s:u32"},
    {"mbarrier", "op=try_wait parity $shared b64", "q a s:u32 s:u32?"},
    {"mbarrier", "op=test_wait parity sem=acquire|relaxed scope=cta|cluster $shared b64", "q a s:u32"},
    {"mbarrier", "op=try_wait parity sem=acquire|relaxed scope=cta|cluster $shared b64", "q a s:u32 s:u32?"},
    {"mbarrier", "op=pending_count b64", "d:u32 s:b64"},
};
// clang-format on

llvm::ArrayRef<TableRow> tables::synchronizationRows() {
  return kSynchronizationRows;
}
