//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryReport.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bpt;

static constexpr size_t kMaxShown = 12, kMaxNamed = 3;

llvm::Expected<MemoryReport>
MemoryReport::create(ModuleOp module, StringRef function,
                     ArrayRef<SmallVector<int64_t>> shapes, int64_t numThreads,
                     bool withResults) {
  Operation *op = module.lookupSymbol(function);
  if (!op || !op->hasAttr(MemoryPlan::kAttrName))
    return llvm::createStringError(
        "function '" + function +
        "' has no memory plan; bpt-plan-memory makes one when a function is "
        "lowered for device cpu");
  FailureOr<MemoryPlan> plan = MemoryPlan::get(op);
  if (failed(plan))
    return llvm::createStringError("");
  std::optional<SmallVector<int64_t>> symbols =
      plan->evaluateSymbols(shapes, numThreads);
  if (!symbols)
    return llvm::createStringError("the memory plan of function '" + function +
                                   "' is not that of its arguments");
  return MemoryReport(std::move(*plan), function, std::move(*symbols),
                      withResults);
}

MemoryReport::MemoryReport(MemoryPlan thePlan, StringRef function,
                           SmallVector<int64_t> theSymbols, bool withResults)
    : plan(std::move(thePlan)), function(function.str()),
      symbols(std::move(theSymbols)), names(plan.getSymbolNames()) {
  if (std::optional<MaxByteCount> peak =
          withResults ? plan.getPeakWithResults() : plan.getPeak())
    plannedBytes = peak->evaluate(symbols);
  for (const MemoryPlan::Buffer &buffer : plan.buffers) {
    if (buffer.isResult && !withResults)
      continue;
    ByteCount copies = plan.countCopies(buffer.scope);
    std::optional<int64_t> bytes;
    if (buffer.bytes)
      bytes = (*buffer.bytes * copies).evaluate(symbols);
    if (bytes != 0)
      entries.push_back({bytes, copies.evaluate(symbols), buffer.first,
                         buffer.last, buffer.what, buffer.location,
                         buffer.isResult});
  }
  sortEntries();
}

void MemoryReport::addBinding(const MemoryReport &binding,
                              int64_t theKeptBytes) {
  keptBytes = theKeptBytes;
  if (plannedBytes)
    plannedBytes = *plannedBytes + keptBytes;
  if (!binding.plannedBytes)
    plannedBytes = std::nullopt;
  else if (plannedBytes)
    plannedBytes = std::max(*plannedBytes, *binding.plannedBytes);
  for (Entry entry : binding.entries) {
    if (!entry.isResult)
      continue;
    entry.first = 0;
    entry.last = plan.numSteps ? plan.numSteps - 1 : 0;
    entries.push_back(std::move(entry));
  }
  sortEntries();
}

void MemoryReport::sortEntries() {
  // What has no size is larger than anything.
  auto getKey = [](const Entry &entry) {
    return std::tuple(-entry.bytes.value_or(INT64_MAX), entry.first,
                      entry.last);
  };
  llvm::sort(entries, [&](const Entry &a, const Entry &b) {
    return getKey(a) < getKey(b);
  });
}

std::string MemoryReport::formatLargest() const {
  SmallVector<std::string> texts;
  for (const Entry &entry : ArrayRef(entries).take_front(kMaxNamed))
    texts.push_back((entry.bytes ? formatByteSize(*entry.bytes)
                                 : std::string("an unknown size")) +
                    " of " + entry.what + " at " + entry.location);
  return llvm::join(texts, ", ");
}

llvm::Error MemoryReport::checkLimit(int64_t limit) const {
  if (plannedBytes && *plannedBytes <= limit)
    return llvm::Error::success();
  std::string need =
      !plannedBytes
          ? "an amount of workspace that is not known before it runs"
          : "up to " + formatByteSize(*plannedBytes) + " of workspace";
  return llvm::createStringError(
      "function '" + function + "' needs " + need + ", but --memory-limit is " +
      formatByteSize(limit) + "; largest buffers: " + formatLargest());
}

void MemoryReport::printText(llvm::raw_ostream &os) const {
  os << "memory plan of '" << function << "': ";
  if (plannedBytes)
    os << "at most " << *plannedBytes << " bytes";
  else
    os << "an unknown number of bytes";
  MaxByteCount peak = plan.getPeak().value_or(MaxByteCount());
  SmallVector<unsigned> used = plan.getSymbolsOf(peak);
  if (keptBytes)
    os << ", " << keptBytes << " of them kept of bound arguments";
  if (!used.empty())
    os << (keptBytes ? "; a call: " : " = ") << peak.format(names);
  os << '\n';
  for (unsigned i : used)
    os << "  " << plan.describeSymbol(i) << " = " << symbols[i] << '\n';
  if (entries.empty())
    return;
  os << "         bytes  of threads  steps (of " << plan.numSteps
     << ")     buffer\n";
  for (const Entry &entry : ArrayRef(entries).take_front(kMaxShown)) {
    std::string steps =
        std::to_string(entry.first) + ".." + std::to_string(entry.last);
    os << llvm::format("  %12s  %10lld  %-16s",
                       entry.bytes ? std::to_string(*entry.bytes).c_str()
                                   : "unknown",
                       static_cast<long long>(entry.copies), steps.c_str())
       << "  " << entry.what << " at " << entry.location << '\n';
  }
  if (entries.size() > kMaxShown)
    os << "  and " << entries.size() - kMaxShown << " smaller ones\n";
}

llvm::json::Object MemoryReport::toJSON() const {
  auto toValue = [](std::optional<int64_t> value) -> llvm::json::Value {
    if (!value)
      return nullptr;
    return *value;
  };
  llvm::json::Array symbolArray, bufferArray;
  std::optional<MaxByteCount> peak = plan.getPeak();
  for (unsigned i : plan.getSymbolsOf(peak.value_or(MaxByteCount())))
    symbolArray.push_back(llvm::json::Object{{"symbol", plan.describeSymbol(i)},
                                             {"value", symbols[i]}});
  for (const Entry &entry : entries)
    bufferArray.push_back(llvm::json::Object{{"bytes", toValue(entry.bytes)},
                                             {"copies", entry.copies},
                                             {"first", entry.first},
                                             {"last", entry.last},
                                             {"buffer", entry.what},
                                             {"location", entry.location}});
  return llvm::json::Object{
      {"kept_bytes", keptBytes},
      {"expression", peak ? llvm::json::Value(peak->format(names)) : nullptr},
      {"steps", plan.numSteps},
      {"symbols", std::move(symbolArray)},
      {"buffers", std::move(bufferArray)}};
}

llvm::Expected<int64_t> bpt::parseByteSize(StringRef text) {
  StringRef unit = text.ltrim("0123456789.");
  StringRef number = text.drop_back(unit.size());
  unit = unit.trim();
  double factor = 0, value = 0;
  for (auto [name, bytes] : {std::pair<StringRef, double>{"", 1},
                             {"B", 1},
                             {"KB", 1e3},
                             {"MB", 1e6},
                             {"GB", 1e9},
                             {"TB", 1e12},
                             {"KiB", 0x1p10},
                             {"MiB", 0x1p20},
                             {"GiB", 0x1p30},
                             {"TiB", 0x1p40}})
    if (unit.equals_insensitive(name))
      factor = bytes;
  bool isNumber = !number.empty() && !number.getAsDouble(value);
  if (!isNumber || factor == 0 || value * factor >= 0x1p62)
    return llvm::createStringError("'" + text +
                                   "' is no size; sizes are such as 4096, "
                                   "64KiB, 1.5GiB or 2GB");
  return static_cast<int64_t>(std::floor(value * factor));
}

std::string bpt::formatByteSize(int64_t bytes) {
  std::string exact = std::to_string(bytes) + " bytes";
  for (auto [name, unit] : {std::pair<const char *, double>{"TiB", 0x1p40},
                            {"GiB", 0x1p30},
                            {"MiB", 0x1p20},
                            {"KiB", 0x1p10}})
    if (bytes >= unit) {
      std::string text;
      llvm::raw_string_ostream(text)
          << llvm::format("%.1f %s", bytes / unit, name);
      return text + " (" + exact + ")";
    }
  return exact;
}
