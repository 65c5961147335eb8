//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Memory/MemoryPlan.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::bpt;
using Kind = SizeSymbol::Kind;

ByteCount MemoryPlan::countWorkers() const {
  for (auto [i, symbol] : llvm::enumerate(symbols))
    if (symbol.kind == Kind::Workers)
      return ByteCount::symbol(i);
  // Then no parallel loop has buffers.
  return 1;
}

ByteCount MemoryPlan::countCopies(unsigned scope) const {
  ByteCount copies = 1;
  for (; scope != 0; scope = scopes[scope].parent)
    copies = copies * countWorkers();
  return copies;
}

namespace {
struct Live {
  MaxByteCount bytes;
  unsigned first, last;
};
} // namespace

static MaxByteCount getLargestSum(ArrayRef<Live> buffers) {
  // It grows only where a life begins.
  MaxByteCount largest;
  for (const Live &start : buffers) {
    MaxByteCount sum;
    for (const Live &buffer : buffers)
      if (buffer.first <= start.first && start.first < buffer.last)
        sum = sum + buffer.bytes;
    largest.include(sum);
  }
  return largest;
}

std::optional<MaxByteCount> MemoryPlan::getPeak(bool withResults) const {
  SmallVector<SmallVector<Live>> live(scopes.size());
  for (const Buffer &buffer : buffers) {
    if (!withResults && buffer.isResult)
      continue;
    if (!buffer.bytes)
      return std::nullopt;
    live[buffer.scope].push_back({*buffer.bytes, buffer.first, buffer.last});
  }
  // Inner loops come after those around them.
  for (unsigned i = scopes.size(); --i > 0;)
    live[scopes[i].parent].push_back({getLargestSum(live[i]) * countWorkers(),
                                      scopes[i].first, scopes[i].last});
  return getLargestSum(live.front());
}

static int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> symbols) {
  SmallVector<Attribute> constants;
  auto type = IndexType::get(expr.getContext());
  for (int64_t value : symbols)
    constants.push_back(IntegerAttr::get(type, value));
  SmallVector<Attribute> folded;
  AffineMap map = AffineMap::get(/*dimCount=*/0, symbols.size(), expr);
  if (failed(map.constantFold(constants, folded)))
    return 0;
  return std::max<int64_t>(cast<IntegerAttr>(folded.front()).getInt(), 0);
}

static std::optional<SmallVector<int64_t>>
evaluateAll(ArrayRef<SizeSymbol> symbols,
            function_ref<std::optional<int64_t>(const SizeSymbol &)> lookUp) {
  SmallVector<int64_t> values;
  for (const SizeSymbol &symbol : symbols) {
    if (symbol.kind < Kind::Apply) {
      std::optional<int64_t> value = lookUp(symbol);
      if (!value)
        return std::nullopt;
      values.push_back(*value);
      continue;
    }
    SmallVector<int64_t> results;
    for (AffineExpr expr : symbol.map.getResults())
      results.push_back(evaluate(expr, values));
    values.push_back(symbol.kind == Kind::Minimum
                         ? *llvm::min_element(results)
                         : *llvm::max_element(results));
  }
  return values;
}

std::optional<SmallVector<int64_t>>
MemoryPlan::evaluateSymbols(ArrayRef<SmallVector<int64_t>> shapes,
                            int64_t numWorkers) const {
  return evaluateAll(symbols,
                     [&](const SizeSymbol &symbol) -> std::optional<int64_t> {
                       if (symbol.kind == Kind::Workers)
                         return numWorkers;
                       if (symbol.kind != Kind::Dimension ||
                           symbol.argument >= shapes.size() ||
                           symbol.dimension >= shapes[symbol.argument].size())
                         return std::nullopt;
                       return shapes[symbol.argument][symbol.dimension];
                     });
}

SmallVector<std::string> MemoryPlan::getSymbolNames() const {
  SmallVector<std::string> names;
  for (auto [i, symbol] : llvm::enumerate(symbols))
    names.push_back(symbol.kind == Kind::Workers ? "w"
                                                 : "s" + std::to_string(i));
  return names;
}

SmallVector<unsigned>
MemoryPlan::getSymbolsOf(const MaxByteCount &count) const {
  llvm::SmallSet<unsigned, 8> used;
  for (const ByteCount &c : count.getCounts())
    c.collectSymbols(used);
  // A symbol is made of earlier ones.
  SmallVector<unsigned> positions;
  for (unsigned i = symbols.size(); i-- > 0;) {
    if (!used.contains(i))
      continue;
    positions.push_back(i);
    if (symbols[i].kind >= Kind::Apply)
      symbols[i].map.walkExprs([&](AffineExpr expr) {
        if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
          used.insert(symbol.getPosition());
      });
  }
  std::reverse(positions.begin(), positions.end());
  return positions;
}

std::string MemoryPlan::describeSymbol(unsigned position) const {
  const SizeSymbol &symbol = symbols[position];
  std::string text = getSymbolNames()[position] + ": ";
  llvm::raw_string_ostream os(text);
  auto printArgument = [&] {
    StringRef name = argumentNames[symbol.argument];
    if (name.empty())
      os << "argument " << symbol.argument;
    else
      os << "argument '" << name << "'";
  };
  switch (symbol.kind) {
  case Kind::Dimension:
    os << "dimension " << symbol.dimension << " of ";
    printArgument();
    break;
  case Kind::Argument:
    printArgument();
    break;
  case Kind::Workers:
    os << "the number of threads";
    break;
  case Kind::Apply:
    symbol.map.getResult(0).print(os);
    break;
  case Kind::Minimum:
  case Kind::Maximum:
    os << (symbol.kind == Kind::Minimum ? "min(" : "max(");
    llvm::interleaveComma(symbol.map.getResults(), os);
    os << ")";
  }
  return text;
}
