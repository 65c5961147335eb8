//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Memory/ByteCount.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;
using namespace mlir::bpt;

static int64_t addSaturating(int64_t a, int64_t b) {
  int64_t sum;
  return llvm::AddOverflow(a, b, sum) ? std::numeric_limits<int64_t>::max()
                                      : sum;
}

static int64_t multiplySaturating(int64_t a, int64_t b) {
  int64_t product;
  return llvm::MulOverflow(a, b, product) ? std::numeric_limits<int64_t>::max()
                                          : product;
}

ByteCount::ByteCount(int64_t constant) {
  if (constant != 0)
    terms[{}] = constant;
}

ByteCount ByteCount::symbol(unsigned position) {
  ByteCount count;
  count.terms[{position}] = 1;
  return count;
}

std::optional<ByteCount> ByteCount::fromExpr(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    if (constant.getValue() < 0)
      return std::nullopt;
    return ByteCount(constant.getValue());
  }
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return ByteCount::symbol(symbol.getPosition());
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  bool isSum = expr.getKind() == AffineExprKind::Add;
  if (!binary || (!isSum && expr.getKind() != AffineExprKind::Mul))
    return std::nullopt;
  std::optional<ByteCount> lhs = fromExpr(binary.getLHS());
  std::optional<ByteCount> rhs = fromExpr(binary.getRHS());
  if (!lhs || !rhs)
    return std::nullopt;
  return isSum ? *lhs + *rhs : *lhs * *rhs;
}

AffineExpr ByteCount::toExpr(MLIRContext *context) const {
  AffineExpr sum = getAffineConstantExpr(0, context);
  // Largest products first, the constant last.
  for (const auto &[product, coefficient] : llvm::reverse(terms)) {
    AffineExpr term = getAffineConstantExpr(1, context);
    for (unsigned position : product)
      term = term * getAffineSymbolExpr(position, context);
    sum = sum + term * coefficient;
  }
  return sum;
}

ByteCount ByteCount::operator+(const ByteCount &other) const {
  ByteCount sum = *this;
  for (const auto &[product, coefficient] : other.terms) {
    int64_t &term = sum.terms[product];
    term = addSaturating(term, coefficient);
  }
  return sum;
}

ByteCount ByteCount::operator*(const ByteCount &other) const {
  ByteCount result;
  for (const auto &[left, a] : terms)
    for (const auto &[right, b] : other.terms) {
      Product product(left.size() + right.size());
      std::merge(left.begin(), left.end(), right.begin(), right.end(),
                 product.begin());
      int64_t &term = result.terms[product];
      term = addSaturating(term, multiplySaturating(a, b));
    }
  return result;
}

bool ByteCount::isAtMost(const ByteCount &other) const {
  return llvm::all_of(terms, [&](const auto &term) {
    auto found = other.terms.find(term.first);
    return found != other.terms.end() && term.second <= found->second;
  });
}

int64_t ByteCount::evaluate(ArrayRef<int64_t> symbols) const {
  int64_t sum = 0;
  for (const auto &[product, coefficient] : terms) {
    // A size of zero makes a product zero, however large the others are.
    bool isZero = llvm::any_of(
        product, [&](unsigned position) { return symbols[position] == 0; });
    int64_t term = isZero ? 0 : coefficient;
    for (unsigned position : product)
      term = multiplySaturating(term, symbols[position]);
    sum = addSaturating(sum, term);
  }
  return sum;
}

void ByteCount::collectSymbols(llvm::SmallSet<unsigned, 8> &positions) const {
  for (const auto &[product, coefficient] : terms)
    positions.insert_range(product);
}

std::string ByteCount::format(ArrayRef<std::string> names) const {
  SmallVector<std::string> sum;
  for (const auto &[product, coefficient] : llvm::reverse(terms)) {
    SmallVector<std::string> factors;
    if (coefficient != 1 || product.empty())
      factors.push_back(std::to_string(coefficient));
    for (unsigned position : product)
      factors.push_back(names[position]);
    sum.push_back(llvm::join(factors, "*"));
  }
  return sum.empty() ? "0" : llvm::join(sum, " + ");
}

ByteCount ByteCount::join(const ByteCount &a, const ByteCount &b) {
  ByteCount joined = a;
  for (const auto &[product, coefficient] : b.terms) {
    int64_t &term = joined.terms[product];
    term = std::max(term, coefficient);
  }
  return joined;
}

std::optional<MaxByteCount> MaxByteCount::fromMap(AffineMap map) {
  MaxByteCount result;
  for (AffineExpr expr : map.getResults()) {
    std::optional<ByteCount> count = ByteCount::fromExpr(expr);
    if (!count)
      return std::nullopt;
    result.include(*count);
  }
  return result;
}

AffineMap MaxByteCount::toMap(unsigned numSymbols, MLIRContext *context) const {
  SmallVector<AffineExpr> results;
  for (const ByteCount &count : counts)
    results.push_back(count.toExpr(context));
  return AffineMap::get(/*dimCount=*/0, numSymbols, results, context);
}

int64_t MaxByteCount::evaluate(ArrayRef<int64_t> symbols) const {
  int64_t largest = 0;
  for (const ByteCount &count : counts)
    largest = std::max(largest, count.evaluate(symbols));
  return largest;
}

std::string MaxByteCount::format(ArrayRef<std::string> names) const {
  SmallVector<std::string> texts;
  for (const ByteCount &count : counts)
    texts.push_back(count.format(names));
  return texts.size() == 1 ? texts.front()
                           : "max(" + llvm::join(texts, ", ") + ")";
}

MaxByteCount MaxByteCount::operator+(const MaxByteCount &other) const {
  MaxByteCount sum;
  for (const ByteCount &a : counts)
    for (const ByteCount &b : other.counts)
      sum.include(a + b);
  return sum;
}

MaxByteCount MaxByteCount::operator*(const ByteCount &factor) const {
  MaxByteCount product;
  for (const ByteCount &count : counts)
    product.include(count * factor);
  return product;
}

void MaxByteCount::include(const MaxByteCount &other) {
  for (const ByteCount &count : other.counts)
    include(count);
}

void MaxByteCount::include(const ByteCount &count) {
  constexpr unsigned kMaxCounts = 32;
  if (llvm::any_of(counts,
                   [&](const ByteCount &c) { return count.isAtMost(c); }))
    return;
  llvm::erase_if(counts, [&](const ByteCount &c) { return c.isAtMost(count); });
  counts.push_back(count);
  if (counts.size() <= kMaxCounts)
    return;
  ByteCount joined;
  for (const ByteCount &c : counts)
    joined = ByteCount::join(joined, c);
  counts.assign({joined});
}
