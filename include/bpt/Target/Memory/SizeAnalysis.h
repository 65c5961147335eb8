//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the sizes of a function's buffers are when the function is entered.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_MEMORY_SIZEANALYSIS_H
#define BPT_TARGET_MEMORY_SIZEANALYSIS_H

#include "bpt/Target/Memory/ByteCount.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include <functional>

namespace mlir::bpt {

/// A number, never negative, that is known when a function is entered.
struct SizeSymbol {
  enum class Kind {
    /// A dimension of an argument.
    Dimension,
    /// An argument that is an index.
    Argument,
    /// The threads that a parallel loop may use.
    Workers,
    /// The only, smallest or largest result of a map of earlier symbols.
    Apply,
    Minimum,
    Maximum
  };
  Kind kind;
  unsigned argument = 0;
  unsigned dimension = 0;
  AffineMap map = {};

  bool operator==(const SizeSymbol &other) const {
    return kind == other.kind && argument == other.argument &&
           dimension == other.dimension && map == other.map;
  }
};

/// Expresses sizes by symbols, which it collects.
class SizeAnalysis {
public:
  /// The size of a dimension of a call's result, or nothing.
  using ResultDim =
      std::function<std::optional<AffineExpr>(OpResult result, unsigned dim)>;

  SizeAnalysis(FunctionOpInterface function, ResultDim resultDim)
      : function(function), context(function->getContext()),
        resultDim(std::move(resultDim)) {}

  ArrayRef<SizeSymbol> getSymbols() const { return symbols; }
  ByteCount getWorkers() { return intern({SizeSymbol::Kind::Workers}); }

  /// The bytes of a contiguous buffer, or an upper bound of them where its
  /// sizes are not known when the function is entered. Nothing if there is no
  /// bound.
  std::optional<ByteCount> getBytes(MemRefType type, ValueRange dynamicSizes);
  /// The size of a dimension, in terms of the symbols; nothing if it is not
  /// known when the function is entered.
  std::optional<ByteCount> getDim(Value shaped, unsigned dim);
  /// The symbols of a function in terms of this one's, where it calls that with
  /// `operands`; nothing if one of them is not known.
  std::optional<SmallVector<AffineExpr>> substitute(ArrayRef<SizeSymbol> callee,
                                                    ValueRange operands);

private:
  /// What a number is at least and at most, as far as that is known. Upstream's
  /// ValueBoundsConstraintSet has 88 as upper bound of `600 - i` in a loop over
  /// i from 0 to 600 by 512, its value in the last iteration.
  struct Range {
    std::optional<AffineExpr> lower, upper;
    bool isExact() const { return lower && lower == upper; }
  };

  ByteCount intern(const SizeSymbol &symbol);
  /// A sum of products, through a symbol of its own if it is not one.
  std::optional<ByteCount> toCount(AffineExpr expr);
  /// The least or largest of several.
  std::optional<AffineExpr> choose(SizeSymbol::Kind kind,
                                   ArrayRef<AffineExpr> exprs);

  AffineExpr simplify(AffineExpr expr) const {
    return simplifyAffineExpr(expr, /*numDims=*/0, symbols.size());
  }
  static Range exactly(AffineExpr expr) { return {expr, expr}; }
  Range exactly(int64_t number) const {
    return exactly(getAffineConstantExpr(number, context));
  }
  Range exactly(const SizeSymbol &symbol) {
    return exactly(intern(symbol).toExpr(context));
  }
  Range getRange(Value value);
  Range getRange(OpFoldResult value);
  Range getRange(AffineExpr expr, unsigned numDims, ArrayRef<Range> operands);
  Range getDimRange(Value shaped, unsigned dim);
  Range computeRange(BlockArgument argument);
  Range computeRange(Operation *op);
  static Range multiply(Range left, Range right);
  Range merge(SizeSymbol::Kind kind, ArrayRef<Range> ranges);

  FunctionOpInterface function;
  MLIRContext *context;
  ResultDim resultDim;
  SmallVector<SizeSymbol> symbols;
  DenseMap<Value, Range> ranges;
};

} // namespace mlir::bpt

#endif // BPT_TARGET_MEMORY_SIZEANALYSIS_H
