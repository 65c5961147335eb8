//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan as an attribute of its function.
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Memory/MemoryPlan.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::bpt;
using Kind = SizeSymbol::Kind;

static constexpr StringLiteral kKindNames[] = {
    "dimension", "argument", "workers", "apply", "minimum", "maximum"};

namespace {
/// Fields of a dictionary, in any order.
class Writer {
public:
  Writer(MLIRContext *context, unsigned numSymbols)
      : builder(context), numSymbols(numSymbols) {}

  Writer &number(StringRef name, int64_t value) {
    fields.push_back(
        builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
    return *this;
  }
  Writer &text(StringRef name, StringRef value) {
    fields.push_back(builder.getNamedAttr(name, builder.getStringAttr(value)));
    return *this;
  }
  Writer &map(StringRef name, AffineMap value) {
    fields.push_back(builder.getNamedAttr(name, AffineMapAttr::get(value)));
    return *this;
  }
  Writer &bytes(StringRef name, const MaxByteCount &value) {
    return map(name, value.toMap(numSymbols, builder.getContext()));
  }
  Writer &list(StringRef name, ArrayRef<Attribute> value) {
    fields.push_back(builder.getNamedAttr(name, builder.getArrayAttr(value)));
    return *this;
  }
  DictionaryAttr take() {
    DictionaryAttr dictionary = builder.getDictionaryAttr(fields);
    fields.clear();
    return dictionary;
  }

private:
  Builder builder;
  unsigned numSymbols;
  SmallVector<NamedAttribute> fields;
};

/// Reads them back; what is absent or of another type is a failure in the end.
class Reader {
public:
  Reader(Attribute attr, unsigned numSymbols)
      : dictionary(dyn_cast_or_null<DictionaryAttr>(attr)),
        numSymbols(numSymbols), isGood(static_cast<bool>(dictionary)) {}

  template <typename AttrT> AttrT get(StringRef name) {
    AttrT attr = dictionary ? dictionary.getAs<AttrT>(name) : AttrT();
    isGood &= static_cast<bool>(attr);
    return attr;
  }
  bool has(StringRef name) const {
    return dictionary && dictionary.contains(name);
  }
  unsigned number(StringRef name) {
    auto attr = get<IntegerAttr>(name);
    isGood &= attr && attr.getInt() >= 0;
    return isGood ? attr.getInt() : 0;
  }
  std::string text(StringRef name) {
    auto attr = get<StringAttr>(name);
    return attr ? attr.str() : "";
  }
  MaxByteCount bytes(StringRef name) {
    auto attr = get<AffineMapAttr>(name);
    std::optional<MaxByteCount> count;
    if (attr && attr.getValue().getNumDims() == 0 &&
        attr.getValue().getNumSymbols() == numSymbols)
      count = MaxByteCount::fromMap(attr.getValue());
    isGood &= count.has_value();
    return count.value_or(MaxByteCount());
  }
  ArrayRef<Attribute> list(StringRef name) {
    auto attr = get<ArrayAttr>(name);
    return attr ? attr.getValue() : ArrayRef<Attribute>();
  }
  /// Notes that what has been read makes no sense.
  void require(bool condition) { isGood &= condition; }
  bool good() const { return isGood; }

private:
  DictionaryAttr dictionary;
  unsigned numSymbols;
  bool isGood;
};
} // namespace

static Attribute writeSymbol(const SizeSymbol &symbol, Writer &writer) {
  writer.text("kind", kKindNames[static_cast<unsigned>(symbol.kind)]);
  switch (symbol.kind) {
  case Kind::Dimension:
    writer.number("dimension", symbol.dimension);
    [[fallthrough]];
  case Kind::Argument:
    writer.number("argument", symbol.argument);
    break;
  case Kind::Workers:
    break;
  case Kind::Apply:
  case Kind::Minimum:
  case Kind::Maximum:
    writer.map("map", symbol.map);
  }
  return writer.take();
}

DictionaryAttr MemoryPlan::toAttr(MLIRContext *context) const {
  Writer writer(context, symbols.size());
  SmallVector<Attribute> symbolAttrs, nameAttrs, scopeAttrs, bufferAttrs;
  for (const SizeSymbol &symbol : symbols)
    symbolAttrs.push_back(writeSymbol(symbol, writer));
  for (const std::string &name : argumentNames)
    nameAttrs.push_back(StringAttr::get(context, name));
  for (const Scope &scope : scopes)
    scopeAttrs.push_back(writer.number("parent", scope.parent)
                             .number("first", scope.first)
                             .number("last", scope.last)
                             .take());
  for (const Buffer &buffer : buffers) {
    writer.number("scope", buffer.scope)
        .number("first", buffer.first)
        .number("last", buffer.last)
        .number("result", buffer.isResult)
        .text("what", buffer.what)
        .text("location", buffer.location);
    if (buffer.bytes)
      writer.bytes("bytes", *buffer.bytes);
    bufferAttrs.push_back(writer.take());
  }
  return writer.list("symbols", symbolAttrs)
      .list("arguments", nameAttrs)
      .list("scopes", scopeAttrs)
      .list("buffers", bufferAttrs)
      .number("steps", numSteps)
      .take();
}

static SizeSymbol readSymbol(Reader &reader, unsigned position) {
  SizeSymbol symbol{Kind::Workers};
  const auto *name = llvm::find(kKindNames, reader.text("kind"));
  reader.require(name != std::end(kKindNames));
  if (!reader.good())
    return symbol;
  symbol.kind = static_cast<Kind>(name - std::begin(kKindNames));
  if (symbol.kind == Kind::Dimension || symbol.kind == Kind::Argument)
    symbol.argument = reader.number("argument");
  if (symbol.kind == Kind::Dimension)
    symbol.dimension = reader.number("dimension");
  if (symbol.kind >= Kind::Apply) {
    auto map = reader.get<AffineMapAttr>("map");
    reader.require(map && map.getValue().getNumDims() == 0 &&
                   map.getValue().getNumSymbols() <= position &&
                   map.getValue().getNumResults() > 0);
    if (map)
      symbol.map = map.getValue();
  }
  return symbol;
}

FailureOr<MemoryPlan> MemoryPlan::get(Operation *function) {
  MemoryPlan plan;
  Reader top(function->getAttr(kAttrName), 0);
  bool isGood = true;
  ArrayRef<Attribute> symbolAttrs = top.list("symbols");
  for (Attribute symbol : symbolAttrs) {
    Reader reader(symbol, 0);
    plan.symbols.push_back(readSymbol(reader, plan.symbols.size()));
    isGood &= reader.good();
  }
  unsigned numSymbols = symbolAttrs.size();
  for (Attribute name : top.list("arguments")) {
    auto text = dyn_cast<StringAttr>(name);
    isGood &= static_cast<bool>(text);
    plan.argumentNames.push_back(text ? text.str() : "");
  }
  for (Attribute scope : top.list("scopes")) {
    Reader reader(scope, numSymbols);
    reader.require(reader.number("parent") <= plan.scopes.size());
    plan.scopes.push_back({reader.number("parent"), reader.number("first"),
                           reader.number("last")});
    isGood &= reader.good();
  }
  isGood &= !plan.scopes.empty();
  for (Attribute buffer : top.list("buffers")) {
    Reader reader(buffer, numSymbols);
    std::optional<MaxByteCount> bytes;
    if (reader.has("bytes"))
      bytes = reader.bytes("bytes");
    plan.buffers.push_back({bytes, reader.number("first"),
                            reader.number("last"), reader.number("scope"),
                            reader.number("result") != 0, reader.text("what"),
                            reader.text("location")});
    reader.require(plan.buffers.back().scope < plan.scopes.size());
    isGood &= reader.good();
  }
  plan.numSteps = top.number("steps");
  for (const SizeSymbol &symbol : plan.symbols)
    isGood &= symbol.kind > Kind::Argument ||
              symbol.argument < plan.argumentNames.size();
  if (!isGood || !top.good())
    return function->emitError()
           << "'" << kAttrName << "' is not what bpt-plan-memory writes";
  return plan;
}
