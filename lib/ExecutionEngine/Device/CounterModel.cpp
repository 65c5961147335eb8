//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Device/CounterModel.h"
#include <algorithm>

using namespace mlir::bpt::runtime;

static constexpr unsigned kWarpSize = 32;
/// Registers are given out to warps in such units, shared memory to blocks in
/// others; the system keeps some of the latter for every block.
static constexpr unsigned kRegisterUnit = 256;
static constexpr uint64_t kSharedUnit = 128;
static constexpr uint64_t kReservedShared = 1024;

// clang-format off
static constexpr GPURates kA100 = {
    "A100 SXM", /*multiprocessors=*/108, /*clockGHz=*/1.410,
    /*issue=*/4, /*float32=*/2, /*half=*/4, /*float64=*/1, /*alu=*/2,
    /*special=*/0.5, /*tensorOperations=*/2048,
    /*sharedBytes=*/128, /*globalBytes=*/128, /*memoryGBPerSecond=*/2039,
    /*maxThreads=*/2048, /*maxBlocks=*/32, /*registers=*/65536,
    /*sharedCapacity=*/164 * 1024};
static constexpr GPURates kH100 = {
    "H100 SXM", /*multiprocessors=*/132, /*clockGHz=*/1.830,
    /*issue=*/4, /*float32=*/4, /*half=*/4, /*float64=*/2, /*alu=*/2,
    /*special=*/0.5, /*tensorOperations=*/4096,
    /*sharedBytes=*/128, /*globalBytes=*/128, /*memoryGBPerSecond=*/3352,
    /*maxThreads=*/2048, /*maxBlocks=*/32, /*registers=*/65536,
    /*sharedCapacity=*/228 * 1024};
// clang-format on

const GPURates *mlir::bpt::runtime::findRates(const Chip &chip) {
  if (chip.number < 90)
    return &kA100;
  return chip.getMajor() == 9 ? &kH100 : nullptr;
}

static uint64_t roundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

Occupancy mlir::bpt::runtime::computeOccupancy(const GPURates &gpu,
                                               const KernelProfile &entry,
                                               unsigned registers) {
  uint64_t warps =
      roundUp(entry.shape.block.getVolume(), kWarpSize) / kWarpSize;
  uint64_t shared = roundUp(entry.staticSharedBytes + entry.shape.sharedBytes +
                                kReservedShared,
                            kSharedUnit);
  Occupancy occupancy = {gpu.maxBlocks, "blocks"};
  auto limitTo = [&](uint64_t blocks, const char *limit) {
    if (blocks < occupancy.blocks)
      occupancy = {static_cast<unsigned>(blocks), limit};
  };
  limitTo(gpu.maxThreads / (warps * kWarpSize), "threads");
  limitTo(gpu.sharedCapacity / shared, "shared memory");
  if (registers != 0)
    limitTo(gpu.registers /
                (warps * roundUp(registers * kWarpSize, kRegisterUnit)),
            "registers");
  return occupancy;
}

ModelledTime mlir::bpt::runtime::modelTime(const GPURates &gpu,
                                           const KernelProfile &entry) {
  auto count = [&](std::string_view name) {
    return static_cast<double>(entry.getCounter(name));
  };
  auto warps = [&](const char *instructionClass) {
    return count("warp_instructions." + std::string(instructionClass));
  };
  // The work of the multiprocessor that has the most is no less than this share
  // of it; how a grid is spread beyond that is not assumed.
  double share =
      1.0 / std::min<double>(gpu.multiprocessors, entry.shape.grid.getVolume());
  double sectorBytes =
      32 * (count("global_load_sectors") + count("global_store_sectors"));

  ModelledTime time;
  auto add = [&](const char *pipe, double work, double rate) {
    time.cycles.emplace_back(pipe, work * share / rate);
  };
  // Moves and reads of parameters are operands of other instructions once ptxas
  // has done its work.
  add("issue",
      count("warp_instructions") - warps("other") - warps("load_other"),
      gpu.issue);
  add("tensor", count("tensor_operations"), gpu.tensorOperations);
  add("float", warps("float_add") + warps("float_mul") + warps("float_fma"),
      gpu.float32);
  add("half", warps("half"), gpu.half);
  add("double", warps("double"), gpu.float64);
  add("alu", warps("integer") + warps("float_other") + warps("conversion"),
      gpu.alu);
  add("special", warps("exponential") + warps("special"), gpu.special);
  add("shared memory",
      count("shared_wavefronts") * gpu.sharedBytes +
          count("wgmma_shared_bytes"),
      gpu.sharedBytes);
  add("global memory", sectorBytes, gpu.globalBytes);

  auto most = std::max_element(
      time.cycles.begin(), time.cycles.end(),
      [](const auto &a, const auto &b) { return a.second < b.second; });
  time.bound = most->first;
  time.microseconds = most->second / gpu.clockGHz * 1e-3;
  time.uncachedMicroseconds = sectorBytes / gpu.memoryGBPerSecond * 1e-3;
  return time;
}
