//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the functions of a bundle on a GPU: compares results with golden ones,
// and times the others on the device's clock.
//
//   check [--list] [--probe] [--peers=FILE] [--table=FILE] [--json=FILE]
//         [--seconds=N]
//
// --list prints the cases, --probe which GPU there is, and no more. A line of
// the peers' file is a case, who computed it and the median of its
// milliseconds, separated by tabs. Exit code 1 if a result is wrong, 2 if
// nothing can run.
//
//===----------------------------------------------------------------------===//

#include "Check.h"
#include "bpt/ExecutionEngine/Device/CudaDevice.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

using namespace mlir::bpt;
using namespace mlir::bpt::devicecheck;

using Clock = std::chrono::steady_clock;

namespace {
struct Options {
  bool list = false, probe = false;
  std::string folder, peers, table, json;
  /// Timing stops after so long.
  double seconds = 200;
};
} // namespace

static bool parseOptions(int argc, char **argv, Options &options) {
  std::string self = argv[0];
  size_t slash = self.rfind('/');
  options.folder = slash == std::string::npos ? "." : self.substr(0, slash);
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i], value;
    if (size_t equals = flag.find('='); equals != std::string::npos) {
      value = flag.substr(equals + 1);
      flag.resize(equals);
    }
    if (flag == "--list")
      options.list = true;
    else if (flag == "--probe")
      options.probe = true;
    else if (flag == "--peers")
      options.peers = value;
    else if (flag == "--table")
      options.table = value;
    else if (flag == "--json")
      options.json = value;
    else if (flag == "--seconds")
      options.seconds = std::atof(value.c_str());
    else {
      std::fprintf(stderr, "error: there is no flag '%s'\n", argv[i]);
      return false;
    }
  }
  return true;
}

int main(int argc, char **argv) {
  Clock::time_point start = Clock::now();
  Options options;
  if (!parseOptions(argc, argv, options))
    return 2;
  if (options.list) {
    for (int i = 0; i < kNumGoldenCases; ++i)
      std::printf("check: %s\n", kGoldenCases[i].name);
    for (int i = 0; i < kNumTimedCases; ++i)
      std::printf("time: %s: %s\n", kTimedCases[i].name, kTimedCases[i].who);
    return 0;
  }
  runtime::CudaDeviceOptions deviceOptions;
  deviceOptions.remark = [](const std::string &text) {
    std::fprintf(stderr, "remark: %s\n", text.c_str());
  };
  std::unique_ptr<runtime::Device> device;
  runtime::Status status = runtime::openCudaDevice(deviceOptions, device);
  if (status.failed()) {
    std::fprintf(stderr, "error: %s\n", status.getMessage().c_str());
    return 2;
  }
  const runtime::DeviceProperties &gpu = device->getProperties();
  std::string title = gpu.product + ", " + gpu.chip.getName();
  if (options.probe) {
    std::printf("%s\n", title.c_str());
    return 0;
  }

  std::vector<Failure> failures;
  for (int i = 0; i < kNumGoldenCases; ++i) {
    std::string wrong = checkGolden(*device, kGoldenCases[i], options.folder);
    if (!wrong.empty())
      failures.push_back({kGoldenCases[i].name, wrong});
  }
  std::vector<Timing> timings;
  for (int i = 0; i < kNumTimedCases; ++i) {
    std::chrono::duration<double> elapsed = Clock::now() - start;
    const TimedCase &test = kTimedCases[i];
    if (elapsed.count() < options.seconds)
      timings.push_back(timeCase(*device, test));
    else
      timings.push_back(
          {test.name, test.who, test.flops, 0, 0, "there is no time left"});
  }
  if (!options.peers.empty())
    addPeers(options.peers, timings);

  writeTable(title, failures, timings, std::cout);
  bool isWritten = true;
  if (!options.table.empty()) {
    std::ofstream file(options.table);
    writeTable(title, failures, timings, file);
    isWritten &= static_cast<bool>(file.flush());
  }
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    writeJSON(gpu, failures, timings, file);
    isWritten &= static_cast<bool>(file.flush());
  }
  if (!isWritten) {
    std::fprintf(stderr, "error: the results cannot be written\n");
    return 2;
  }
  return failures.empty() ? 0 : 1;
}
