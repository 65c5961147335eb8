//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/Runtime/Profile.h"
#include "bpt/Emulator/Runtime/Launch.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace mlir::bpt::emulator;

llvm::StringRef mlir::bpt::emulator::getName(InstructionClass which) {
  static constexpr llvm::StringLiteral kNames[] = {"integer",
                                                   "float_add",
                                                   "float_mul",
                                                   "float_fma",
                                                   "float_other",
                                                   "half",
                                                   "double",
                                                   "exponential",
                                                   "special",
                                                   "conversion",
                                                   "load_global",
                                                   "store_global",
                                                   "load_shared",
                                                   "store_shared",
                                                   "load_other",
                                                   "store_other",
                                                   "atomic",
                                                   "matrix_move",
                                                   "mma",
                                                   "wgmma",
                                                   "warp_collective",
                                                   "synchronization",
                                                   "async_copy",
                                                   "branch",
                                                   "other"};
  static_assert(std::size(kNames) == kNumInstructionClasses);
  return kNames[static_cast<unsigned>(which)];
}

namespace {
struct Total {
  llvm::StringLiteral name;
  uint64_t Profile::*value;
};
struct SiteTotal {
  llvm::StringLiteral name;
  uint64_t SiteProfile::*value;
};
} // namespace

static constexpr Total kTotals[] = {
    {"tensor_operations", &Profile::tensorOperations},
    {"exponentials", &Profile::exponentials},
    {"barriers", &Profile::barriers},
    {"global_load_bytes", &Profile::globalLoadBytes},
    {"global_store_bytes", &Profile::globalStoreBytes},
    {"global_load_sectors", &Profile::globalLoadSectors},
    {"global_store_sectors", &Profile::globalStoreSectors},
    {"shared_load_bytes", &Profile::sharedLoadBytes},
    {"shared_store_bytes", &Profile::sharedStoreBytes},
    {"shared_wavefronts", &Profile::sharedWavefronts},
    {"shared_ideal_wavefronts", &Profile::sharedIdealWavefronts},
    {"async_bytes", &Profile::asyncBytes},
    {"wgmma_shared_bytes", &Profile::wgmmaSharedBytes},
};

static constexpr SiteTotal kSiteTotals[] = {
    {"requests", &SiteProfile::requests},
    {"lanes", &SiteProfile::lanes},
    {"shared_bytes", &SiteProfile::sharedBytes},
    {"global_bytes", &SiteProfile::globalBytes},
    {"wavefronts", &SiteProfile::wavefronts},
    {"ideal_wavefronts", &SiteProfile::idealWavefronts},
    {"sectors", &SiteProfile::sectors},
};

void Profile::merge(const Profile &other) {
  for (unsigned i = 0; i < kNumInstructionClasses; ++i) {
    warpInstructions[i] += other.warpInstructions[i];
    threadInstructions[i] += other.threadInstructions[i];
  }
  for (const Total &total : kTotals)
    this->*total.value += other.*total.value;
  std::map<uint32_t, SiteProfile> merged;
  for (const SiteProfile &site :
       llvm::concat<const SiteProfile>(std::as_const(sites), other.sites)) {
    SiteProfile &sum = merged[site.site];
    sum.site = site.site;
    for (const SiteTotal &total : kSiteTotals)
      sum.*total.value += site.*total.value;
  }
  sites.clear();
  for (const auto &entry : merged)
    sites.push_back(entry.second);
}

static llvm::json::Object toJSON(const InstructionCounts &counts) {
  llvm::json::Object object;
  uint64_t sum = 0;
  for (unsigned i = 0; i < kNumInstructionClasses; ++i) {
    sum += counts[i];
    if (counts[i])
      object[getName(static_cast<InstructionClass>(i))] = counts[i];
  }
  object["total"] = sum;
  return object;
}

llvm::json::Object
mlir::bpt::emulator::toJSON(const Profile &profile,
                            const KernelDescription &kernel) {
  llvm::json::Object object;
  object["kernel"] = kernel.name;
  object["warp_instructions"] = ::toJSON(profile.warpInstructions);
  object["thread_instructions"] = ::toJSON(profile.threadInstructions);
  for (const Total &total : kTotals)
    object[total.name] = profile.*total.value;
  llvm::json::Array sites;
  for (const SiteProfile &site : profile.sites) {
    llvm::json::Object entry;
    const Site &where = kernel.sites[site.site];
    entry["line"] = where.line;
    entry["text"] = llvm::StringRef(where.text).trim().str();
    for (const SiteTotal &total : kSiteTotals)
      if (site.*total.value)
        entry[total.name] = site.*total.value;
    sites.push_back(std::move(entry));
  }
  object["sites"] = std::move(sites);
  return object;
}

void mlir::bpt::emulator::print(llvm::raw_ostream &os, const Profile &profile,
                                const KernelDescription &kernel) {
  os << "profile of kernel '" << kernel.name << "'\n";
  os << llvm::formatv("  {0,-24} {1,16} {2,16}\n", "instructions", "of warps",
                      "of threads");
  uint64_t warps = 0, threads = 0;
  for (unsigned i = 0; i < kNumInstructionClasses; ++i) {
    warps += profile.warpInstructions[i];
    threads += profile.threadInstructions[i];
    if (profile.warpInstructions[i])
      os << llvm::formatv("  {0,-24} {1,16} {2,16}\n",
                          getName(static_cast<InstructionClass>(i)),
                          profile.warpInstructions[i],
                          profile.threadInstructions[i]);
  }
  os << llvm::formatv("  {0,-24} {1,16} {2,16}\n", "total", warps, threads);
  for (const Total &total : kTotals)
    if (profile.*total.value)
      os << llvm::formatv("  {0,-24} {1,16}\n", total.name,
                          profile.*total.value);
  for (const SiteProfile &site : profile.sites) {
    const Site &where = kernel.sites[site.site];
    os << llvm::formatv("  line {0}: `{1}`:", where.line,
                        llvm::StringRef(where.text).trim());
    for (const SiteTotal &total : kSiteTotals)
      if (site.*total.value)
        os << ' ' << total.name << ' ' << site.*total.value;
    os << '\n';
  }
}
