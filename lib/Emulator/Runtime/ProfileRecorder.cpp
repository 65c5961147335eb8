//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProfileRecorder.h"
#include "llvm/ADT/SmallSet.h"
#include <algorithm>

using namespace mlir::bpt::emulator;

static constexpr uint32_t kNumBanks = 32;
static constexpr uint32_t kBankBytes = 4;
static constexpr uint32_t kSectorBytes = 32;
/// What the banks deliver in one pass.
static constexpr uint32_t kWavefrontBytes = kNumBanks * kBankBytes;

ProfileRecorder::ProfileRecorder(const KernelDescription &kernel)
    : kernel(kernel), sites(kernel.sites.size()) {
  for (auto [i, site] : llvm::enumerate(sites))
    site.site = static_cast<uint32_t>(i);
}

void ProfileRecorder::enterBlock(Warp &warp, uint32_t block, uint32_t lanes) {
  flush(warp);
  const BasicBlock &contents = kernel.blocks[block];
  uint64_t numLanes = __builtin_popcount(lanes);
  for (unsigned i = 0; i < kNumInstructionClasses; ++i) {
    profile.warpInstructions[i] += contents.counts[i];
    profile.threadInstructions[i] += contents.counts[i] * numLanes;
  }
}

void ProfileRecorder::access(const Thread &thread, uint64_t address,
                             uint32_t bytes, AccessKind kind, bool isShared,
                             uint32_t site) {
  Warp &warp = *thread.warp;
  uint32_t lane = 1u << thread.lane;
  for (WarpRequest &request : warp.requests) {
    if (request.site != site || request.isShared != isShared ||
        (request.lanes & lane))
      continue;
    request.lanes |= lane;
    request.addresses[thread.lane] = address;
    return;
  }
  WarpRequest &request = warp.requests.emplace_back();
  request.site = site;
  request.kind = kind;
  request.isShared = isShared;
  request.bytes = bytes;
  request.lanes = lane;
  request.addresses[thread.lane] = address;
}

void ProfileRecorder::flush(Warp &warp) {
  for (const WarpRequest &request : warp.requests)
    account(request);
  warp.requests.clear();
}

SiteProfile &ProfileRecorder::getSite(uint32_t site) {
  return sites[std::min<size_t>(site, sites.size() - 1)];
}

/// How many passes the banks need: as many as the busiest bank has different
/// words. Requests of 8 and 16 bytes a lane are served half and quarter warp
/// after half and quarter warp.
static uint32_t countWavefronts(const WarpRequest &request) {
  uint32_t lanesAtOnce = std::min(kWarpSize, kWavefrontBytes / request.bytes);
  if (request.bytes < kBankBytes)
    lanesAtOnce = kWarpSize;
  uint32_t wavefronts = 0;
  for (uint32_t first = 0; first < kWarpSize; first += lanesAtOnce) {
    std::array<llvm::SmallVector<uint64_t, 4>, kNumBanks> banks;
    size_t busiest = 0;
    for (uint32_t lane = first; lane < first + lanesAtOnce; ++lane) {
      if (!(request.lanes >> lane & 1))
        continue;
      uint64_t begin = request.addresses[lane] / kBankBytes;
      uint64_t end =
          (request.addresses[lane] + request.bytes + kBankBytes - 1) /
          kBankBytes;
      for (uint64_t word = begin; word < end; ++word) {
        auto &bank = banks[word % kNumBanks];
        if (!llvm::is_contained(bank, word))
          bank.push_back(word);
        busiest = std::max(busiest, bank.size());
      }
    }
    wavefronts += static_cast<uint32_t>(busiest);
  }
  return wavefronts;
}

/// The passes that so many lanes need at least.
static uint32_t countIdealWavefronts(const WarpRequest &request) {
  uint32_t lanesAtOnce = std::min(kWarpSize, kWavefrontBytes / request.bytes);
  if (request.bytes < kBankBytes)
    return 1;
  uint32_t wavefronts = 0;
  for (uint32_t first = 0; first < kWarpSize; first += lanesAtOnce) {
    uint32_t group = lanesAtOnce == kWarpSize
                         ? request.lanes
                         : request.lanes >> first & ((1u << lanesAtOnce) - 1);
    wavefronts += group != 0;
  }
  return wavefronts;
}

static uint32_t countSectors(const WarpRequest &request) {
  llvm::SmallVector<uint64_t, 64> sectors;
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (!(request.lanes >> lane & 1))
      continue;
    uint64_t address = request.addresses[lane];
    for (uint64_t sector = address / kSectorBytes;
         sector <= (address + request.bytes - 1) / kSectorBytes; ++sector)
      sectors.push_back(sector);
  }
  llvm::sort(sectors);
  return static_cast<uint32_t>(
      std::distance(sectors.begin(), llvm::unique(sectors)));
}

void ProfileRecorder::account(const WarpRequest &request) {
  if (sites.empty())
    return;
  SiteProfile &site = getSite(request.site);
  uint32_t lanes = __builtin_popcount(request.lanes);
  uint64_t bytes = uint64_t(lanes) * request.bytes;
  bool loads = request.kind != AccessKind::Store;
  bool stores = request.kind != AccessKind::Load;
  ++site.requests;
  site.lanes += lanes;
  if (request.isShared) {
    uint32_t wavefronts = countWavefronts(request);
    uint32_t ideal = countIdealWavefronts(request);
    site.sharedBytes += bytes;
    site.wavefronts += wavefronts;
    site.idealWavefronts += ideal;
    profile.sharedWavefronts += wavefronts;
    profile.sharedIdealWavefronts += ideal;
    profile.sharedLoadBytes += loads ? bytes : 0;
    profile.sharedStoreBytes += stores ? bytes : 0;
    return;
  }
  uint32_t sectors = countSectors(request);
  site.globalBytes += bytes;
  site.sectors += sectors;
  profile.globalLoadBytes += loads ? bytes : 0;
  profile.globalStoreBytes += stores ? bytes : 0;
  profile.globalLoadSectors += loads ? sectors : 0;
  profile.globalStoreSectors += stores ? sectors : 0;
}

static uint64_t countSectors(uint64_t address, uint32_t bytes) {
  return bytes
             ? (address + bytes - 1) / kSectorBytes - address / kSectorBytes + 1
             : 0;
}

void ProfileRecorder::countAsyncLoad(uint64_t globalAddress, uint32_t bytes) {
  profile.asyncBytes += bytes;
  profile.globalLoadBytes += bytes;
  profile.globalLoadSectors += countSectors(globalAddress, bytes);
}

void ProfileRecorder::countAsyncStore(uint64_t globalAddress, uint32_t bytes) {
  profile.asyncBytes += bytes;
  profile.globalStoreBytes += bytes;
  profile.globalStoreSectors += countSectors(globalAddress, bytes);
}

void ProfileRecorder::countTensorOperations(uint64_t operations) {
  profile.tensorOperations += operations;
}

Profile ProfileRecorder::take() {
  profile.exponentials = profile.threadInstructions[static_cast<unsigned>(
      InstructionClass::Exponential)];
  for (const SiteProfile &site : sites)
    if (site.requests)
      profile.sites.push_back(site);
  return std::move(profile);
}
