//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory plan of a function with the sizes of a call put in.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_RUNNER_MEMORYREPORT_H
#define BPT_TOOLS_BPT_RUNNER_MEMORYREPORT_H

#include "bpt/Target/Memory/MemoryPlan.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace mlir::bpt {

/// What a call with arguments of certain shapes takes, in numbers.
class MemoryReport {
public:
  /// Reads the plan of a lowered function; it is an error if it has none. With
  /// results, which count for the caller, if that is to keep them.
  static llvm::Expected<MemoryReport>
  create(ModuleOp module, StringRef function,
         ArrayRef<SmallVector<int64_t>> shapes, int64_t numThreads,
         bool withResults = false);

  /// Adds what is kept of bound arguments as long as the function is, and what
  /// it takes to compute that.
  void addBinding(const MemoryReport &binding, int64_t theKeptBytes);

  /// Nothing if something has no size before the function runs.
  std::optional<int64_t> getPlannedBytes() const { return plannedBytes; }

  /// An error that names the largest buffers if the function may take more.
  llvm::Error checkLimit(int64_t limit) const;

  void printText(llvm::raw_ostream &os) const;
  llvm::json::Object toJSON() const;

private:
  struct Entry {
    /// Of all threads together.
    std::optional<int64_t> bytes;
    int64_t copies;
    unsigned first, last;
    std::string what, location;
    bool isResult;
  };

  MemoryReport(MemoryPlan plan, StringRef function,
               SmallVector<int64_t> symbols, bool withResults);
  void sortEntries();
  std::string formatLargest() const;

  MemoryPlan plan;
  std::string function;
  SmallVector<int64_t> symbols;
  SmallVector<std::string> names;
  std::optional<int64_t> plannedBytes;
  int64_t keptBytes = 0;
  /// Largest first.
  std::vector<Entry> entries;
};

/// Reads `4096`, `64KiB`, `1.5GiB` or `2GB`.
llvm::Expected<int64_t> parseByteSize(StringRef text);

/// `12.5 MiB (13107200 bytes)`.
std::string formatByteSize(int64_t bytes);

} // namespace mlir::bpt

#endif // BPT_TOOLS_BPT_RUNNER_MEMORYREPORT_H
