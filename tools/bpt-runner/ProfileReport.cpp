//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProfileReport.h"
#include "bpt/ExecutionEngine/Device/CounterModel.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::bpt;
using runtime::Dim3;
using runtime::KernelProfile;

static void printShape(const KernelProfile &entry, llvm::raw_ostream &os) {
  os << "kernel " << entry.kernel << ": grid " << entry.shape.grid.getText()
     << ", block " << entry.shape.block.getText();
  if (!(entry.shape.cluster == Dim3()))
    os << ", cluster " << entry.shape.cluster.getText();
  if (uint64_t bytes = entry.shape.sharedBytes + entry.staticSharedBytes)
    os << ", " << bytes << " bytes of shared memory";
  os << ", " << entry.launches
     << (entry.launches == 1 ? " launch" : " launches");
}

/// The model of an entry with counters; nothing where there are no rates.
static void printModel(const KernelProfile &entry, const runtime::Chip &chip,
                       llvm::raw_ostream &os) {
  const runtime::GPURates *gpu = runtime::findRates(chip);
  if (!gpu || entry.counters.empty())
    return;
  unsigned registers = entry.resources ? entry.resources->registers : 0;
  if (entry.resources)
    os << "  registers: " << registers << ", spills "
       << entry.resources->spillStoreBytes << " bytes stored, "
       << entry.resources->spillLoadBytes << " loaded\n";
  else
    os << "  registers: unknown\n";
  runtime::Occupancy occupancy =
      runtime::computeOccupancy(*gpu, entry, registers);
  runtime::ModelledTime time = runtime::modelTime(*gpu, entry);
  os << "  model of " << gpu->name << ", not measured: at least "
     << llvm::format("%.3f us, bound by %s; without caches %.3f us; ",
                     time.microseconds, time.bound, time.uncachedMicroseconds)
     << occupancy.blocks << (occupancy.blocks == 1 ? " block" : " blocks")
     << " a multiprocessor by " << occupancy.limit << '\n';
  if (time.microseconds == 0)
    return;
  llvm::sort(time.cycles, [](const auto &a, const auto &b) {
    return std::pair(-a.second, llvm::StringRef(a.first)) <
           std::pair(-b.second, llvm::StringRef(b.first));
  });
  double most = time.cycles.front().second;
  os << "  pipes, in cycles of a multiprocessor:";
  for (const auto &[pipe, cycles] : time.cycles)
    if (cycles != 0)
      os << llvm::format(" %s %.0f (%.0f %%)", pipe, cycles,
                         100 * cycles / most);
  os << '\n';
}

/// The accesses that cost more than they need.
static void printConflicts(const KernelProfile &entry, llvm::raw_ostream &os) {
  for (const auto &[line, access] : entry.accesses)
    if (access.wavefronts > access.idealWavefronts)
      os << "  bank conflicts: PTX line " << line << ": `" << access.text
         << "`: " << access.wavefronts << " wavefronts, without conflicts "
         << access.idealWavefronts << '\n';
}

void bpt::printProfile(ArrayRef<KernelProfile> profile,
                       const runtime::Chip &chip, llvm::raw_ostream &os) {
  for (const KernelProfile &entry : profile) {
    printShape(entry, os);
    if (entry.milliseconds)
      os << llvm::format(", %.4f ms", *entry.milliseconds);
    os << '\n';
    for (const auto &[name, value] : entry.counters)
      if (value != 0)
        os << "  " << name << ": " << value << '\n';
    printConflicts(entry, os);
    printModel(entry, chip, os);
  }
}

static llvm::json::Value toJSON(const Dim3 &dim) {
  return llvm::json::Array{static_cast<int64_t>(dim.x),
                           static_cast<int64_t>(dim.y),
                           static_cast<int64_t>(dim.z)};
}

static llvm::json::Array accessesToJSON(const KernelProfile &entry) {
  llvm::json::Array list;
  for (const auto &[line, access] : entry.accesses) {
    llvm::json::Object object{
        {"line", line}, {"text", access.text}, {"requests", access.requests}};
    if (access.wavefronts) {
      object["shared_bytes"] = access.sharedBytes;
      object["wavefronts"] = access.wavefronts;
      object["ideal_wavefronts"] = access.idealWavefronts;
    }
    if (access.sectors) {
      object["global_bytes"] = access.globalBytes;
      object["sectors"] = access.sectors;
    }
    list.push_back(std::move(object));
  }
  return list;
}

static llvm::json::Object modelToJSON(const KernelProfile &entry,
                                      const runtime::GPURates &gpu) {
  unsigned registers = entry.resources ? entry.resources->registers : 0;
  runtime::Occupancy occupancy =
      runtime::computeOccupancy(gpu, entry, registers);
  runtime::ModelledTime time = runtime::modelTime(gpu, entry);
  llvm::json::Object cycles;
  for (const auto &[pipe, value] : time.cycles)
    cycles[pipe] = value;
  return llvm::json::Object{{"gpu", gpu.name},
                            {"multiprocessors", gpu.multiprocessors},
                            {"lower_bound_us", time.microseconds},
                            {"bound", time.bound},
                            {"uncached_us", time.uncachedMicroseconds},
                            {"cycles", std::move(cycles)},
                            {"blocks_per_multiprocessor", occupancy.blocks},
                            {"occupancy_limit", occupancy.limit}};
}

llvm::json::Array bpt::profileToJSON(ArrayRef<KernelProfile> profile,
                                     const runtime::Chip &chip) {
  const runtime::GPURates *gpu = runtime::findRates(chip);
  llvm::json::Array kernels;
  for (const KernelProfile &entry : profile) {
    llvm::json::Object kernel{
        {"name", entry.kernel},
        {"grid", toJSON(entry.shape.grid)},
        {"block", toJSON(entry.shape.block)},
        {"cluster", toJSON(entry.shape.cluster)},
        {"shared_bytes", static_cast<int64_t>(entry.shape.sharedBytes +
                                              entry.staticSharedBytes)},
        {"launches", static_cast<int64_t>(entry.launches)},
    };
    if (entry.milliseconds)
      kernel["milliseconds"] = *entry.milliseconds;
    llvm::json::Object counters;
    for (const auto &[name, value] : entry.counters)
      counters[name] = static_cast<int64_t>(value);
    if (entry.resources) {
      kernel["registers"] = entry.resources->registers;
      kernel["spill_bytes"] = static_cast<int64_t>(
          entry.resources->spillStoreBytes + entry.resources->spillLoadBytes);
      kernel["serializes"] = entry.resources->serializes;
    }
    if (!counters.empty()) {
      kernel["counters"] = std::move(counters);
      kernel["accesses"] = accessesToJSON(entry);
      if (gpu)
        kernel["model"] = modelToJSON(entry, *gpu);
    }
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}
