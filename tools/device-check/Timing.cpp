//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times on the device's clock.
//
//===----------------------------------------------------------------------===//

#include "Check.h"
#include "Invocation.h"
#include "bpt/ExecutionEngine/Device/DeviceScope.h"
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

using namespace mlir::bpt;
using namespace mlir::bpt::devicecheck;

static constexpr int kRounds = 7;
/// Of one round, so that launching does not count.
static constexpr double kRoundMs = 20;
static constexpr int kMaxCalls = 200;

/// Uniform in [-scale, scale).
static Tensor makeRandom(const BPTTensorType &type, double scale,
                         uint64_t &state) {
  Tensor tensor;
  tensor.sizes.assign(type.sizes, type.sizes + type.rank);
  int64_t count = getNumElements(tensor.sizes);
  int64_t width = getByteWidth(type.elementType);
  tensor.bytes.resize(count * width);
  for (int64_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    auto value =
        static_cast<float>(scale * (double(state >> 40) * 0x1p-23 - 1));
    char *to = tensor.bytes.data() + i * width;
    uint32_t word;
    std::memcpy(&word, &value, sizeof(word));
    if (type.elementType == BPT_BF16)
      word >>= 16;
    std::memcpy(to, &word, width);
  }
  return tensor;
}

/// Milliseconds of so many calls; negative on failure.
static double timeCalls(runtime::Device &device,
                        const runtime::DeviceScope &scope,
                        Invocation &invocation, int calls) {
  std::optional<double> milliseconds;
  bool failed = device.startTimer().failed();
  for (int i = 0; i < calls; ++i)
    invocation.call();
  failed |= device.stopTimer(milliseconds).failed();
  if (failed || scope.getStatus().failed() || !milliseconds)
    return -1;
  return *milliseconds;
}

Timing devicecheck::timeCase(runtime::Device &device, const TimedCase &test) {
  Timing timing;
  timing.name = test.name;
  timing.who = test.who;
  timing.flops = test.flops;
  const BPTFunction &function = *test.function;
  std::vector<Tensor> arguments;
  uint64_t state = 1;
  for (int64_t i = 0; i < function.numArguments; ++i) {
    // Weights, which have no batch, are small, as they would be.
    const BPTTensorType &type = function.arguments[i];
    arguments.push_back(makeRandom(type, type.rank > 2 ? 1 : 0.05, state));
  }
  runtime::DeviceScope scope(device);
  Invocation invocation(function, arguments);
  // The first call loads the kernels.
  double warmUp = timeCalls(device, scope, invocation, 1);
  double once = timeCalls(device, scope, invocation, 1);
  std::vector<double> times;
  if (warmUp >= 0 && once >= 0) {
    int calls = std::clamp<int>(kRoundMs / std::max(once, 1e-3), 1, kMaxCalls);
    for (int round = 0; round < kRounds; ++round)
      times.push_back(timeCalls(device, scope, invocation, calls) / calls);
  }
  if (times.empty() || scope.getStatus().failed()) {
    timing.error = scope.getStatus().failed() ? scope.getStatus().getMessage()
                                              : "it cannot be timed";
    return timing;
  }
  std::sort(times.begin(), times.end());
  timing.medianMs = times[times.size() / 2];
  timing.minMs = times.front();
  return timing;
}

/// Adds those of others, with the flops of ours.
void devicecheck::addPeers(const std::string &path,
                           std::vector<Timing> &timings) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    Timing peer;
    std::string milliseconds;
    std::getline(fields, peer.name, '\t');
    std::getline(fields, peer.who, '\t');
    std::getline(fields, milliseconds, '\t');
    peer.medianMs = peer.minMs = std::atof(milliseconds.c_str());
    auto same = [&](const Timing &ours) { return ours.name == peer.name; };
    auto last = std::find_if(timings.rbegin(), timings.rend(), same);
    if (last == timings.rend() || !(peer.medianMs > 0))
      continue;
    peer.flops = last->flops;
    timings.insert(last.base(), peer);
  }
}
