//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory that a function takes, as it is known before it runs.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_MEMORY_MEMORYPLAN_H
#define BPT_TARGET_MEMORY_MEMORYPLAN_H

#include "bpt/Target/Memory/SizeAnalysis.h"
#include <string>
#include <vector>

namespace mlir::bpt {

/// What bpt-plan-memory finds out about a function, and notes on it.
struct MemoryPlan {
  /// On a function: a dictionary of what follows.
  static constexpr StringLiteral kAttrName = "bpt.memory_plan";

  /// A buffer, or what a call takes.
  struct Buffer {
    /// Of one thread; nothing if it has no bound when the function is entered.
    std::optional<MaxByteCount> bytes;
    unsigned first = 0;
    unsigned last = 0;
    unsigned scope = 0;
    /// Returned: it counts for a caller.
    bool isResult = false;
    /// Its type, or whose call it is.
    std::string what;
    std::string location;
  };

  /// The function, or a parallel loop: every thread has buffers of its own.
  struct Scope {
    unsigned parent = 0;
    unsigned first = 0;
    unsigned last = 0;
  };

  std::vector<SizeSymbol> symbols;
  /// Of the arguments, as far as they have any.
  std::vector<std::string> argumentNames;
  std::vector<Scope> scopes;
  std::vector<Buffer> buffers;
  unsigned numSteps = 0;

  DictionaryAttr toAttr(MLIRContext *context) const;
  /// The plan that a function has as an attribute; an error if that is not
  /// well-formed.
  static FailureOr<MemoryPlan> get(Operation *function);

  /// The most bytes that are held at a time, without what is returned; nothing
  /// if that has no bound.
  std::optional<MaxByteCount> getPeak() const { return getPeak(false); }
  /// The same for a caller, which holds what is returned as well.
  std::optional<MaxByteCount> getPeakWithResults() const {
    return getPeak(true);
  }
  /// How many threads have such a buffer at a time.
  ByteCount countCopies(unsigned scope) const;

  /// The values of the symbols for arguments of these shapes. An argument that
  /// is no tensor has no value: nothing.
  std::optional<SmallVector<int64_t>>
  evaluateSymbols(ArrayRef<SmallVector<int64_t>> shapes,
                  int64_t numWorkers) const;
  /// `s0`, `w`: as they stand in the texts of numbers.
  SmallVector<std::string> getSymbolNames() const;
  /// What a number depends on, through other symbols as well; ascending.
  SmallVector<unsigned> getSymbolsOf(const MaxByteCount &count) const;
  /// `s0: dimension 1 of argument 'x'`.
  std::string describeSymbol(unsigned position) const;

private:
  std::optional<MaxByteCount> getPeak(bool withResults) const;
  /// The threads of one parallel loop.
  ByteCount countWorkers() const;
};

} // namespace mlir::bpt

#endif // BPT_TARGET_MEMORY_MEMORYPLAN_H
