//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model of how long a kernel takes at least, from the counters of the
// emulator and the published rates of a GPU. It is no measurement: it leaves
// out latencies, caches and how instructions overlap. docs/gpu-counters.md has
// the formulas and the sources of the rates.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_DEVICE_COUNTERMODEL_H
#define BPT_EXECUTIONENGINE_DEVICE_COUNTERMODEL_H

#include "bpt/ExecutionEngine/Device/Device.h"

namespace mlir::bpt::runtime {

/// Rates are per multiprocessor and clock.
struct GPURates {
  const char *name;
  unsigned multiprocessors;
  double clockGHz;
  /// Warp instructions of each pipe.
  double issue, float32, half, float64, alu, special;
  /// Operations of dense 16-bit matrix products.
  double tensorOperations;
  /// Bytes of shared memory, and of global memory through L1.
  double sharedBytes, globalBytes;
  /// Of the whole GPU.
  double memoryGBPerSecond;
  /// Of a multiprocessor.
  unsigned maxThreads, maxBlocks, registers;
  uint64_t sharedCapacity;
};

/// The GPU that code for a chip is judged by: A100 for those before sm_90, H100
/// for sm_90; none for later ones.
const GPURates *findRates(const Chip &chip);

struct Occupancy {
  /// On a multiprocessor at a time.
  unsigned blocks;
  /// What keeps it from being more: `threads`, `blocks`, `shared memory` or
  /// `registers`.
  const char *limit;
};

/// `registers` of a thread, 0 if they are not known.
Occupancy computeOccupancy(const GPURates &gpu, const KernelProfile &entry,
                           unsigned registers);

struct ModelledTime {
  /// Of a multiprocessor, by pipe.
  std::vector<std::pair<const char *, double>> cycles;
  /// The pipe with the most.
  const char *bound;
  double microseconds;
  /// If no access to global memory hit a cache: by the bandwidth of memory.
  double uncachedMicroseconds;
};

/// Of all launches of the entry.
ModelledTime modelTime(const GPURates &gpu, const KernelProfile &entry);

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_DEVICE_COUNTERMODEL_H
