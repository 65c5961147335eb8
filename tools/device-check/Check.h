//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parts of the program, and the functions that pack.py compiled for it.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_DEVICE_CHECK_CHECK_H
#define BPT_TOOLS_DEVICE_CHECK_CHECK_H

#include "bpt-c/Launcher.h"
#include "bpt/ExecutionEngine/Device/Device.h"
#include <ostream>

/// A function with arguments and results. They are in the file data/NAME: for
/// each argument its sizes and elements; for each result its sizes, the
/// expected values in f64, and the relative error that is allowed, in f64.
struct GoldenCase {
  const char *name;
  const BPTFunction *function;
};

/// A function of static sizes to time; `who` computes it, peers have the same
/// name.
struct TimedCase {
  const char *name, *who;
  const BPTFunction *function;
  double flops;
};

// What pack.py generates.
extern const GoldenCase kGoldenCases[];
extern const TimedCase kTimedCases[];
extern const int kNumGoldenCases, kNumTimedCases;

namespace mlir::bpt::devicecheck {

struct Failure {
  std::string name, reason;
};

struct Timing {
  std::string name, who;
  double flops = 0, medianMs = 0, minMs = 0;
  /// Why there are no times.
  std::string error;
};

/// Why the results are not what they should be; empty if they are. The data is
/// below the folder.
std::string checkGolden(runtime::Device &device, const GoldenCase &test,
                        const std::string &folder);

/// With random arguments.
Timing timeCase(runtime::Device &device, const TimedCase &test);
/// Adds those of others from a file, with the flops of ours.
void addPeers(const std::string &path, std::vector<Timing> &timings);

void writeTable(const std::string &title, const std::vector<Failure> &failures,
                const std::vector<Timing> &timings, std::ostream &os);
void writeJSON(const runtime::DeviceProperties &gpu,
               const std::vector<Failure> &failures,
               const std::vector<Timing> &timings, std::ostream &os);

} // namespace mlir::bpt::devicecheck

#endif // BPT_TOOLS_DEVICE_CHECK_CHECK_H
