//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What pack.py generates for Check.cpp: the functions that it compiled.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_DEVICE_CHECK_CHECK_H
#define BPT_TOOLS_DEVICE_CHECK_CHECK_H

#include "bpt-c/Launcher.h"

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

extern const GoldenCase kGoldenCases[];
extern const TimedCase kTimedCases[];
extern const int kNumGoldenCases, kNumTimedCases;

#endif // BPT_TOOLS_DEVICE_CHECK_CHECK_H
