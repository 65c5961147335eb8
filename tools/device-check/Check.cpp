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
#include "Invocation.h"
#include "bpt/ExecutionEngine/Device/CudaDevice.h"
#include "bpt/ExecutionEngine/Device/DeviceScope.h"
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

using namespace mlir::bpt;
using namespace mlir::bpt::devicecheck;

namespace {
using Clock = std::chrono::steady_clock;

struct Options {
  bool list = false, probe = false;
  std::string folder, peers, table, json;
  /// Timing stops after so long.
  double seconds = 200;
};

struct Failure {
  std::string name, reason;
};

struct Timing {
  std::string name, who;
  double flops = 0, medianMs = 0, minMs = 0;
  /// Why there are no times.
  std::string error;
};

constexpr int kRounds = 7;
/// Of one round, so that launching does not count.
constexpr double kRoundMs = 20;
constexpr int kMaxCalls = 200;
} // namespace

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static double decodeHalf(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double value = exponent == 31  ? (mantissa ? NAN : INFINITY)
                 : exponent == 0 ? std::ldexp(mantissa, -24)
                                 : std::ldexp(1024 + mantissa, exponent - 25);
  return bits & 0x8000 ? -value : value;
}

static double getElement(BPTElementType type, const char *data) {
  uint32_t word = 0;
  switch (type) {
  case BPT_F32: {
    float value;
    std::memcpy(&value, data, sizeof(value));
    return value;
  }
  case BPT_BF16: {
    uint16_t bits;
    std::memcpy(&bits, data, sizeof(bits));
    word = uint32_t(bits) << 16;
    float value;
    std::memcpy(&value, &word, sizeof(value));
    return value;
  }
  case BPT_F16: {
    uint16_t bits;
    std::memcpy(&bits, data, sizeof(bits));
    return decodeHalf(bits);
  }
  default:
    return NAN;
  }
}

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

//===----------------------------------------------------------------------===//
// Golden results
//===----------------------------------------------------------------------===//

template <typename T>
static bool read(std::istream &file, T *data, int64_t count) {
  file.read(reinterpret_cast<char *>(data), count * sizeof(T));
  return static_cast<bool>(file);
}

/// Why a result is not what it should be; empty if it is. Both are infinite at
/// the same places, and the rest differs by no more than is allowed in the
/// Frobenius norm.
static std::string compare(const Tensor &actual, BPTElementType type,
                           const std::vector<int64_t> &sizes,
                           const std::vector<double> &expected,
                           double allowed) {
  if (actual.sizes != sizes)
    return "has other sizes than expected";
  double error = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    double value =
        getElement(type, actual.bytes.data() + i * getByteWidth(type));
    if (std::isnan(value) || (std::isinf(expected[i]) && value != expected[i]))
      return "is " + std::to_string(value) + " at element " +
             std::to_string(i) + ", expected " + std::to_string(expected[i]);
    if (std::isinf(expected[i]))
      continue;
    error += (value - expected[i]) * (value - expected[i]);
    norm += expected[i] * expected[i];
  }
  error = std::sqrt(error) / (norm > 0 ? std::sqrt(norm) : 1);
  if (error <= allowed)
    return "";
  char text[100];
  std::snprintf(text, sizeof(text), "differs by %.2e; at most %.2e is allowed",
                error, allowed);
  return text;
}

static std::string checkGolden(runtime::Device &device, const GoldenCase &test,
                               const std::string &folder) {
  const BPTFunction &function = *test.function;
  std::ifstream file(folder + "/data/" + test.name, std::ios::binary);
  std::vector<Tensor> arguments(function.numArguments);
  bool ok = static_cast<bool>(file);
  for (int64_t i = 0; ok && i < function.numArguments; ++i) {
    const BPTTensorType &type = function.arguments[i];
    arguments[i].sizes.resize(type.rank);
    ok = read(file, arguments[i].sizes.data(), type.rank);
    arguments[i].bytes.resize(getNumElements(arguments[i].sizes) *
                              getByteWidth(type.elementType));
    ok = ok && read(file, arguments[i].bytes.data(), arguments[i].bytes.size());
  }
  if (!ok)
    return "its data cannot be read";
  runtime::DeviceScope scope(device);
  Invocation invocation(function, arguments);
  invocation.call();
  for (int64_t i = 0; i < function.numResults; ++i) {
    const BPTTensorType &type = function.results[i];
    std::vector<int64_t> sizes(type.rank);
    double allowed = 0;
    ok = read(file, sizes.data(), type.rank);
    std::vector<double> expected(getNumElements(sizes));
    ok = ok && read(file, expected.data(), expected.size()) &&
         read(file, &allowed, 1);
    if (!ok)
      return "its data cannot be read";
    if (scope.getStatus().failed())
      return scope.getStatus().getMessage();
    Tensor actual = invocation.fetchResult(i);
    if (scope.getStatus().failed())
      return scope.getStatus().getMessage();
    std::string wrong =
        compare(actual, type.elementType, sizes, expected, allowed);
    if (!wrong.empty())
      return "result " + std::to_string(i) + " " + wrong;
  }
  return "";
}

//===----------------------------------------------------------------------===//
// Times
//===----------------------------------------------------------------------===//

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

static Timing timeCase(runtime::Device &device, const TimedCase &test) {
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
static void addPeers(const std::string &path, std::vector<Timing> &timings) {
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

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

static void writeTable(const std::string &title,
                       const std::vector<Failure> &failures,
                       const std::vector<Timing> &timings, std::ostream &os) {
  os << title << "\n\n"
     << kNumGoldenCases << " cases checked against fp64, " << failures.size()
     << " failed.\n\n";
  for (const Failure &failure : failures)
    os << "- `" << failure.name << "`: " << failure.reason << "\n";
  os << (failures.empty() ? "" : "\n")
     << "| case | | median ms | min ms | TFLOP/s | BPT is faster by |\n"
     << "|---|---|---:|---:|---:|---:|\n";
  std::map<std::string, double> ours;
  for (const Timing &timing : timings) {
    os << "| " << timing.name << " | " << timing.who << " | ";
    if (!timing.error.empty()) {
      os << "left out: " << timing.error << " | | | |\n";
      continue;
    }
    char text[200], speedup[32] = "";
    if (timing.who == "BPT")
      ours[timing.name] = timing.medianMs;
    else if (ours.count(timing.name))
      std::snprintf(speedup, sizeof(speedup), "%.2f×",
                    timing.medianMs / ours[timing.name]);
    std::snprintf(text, sizeof(text), "%.4f | %.4f | %.1f | %s |\n",
                  timing.medianMs, timing.minMs,
                  timing.flops / timing.medianMs * 1e-9, speedup);
    os << text;
  }
}

static std::string quote(const std::string &text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      quoted += '\\';
    quoted += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return quoted + "\"";
}

static void writeJSON(const runtime::DeviceProperties &gpu,
                      const std::vector<Failure> &failures,
                      const std::vector<Timing> &timings, std::ostream &os) {
  os << "{\"gpu\": " << quote(gpu.product)
     << ", \"chip\": " << quote(gpu.chip.getName())
     << ", \"checked\": " << kNumGoldenCases << ", \"failed\": [";
  for (size_t i = 0; i < failures.size(); ++i)
    os << (i ? ", " : "") << "{\"case\": " << quote(failures[i].name)
       << ", \"reason\": " << quote(failures[i].reason) << "}";
  os << "], \"timings\": [";
  for (size_t i = 0; i < timings.size(); ++i) {
    const Timing &timing = timings[i];
    os << (i ? ", " : "") << "\n  {\"case\": " << quote(timing.name)
       << ", \"who\": " << quote(timing.who);
    if (timing.error.empty())
      os << ", \"median_ms\": " << timing.medianMs
         << ", \"min_ms\": " << timing.minMs << ", \"flops\": " << timing.flops
         << "}";
    else
      os << ", \"error\": " << quote(timing.error) << "}";
  }
  os << "]}\n";
}

//===----------------------------------------------------------------------===//
// main
//===----------------------------------------------------------------------===//

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
