//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers of bytes that depend on sizes known only at run time.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_MEMORY_BYTECOUNT_H
#define BPT_TARGET_MEMORY_BYTECOUNT_H

#include "mlir/IR/AffineMap.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallSet.h"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mlir::bpt {

/// A sum of products of symbols, such as `98304*s0 + 4*s0*s1 + 1048576`. The
/// symbols are sizes, never negative, and neither are the coefficients; so one
/// number is known to be at most another, whatever the sizes are, if all its
/// coefficients are. Arithmetic saturates.
class ByteCount {
public:
  ByteCount(int64_t constant = 0);
  static ByteCount symbol(unsigned position);

  /// A sum of products with no negative coefficient; nothing otherwise.
  static std::optional<ByteCount> fromExpr(AffineExpr expr);
  AffineExpr toExpr(MLIRContext *context) const;

  ByteCount operator+(const ByteCount &other) const;
  ByteCount operator*(const ByteCount &other) const;
  bool operator==(const ByteCount &other) const { return terms == other.terms; }

  /// Whether it is no larger than `other` for all values of the symbols.
  bool isAtMost(const ByteCount &other) const;
  int64_t evaluate(ArrayRef<int64_t> symbols) const;
  /// `98304*s0 + 1048576`, with the names of the symbols.
  std::string format(ArrayRef<std::string> names) const;

  /// Adds the positions of the symbols that it depends on.
  void collectSymbols(llvm::SmallSet<unsigned, 8> &positions) const;

  /// A number that is at least both, term by term.
  static ByteCount join(const ByteCount &a, const ByteCount &b);

private:
  /// The positions of the symbols of a product, ascending.
  using Product = std::vector<unsigned>;
  /// No coefficient is zero.
  std::map<Product, int64_t> terms;
};

/// The largest of several numbers. None of them is known to be at most another.
class MaxByteCount {
public:
  MaxByteCount(int64_t constant = 0) : counts{ByteCount(constant)} {}
  MaxByteCount(ByteCount count) : counts{std::move(count)} {}

  /// An affine map's results, or nothing if one is not a ByteCount.
  static std::optional<MaxByteCount> fromMap(AffineMap map);
  /// A map of `numSymbols` symbols whose largest result is meant.
  AffineMap toMap(unsigned numSymbols, MLIRContext *context) const;

  ArrayRef<ByteCount> getCounts() const { return counts; }
  int64_t evaluate(ArrayRef<int64_t> symbols) const;
  /// As of one number, or `max(...)` of several.
  std::string format(ArrayRef<std::string> names) const;

  MaxByteCount operator+(const MaxByteCount &other) const;
  MaxByteCount operator*(const ByteCount &factor) const;
  /// Becomes the larger of itself and the other. Past a few numbers that cannot
  /// be compared it becomes an upper bound of them, so that plans stay small.
  void include(const MaxByteCount &other);
  void include(const ByteCount &count);

private:
  SmallVector<ByteCount, 1> counts;
};

} // namespace mlir::bpt

#endif // BPT_TARGET_MEMORY_BYTECOUNT_H
