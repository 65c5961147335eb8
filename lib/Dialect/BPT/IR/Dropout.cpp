//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dropout.h"
#include "GradientBuilder.h"
#include "OpUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::bpt;

//===----------------------------------------------------------------------===//
// DropoutAttr
//===----------------------------------------------------------------------===//

LogicalResult DropoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  FloatAttr rate, int64_t stream) {
  if (!rate.getType().isF64())
    return emitError() << "dropout 'rate' must be an f64, got "
                       << rate.getType();
  double value = rate.getValueAsDouble();
  if (!(value >= 0 && value < 1))
    return emitError() << "dropout 'rate' is " << rate
                       << "; it must lie in [0, 1)";
  if (stream < 0 || stream > std::numeric_limits<uint32_t>::max())
    return emitError() << "dropout 'stream' is " << stream
                       << "; it must lie in [0, 4294967296)";
  return success();
}

double DropoutAttr::getFactor() {
  return 1.0 / (1.0 - getRate().getValueAsDouble());
}

uint32_t DropoutAttr::getThreshold() {
  // A rate that is just below 1 would give 2^32.
  return std::min(std::ceil(std::ldexp(getRate().getValueAsDouble(), 32)),
                  static_cast<double>(std::numeric_limits<uint32_t>::max()));
}

//===----------------------------------------------------------------------===//
// Philox4x32-10
//===----------------------------------------------------------------------===//

namespace {
/// Arithmetic on 32-bit words.
class Words {
public:
  Words(OpBuilder &b, Location l) : b(b), l(l) {}

  Value constant(uint32_t value) {
    return arith::ConstantOp::create(
        b, l, b.getIntegerAttr(b.getI32Type(), static_cast<int32_t>(value)));
  }
  Value exclusiveOr(Value x, Value y) {
    return arith::XOrIOp::create(b, l, x, y);
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, l, x, y); }

  /// The four words of a counter.
  std::array<Value, 4> philox(std::array<Value, 4> counter,
                              std::array<Value, 2> key) {
    Value multipliers[] = {constant(0xD2511F53), constant(0xCD9E8D57)};
    Value increments[] = {constant(0x9E3779B9), constant(0xBB67AE85)};
    for (unsigned round = 0; round < 10; ++round) {
      auto first =
          arith::MulUIExtendedOp::create(b, l, multipliers[0], counter[0]);
      auto second =
          arith::MulUIExtendedOp::create(b, l, multipliers[1], counter[2]);
      counter = {exclusiveOr(exclusiveOr(second.getHigh(), counter[1]), key[0]),
                 second.getLow(),
                 exclusiveOr(exclusiveOr(first.getHigh(), counter[3]), key[1]),
                 first.getLow()};
      for (unsigned i = 0; i < 2; ++i)
        key[i] = add(key[i], increments[i]);
    }
    return counter;
  }

private:
  OpBuilder &b;
  Location l;
};
} // namespace

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

Value bpt::createWord(OpBuilder &b, Location l, Value index) {
  return arith::IndexCastOp::create(b, l, b.getI32Type(), index);
}

DropoutBuilder::DropoutBuilder(OpBuilder &b, Location l, DropoutAttr dropout,
                               Value seed, const ElementPosition &position)
    : b(b), l(l), dropout(dropout) {
  Words words(b, l);
  Value low = arith::TruncIOp::create(b, l, b.getI32Type(), seed);
  Value wordBits = arith::ConstantOp::create(b, l, b.getI64IntegerAttr(32));
  Value high = arith::TruncIOp::create(
      b, l, b.getI32Type(), arith::ShRUIOp::create(b, l, seed, wordBits));
  // Bits 4 and 5 of the column choose the word, the others the counter: the
  // counters of columns 16 apart are then one value to the optimizer, which
  // computes it once.
  Value wordMask = words.constant(48);
  Value which = arith::AndIOp::create(b, l, position.column, wordMask);
  Value column = arith::AndIOp::create(b, l, position.column,
                                       words.constant(~uint32_t{48}));
  Value head = arith::ShLIOp::create(b, l, position.head, words.constant(16));
  std::array<Value, 4> random =
      words.philox({column, position.row, words.add(position.batch, head),
                    words.constant(static_cast<uint32_t>(dropout.getStream()))},
                   {low, high});
  Value word = random[3];
  for (unsigned i = 3; i-- > 0;) {
    Value isIt = arith::CmpIOp::create(b, l, arith::CmpIPredicate::eq, which,
                                       words.constant(16 * i));
    word = arith::SelectOp::create(b, l, isIt, random[i], word);
  }
  keep = arith::CmpIOp::create(b, l, arith::CmpIPredicate::uge, word,
                               words.constant(dropout.getThreshold()));
}

Value DropoutBuilder::apply(Value x) {
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, l, b.getF32FloatAttr(value));
  };
  Value scaled = arith::MulFOp::create(b, l, x, constant(dropout.getFactor()));
  return arith::SelectOp::create(b, l, keep, scaled, constant(0));
}

//===----------------------------------------------------------------------===//
// DropoutOp
//===----------------------------------------------------------------------===//

BlockTable DropoutOp::getBlockTable() {
  BlockTable table;
  table.dims = {"batch", "row", "column"};
  table.iterators.assign(3, utils::IteratorType::parallel);
  table.add("x", {{0}, {1}, {2}});
  table.add("seed");
  for (unsigned i = 0; i < getPositions().size(); ++i)
    table.add("at");
  table.add("init", {{0}, {1}, {2}});
  return table;
}

LogicalResult DropoutOp::verify() {
  if (!getPositions().empty() && getPositions().size() != 3)
    return emitOpError("'at' takes 3 positions, got ") << getPositions().size();
  if (failed(verifyInitElementType(*this, getX(), getInit())))
    return failure();
  return verifyBlockTable(*this);
}

void DropoutOp::locateTile(OpBuilder &builder, Operation *whole,
                           ArrayRef<OpFoldResult> offsets) {
  ValueRange bases = cast<DropoutOp>(whole).getPositions();
  SmallVector<Value> positions;
  for (auto [loop, offset] : llvm::enumerate(offsets))
    positions.push_back(addOffset(
        builder, getLoc(), bases.empty() ? Value() : bases[loop], offset));
  getPositionsMutable().assign(positions);
}

OpFoldResult DropoutOp::fold(FoldAdaptor) {
  if (getDropout().dropsNothing() && getX().getType() == getResult().getType())
    return getX();
  return {};
}

FailureOr<SmallVector<Value>>
DropoutOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  return tile.generic(
      3, 0, {{getX(), {0, 1, 2}}, {getSeed(), {}}}, {{getInit(), {0, 1, 2}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        // Sums of words, as in attention.
        auto word = [&](unsigned loop) -> Value {
          Value index = createWord(b, l, linalg::IndexOp::create(b, l, loop));
          if (getPositions().empty())
            return index;
          return arith::AddIOp::create(b, l, index,
                                       createWord(b, l, getPositions()[loop]));
        };
        Value none = arith::ConstantOp::create(b, l, b.getI32IntegerAttr(0));
        DropoutBuilder dropout(b, l, getDropout(), v[1],
                               {word(0), none, word(1), word(2)});
        return SmallVector<Value>{dropout.apply(v[0])};
      });
}

// The same elements of the cotangent.
LogicalResult DropoutOp::buildVjp(VjpBuilder &vjp) {
  if (!vjp.isActive(getX()))
    return success();
  GradientBuilder gradient(vjp);
  Type type = gradient.elementType(getX());
  Value init = gradient.emptyLike(vjp.cotangent(0), type);
  SmallVector<Value> positions;
  for (Value position : getPositions())
    positions.push_back(vjp.primal(position));
  vjp.add(0, DropoutOp::create(vjp.builder, vjp.loc, init.getType(),
                               gradient.convert(vjp.cotangent(0), type),
                               vjp.primal(getSeed()), positions, init,
                               getDropoutAttr())
                 .getResult());
  return success();
}
