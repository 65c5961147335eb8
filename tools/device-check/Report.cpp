//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The results as Markdown and as JSON.
//
//===----------------------------------------------------------------------===//

#include "Check.h"
#include <cstdio>
#include <map>

using namespace mlir::bpt;
using namespace mlir::bpt::devicecheck;

void devicecheck::writeTable(const std::string &title,
                             const std::vector<Failure> &failures,
                             const std::vector<Timing> &timings,
                             std::ostream &os) {
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

void devicecheck::writeJSON(const runtime::DeviceProperties &gpu,
                            const std::vector<Failure> &failures,
                            const std::vector<Timing> &timings,
                            std::ostream &os) {
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
