//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "ProfileReport.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/TargetParser/Host.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace mlir::bpt;

double Report::getMedianMs() const {
  std::vector<double> sorted = times;
  llvm::sort(sorted);
  size_t middle = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[middle]
                           : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Report::getMinMs() const { return *llvm::min_element(times); }

double Report::getMaxMs() const { return *llvm::max_element(times); }

std::optional<double> Report::getGflops() const {
  if (!flops || times.empty())
    return std::nullopt;
  return *flops / getMedianMs() * 1e-6;
}

std::optional<double> Report::getRooflineShare() const {
  std::optional<double> gflops = getGflops();
  if (!gflops || !peakGflops)
    return std::nullopt;
  return *gflops / *peakGflops;
}

static void printIndex(ArrayRef<int64_t> index, llvm::raw_ostream &os) {
  os << '[';
  llvm::interleaveComma(index, os);
  os << ']';
}

static void printDifference(unsigned number, const TensorDifference &difference,
                            llvm::raw_ostream &os) {
  os << "result " << number << ": "
     << (difference.numMismatches ? "mismatch" : "match")
     << llvm::format(", largest error %.6g", difference.maxAbsError);
  if (difference.maxAbsError != 0) {
    os << " at ";
    printIndex(difference.maxErrorIndex, os);
    os << llvm::format(" (got %.9g, expected %.9g)", difference.actualAtMax,
                       difference.expectedAtMax);
  }
  os << llvm::format(", relative Frobenius error %.6g", difference.relError);
  if (difference.numMismatches)
    os << ", " << difference.numMismatches << " elements out of tolerance";
  os << '\n';
}

void bpt::printText(const Report &report, llvm::raw_ostream &os) {
  for (auto [i, difference] : llvm::enumerate(report.differences))
    printDifference(i, difference, os);
  if (!report.times.empty()) {
    if (report.bindMs)
      os << llvm::format("binding: %.4f ms, once\n", *report.bindMs);
    os << llvm::format("time: median %.4f ms, min %.4f ms, max %.4f ms",
                       report.getMedianMs(), report.getMinMs(),
                       report.getMaxMs())
       << " (" << report.times.size() << " runs, " << report.numThreads
       << " threads)\n";
    if (std::optional<double> gflops = report.getGflops())
      os << llvm::format("speed: %.1f GFLOP/s", *gflops) << '\n';
    if (report.peakGflops) {
      os << llvm::format("peak: %.1f GFLOP/s (%s, measured)",
                         *report.peakGflops, report.peakInstruction.c_str());
      if (std::optional<double> share = report.getRooflineShare())
        os << llvm::format(", of which %.1f %% reached", *share * 100);
      os << '\n';
    }
  }
  printProfile(report.profile, report.chip, os);
  if (report.workspaceBytes)
    os << "workspace: " << *report.workspaceBytes
       << " bytes beyond inputs and outputs\n";
  if (report.rssGrowthBytes)
    os << "resident set: grew by " << *report.rssGrowthBytes
       << " bytes, outputs included\n";
}

/// JSON has no NaN and no infinity.
static llvm::json::Value toJSON(std::optional<double> value) {
  if (!value || !std::isfinite(*value))
    return nullptr;
  return *value;
}

void bpt::printJSON(const Report &report, llvm::raw_ostream &os) {
  std::optional<double> median, min, maxAbsError, relError;
  if (!report.times.empty()) {
    median = report.getMedianMs();
    min = report.getMinMs();
  }
  int64_t numMismatches = 0;
  // A NaN is worse than any number.
  auto worst = [](std::optional<double> &value, double other) {
    if (!value || std::isnan(other) || other > *value)
      value = other;
  };
  for (const TensorDifference &difference : report.differences) {
    worst(maxAbsError, difference.maxAbsError);
    worst(relError, difference.relError);
    numMismatches += difference.numMismatches;
  }
  auto bytes = [](std::optional<size_t> value) -> llvm::json::Value {
    if (!value)
      return nullptr;
    return static_cast<int64_t>(*value);
  };
  std::optional<int64_t> plannedBytes;
  if (report.plan)
    plannedBytes = report.plan->getPlannedBytes();
  llvm::json::Object object{
      {"bind_ms", toJSON(report.bindMs)},
      {"compile_ms", toJSON(report.compileMs)},
      {"median_ms", toJSON(median)},
      {"min_ms", toJSON(min)},
      {"gflops", toJSON(report.getGflops())},
      {"roofline_share", toJSON(report.getRooflineShare())},
      {"peak_gflops", toJSON(report.peakGflops)},
      {"threads", static_cast<int64_t>(report.numThreads)},
      {"cpu", llvm::sys::getHostCPUName()},
      {"planned_bytes", plannedBytes ? llvm::json::Value(*plannedBytes)
                                     : llvm::json::Value(nullptr)},
      {"workspace_bytes", bytes(report.workspaceBytes)},
      {"rss_growth_bytes", bytes(report.rssGrowthBytes)},
      {"max_abs_error", toJSON(maxAbsError)},
      {"rel_error", toJSON(relError)},
  };
  object["matches"] = report.differences.empty()
                          ? llvm::json::Value(nullptr)
                          : llvm::json::Value(numMismatches == 0);
  if (report.chip.number)
    object["chip"] = report.chip.getName();
  if (report.plan)
    object["plan"] = report.plan->toJSON();
  if (!report.profile.empty())
    object["kernels"] = profileToJSON(report.profile, report.chip);
  os << llvm::json::Value(std::move(object)) << '\n';
}

void bpt::printResults(const FunctionSignature &signature,
                       ArrayRef<HostTensor> results, llvm::raw_ostream &os) {
  constexpr int64_t kMaxShown = 16;
  for (auto [i, tensor] : llvm::enumerate(results)) {
    os << "result " << i;
    if (!signature.results[i].name.empty())
      os << " ('" << signature.results[i].name << "')";
    os << ": " << tensor.getTypeString() << " =";
    for (int64_t j = 0, e = std::min(kMaxShown, tensor.getNumElements()); j < e;
         ++j) {
      if (tensor.getElementType() == ElementType::UI64 ||
          tensor.getElementType() == ElementType::I64) {
        int64_t value =
            loadInteger(tensor.getElementType(), tensor.getData() + j * 8);
        if (tensor.getElementType() == ElementType::UI64)
          os << ' ' << static_cast<uint64_t>(value);
        else
          os << ' ' << value;
      } else {
        os << llvm::format(" %.7g", tensor.getElement(j));
      }
    }
    if (tensor.getNumElements() > kMaxShown)
      os << " ...";
    os << '\n';
  }
}
