//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distributor.h"
#include "bpt/Target/GPU/Distribute/KnownDivisor.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <map>
#include <numeric>

using namespace mlir;
using namespace mlir::bpt;

LogicalResult Distributor::distributeConstant(arith::ConstantOp op) {
  auto splat = [&](TypedAttr attr, Type type) -> Value {
    if (auto integer = dyn_cast<IntegerAttr>(attr))
      return arith::ConstantOp::create(
          b, b.getIntegerAttr(type, integer.getValue().sextOrTrunc(
                                        type.getIntOrFloatBitWidth())));
    return arith::ConstantOp::create(b, attr);
  };
  auto type = dyn_cast<VectorType>(op.getType());
  if (!type) {
    scalars.map(op.getResult(), splat(cast<TypedAttr>(op.getValue()),
                                      getScalarType(op.getType())));
    return success();
  }
  auto elements = dyn_cast<SplatElementsAttr>(op.getValue());
  if (!elements)
    return op.emitOpError("is a tile of different constants; a tile program "
                          "has splat constants and vector.step");
  for (TileAxes axis : axes.getAxes(op.getResult())) {
    Tile tile;
    tile.form = Tile::Form::Uniform;
    tile.values = {
        splat(elements.getSplatValue<TypedAttr>(), getLaneType(type))};
    setTile(op.getResult(), axis, tile);
  }
  return success();
}

LogicalResult Distributor::distributeBroadcast(vector::BroadcastOp op) {
  VectorType type = op.getResultVectorType();
  auto source = dyn_cast<VectorType>(op.getSourceType());
  if (!source) {
    Tile tile;
    tile.form = Tile::Form::Uniform;
    Value scalar = getScalar(op.getSource());
    tile.values = {op.getSourceType().isIndex()
                       ? b.convertInt(scalar, b.getI32Type())
                       : scalar};
    if (op.getSourceType().isIntOrIndex())
      tile.divisor = getKnownDivisor(op.getSource());
    for (TileAxes axis : axes.getAxes(op.getResult()))
      setTile(op.getResult(), axis, tile);
    return success();
  }
  if (source == type) {
    for (TileAxes axis : axes.getAxes(op.getResult()))
      setTile(op.getResult(), axis, getTile(op.getSource(), axis));
    return success();
  }
  TileAxes sourceAxes = source.getRank() == 1
                            ? TileAxes::Columns
                            : AxisAnalysis::getOwnAxes(source);
  if (type.getRank() != 2 || sourceAxes == TileAxes::Both)
    return op.emitOpError("broadcasts ")
           << source << " to " << type
           << "; a tile is broadcast from a scalar, from one row (N or 1xN) or "
              "from one column (Mx1)";
  FailureOr<FragmentLayout> layout = getLayout(op, type, TileAxes::Both);
  if (failed(layout))
    return failure();
  // The registers stay: an element of the tile finds its row or column slot.
  Tile tile = getTile(op.getSource(), sourceAxes);
  tile.layout = layout->withAxes(tile.layout.getAxes());
  setTile(op.getResult(), TileAxes::Both, tile);
  return success();
}

LogicalResult Distributor::distributeShapeCast(vector::ShapeCastOp op) {
  VectorType source = op.getSourceVectorType();
  VectorType type = op.getResultVectorType();
  TileAxes sourceAxes = AxisAnalysis::getOwnAxes(source);
  TileAxes resultAxes = AxisAnalysis::getOwnAxes(type);
  auto isUnitCast = [](VectorType line, TileAxes tile) {
    return line.getRank() == 1 &&
           (tile == TileAxes::Rows || tile == TileAxes::Columns);
  };
  if (source == type) {
    for (TileAxes axis : axes.getAxes(op.getResult()))
      setTile(op.getResult(), axis, getTile(op.getSource(), axis));
    return success();
  }
  if (isUnitCast(source, resultAxes)) {
    setTile(op.getResult(), resultAxes, getTile(op.getSource(), resultAxes));
    return success();
  }
  if (isUnitCast(type, sourceAxes)) {
    FailureOr<bool> wanted =
        isWanted(op, op.getResult(), sourceAxes,
                 sourceAxes == TileAxes::Rows ? "a column" : "a row");
    if (failed(wanted))
      return failure();
    if (*wanted)
      setTile(op.getResult(), sourceAxes, getTile(op.getSource(), sourceAxes));
    return success();
  }
  return op.emitOpError("casts ")
         << source << " to " << type
         << ", which would move elements between lanes; only N to Nx1 or 1xN "
            "and back is taken";
}

LogicalResult Distributor::distributeStep(vector::StepOp op) {
  auto type = cast<VectorType>(op.getType());
  for (TileAxes axis : axes.getAxes(op.getResult())) {
    FailureOr<FragmentLayout> layout = getLayout(op, type, axis);
    if (failed(layout))
      return failure();
    Tile tile;
    tile.form = Tile::Form::Position;
    tile.divisor = getDivisorOf(0);
    tile.layout = *layout;
    tile.values = {b.getI32(0)};
    setTile(op.getResult(), axis, tile);
  }
  return success();
}

LogicalResult Distributor::distributeCreateMask(vector::CreateMaskOp op) {
  // The bounds, cut to the tile, fit i32.
  SmallVector<Value> bounds;
  for (auto [bound, size] :
       llvm::zip(op.getOperands(), op.getType().getShape()))
    bounds.push_back(b.convertInt(
        b.createOrFold<arith::MinSIOp>(getScalar(bound), b.getI64(size)),
        b.getI32Type()));
  return distributeMask(op, bounds);
}

LogicalResult Distributor::distributeConstantMask(vector::ConstantMaskOp op) {
  return distributeMask(
      op, llvm::map_to_vector(op.getMaskDimSizes(),
                              [&](int64_t bound) { return b.getI32(bound); }));
}

LogicalResult Distributor::distributeMask(Operation *op,
                                          ArrayRef<Value> bounds) {
  Value result = op->getResult(0);
  auto type = cast<VectorType>(result.getType());
  for (TileAxes axis : axes.getAxes(result)) {
    FailureOr<FragmentLayout> layout = getLayout(op, type, axis);
    if (failed(layout))
      return failure();
    auto compare = [&](TileAxes along, int64_t index, Value bound) {
      Tile position;
      position.form = Tile::Form::Position;
      position.layout = layout->withAxes(along);
      position.values = {b.getI32(0)};
      return b.lessThan(getElement(position, *layout, index), bound);
    };
    SmallVector<Value> elements;
    for (int64_t i = 0, e = layout->getNumElements(); i < e; ++i) {
      Value element;
      for (TileAxes along : {TileAxes::Rows, TileAxes::Columns}) {
        if (!(uint8_t(axis) & uint8_t(along)))
          continue;
        // Of two dimensions, the first are the rows.
        bool first = type.getRank() == 1 || along == TileAxes::Rows;
        Value inside = compare(along, i, first ? bounds[0] : bounds[1]);
        element = element ? b.logicalAnd(element, inside) : inside;
      }
      elements.push_back(element);
    }
    setElements(result, axis, *layout, elements);
  }
  return success();
}

LogicalResult Distributor::distributeElementwise(Operation *op) {
  for (TileAxes axis : axes.getAxes(op->getResult(0)))
    if (failed(distributeElementwise(op, axis)))
      return failure();
  return success();
}

LogicalResult Distributor::distributeElementwise(Operation *op,
                                                 TileAxes tileAxes) {
  Value result = op->getResult(0);
  FailureOr<FragmentLayout> full =
      getLayout(op, cast<VectorType>(result.getType()), tileAxes);
  if (failed(full))
    return failure();

  SmallVector<Tile> operands;
  TileAxes varying = TileAxes::None;
  for (Value operand : op->getOperands()) {
    Tile tile;
    if (isa<VectorType>(operand.getType())) {
      tile = getTile(operand, tileAxes);
    } else {
      tile.form = Tile::Form::Uniform;
      tile.values = {getScalar(operand)};
    }
    if (tile.form != Tile::Form::Uniform)
      varying = varying | tile.layout.getAxes();
    operands.push_back(tile);
  }
  Type type = getLaneType(result.getType());
  SmallVector<Type> types = llvm::map_to_vector(
      op->getResultTypes(), [&](Type type) { return getLaneType(type); });

  if (varying == TileAxes::None) {
    SmallVector<Value> scalarsOfOperands;
    for (const Tile &tile : operands)
      scalarsOfOperands.push_back(tile.values.front());
    FailureOr<SmallVector<Value>> values =
        applyElementwise(op, scalarsOfOperands, types);
    if (failed(values))
      return failure();
    for (auto [result, value] : llvm::zip(op->getResults(), *values)) {
      Tile tile;
      tile.form = Tile::Form::Uniform;
      tile.values = {value};
      setTile(result, tileAxes, tile);
    }
    return success();
  }

  // Positions stay symbolic: rows and columns then cost one addition in the
  // lane and constants, instead of a register for each element.
  if (isa<arith::AddIOp>(op) && type.isInteger(32)) {
    bool swapped = operands[0].form == Tile::Form::Uniform;
    Tile position = operands[swapped], other = operands[!swapped];
    if (position.form == Tile::Form::Position &&
        other.form == Tile::Form::Uniform) {
      position.values = {b.add(position.values[0], other.values[0])};
      position.divisor = std::gcd(position.divisor, other.divisor);
      setTile(result, tileAxes, position);
      return success();
    }
  }
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op) && type.isInteger(32) &&
      operands[0].form == Tile::Form::Position) {
    setTile(result, tileAxes, operands[0]);
    return success();
  }

  FragmentLayout layout = full->withAxes(varying);
  if (isa<arith::TruncFOp>(op) && type.getIntOrFloatBitWidth() == 16 &&
      getLaneType(op->getOperand(0).getType()).isF32() && hasColumns(varying)) {
    // One instruction rounds a pair.
    Tile tile;
    tile.layout = layout;
    SmallVector<Value> elements = getElements(operands[0], layout);
    for (size_t i = 0; i < elements.size(); i += 2)
      tile.values.push_back(
          arith::TruncFOp::create(b, VectorType::get(2, type),
                                  b.makePair(elements[i], elements[i + 1])));
    setTile(result, tileAxes, tile);
    return success();
  }

  bool isMultiplied =
      llvm::all_of(result.getUsers(), llvm::IsaPred<vector::ContractionOp>);
  if (isa<arith::TruncFOp>(op) && isa<Float8E4M3FNType>(type) && isMultiplied &&
      getLaneType(op->getOperand(0).getType()).isF32() && hasColumns(varying)) {
    // So it does to 8 bits, which are two bytes then.
    Tile tile;
    tile.layout = layout;
    SmallVector<Value> elements = getElements(operands[0], layout);
    for (size_t i = 0; i < elements.size(); i += 2) {
      Value pair = b.callIntrinsic("llvm.nvvm.ff.to.e4m3x2.rn", b.getI16Type(),
                                   {elements[i + 1], elements[i]});
      tile.values.push_back(
          LLVM::BitcastOp::create(b, VectorType::get(2, b.getI8Type()), pair));
    }
    setTile(result, tileAxes, tile);
    return success();
  }

  APInt bits;
  if (isa<arith::AndIOp>(op) && varying == TileAxes::Columns &&
      operands[0].form == Tile::Form::Position &&
      matchPattern(op->getOperand(1), m_ConstantInt(&bits))) {
    setElements(result, tileAxes, layout,
                getBitsOfColumns(operands[0], bits.getSExtValue(), layout));
    return success();
  }

  // What a number or a line divides, its reciprocals multiply: a division is
  // ten instructions and, of numbers near the ends of the range, a call.
  bool isDivisorShared = isa<arith::DivFOp>(op) && type.isF32() &&
                         (operands[1].form == Tile::Form::Uniform ||
                          (operands[1].form == Tile::Form::Registers &&
                           operands[1].layout.getAxes() != varying));
  if (isDivisorShared) {
    Value one = arith::ConstantOp::create(b, b.getF32FloatAttr(1));
    for (Value &divisor : operands[1].values)
      divisor = b.createOrFold<arith::DivFOp>(one, divisor);
  }

  // Elements of the same operands are computed once.
  std::map<SmallVector<const void *>, SmallVector<Value>> known;
  SmallVector<SmallVector<Value>> elements(op->getNumResults());
  for (int64_t i = 0, e = layout.getNumElements(); i < e; ++i) {
    SmallVector<Value> values;
    SmallVector<const void *> key;
    for (const Tile &tile : operands) {
      values.push_back(getElement(tile, layout, i));
      key.push_back(values.back().getAsOpaquePointer());
    }
    SmallVector<Value> &computed = known[key];
    if (computed.empty() && isDivisorShared) {
      computed = {arith::MulFOp::create(b, values[0], values[1])};
    } else if (computed.empty()) {
      FailureOr<SmallVector<Value>> applied =
          applyElementwise(op, values, types);
      if (failed(applied))
        return failure();
      computed = *applied;
    }
    for (auto [ofResult, value] : llvm::zip(elements, computed))
      ofResult.push_back(value);
  }
  for (auto [result, ofResult] : llvm::zip(op->getResults(), elements))
    setElements(result, tileAxes, layout, ofResult);
  return success();
}

SmallVector<Value> Distributor::getBitsOfColumns(const Tile &position,
                                                 int64_t bits,
                                                 const FragmentLayout &as) {
  // Below the power of two that divides the tile's first column, a column is
  // the bits of the lane and those of the slot, and nothing is carried.
  constexpr int64_t kLaneBits = 6;
  int64_t unit = position.divisor & -position.divisor;
  bool isDisjoint = unit > kLaneBits;
  // What is the same in several iterations would be held from one to the next.
  Value begin = b.hide(position.values.front());
  std::map<std::pair<int64_t, int64_t>, Value> known;
  SmallVector<Value> elements;
  for (int64_t i = 0, e = as.getNumElements(); i < e; ++i) {
    int64_t column = FragmentLayout::getColumnOffset(as.getColumnSlot(i));
    int64_t low = isDisjoint ? column % unit : 0, high = column - low;
    Value &value = known[{high, low & bits}];
    if (!value) {
      Value first = b.add(begin, high);
      value = isDisjoint
                  ? b.bitOr(b.bitOr(b.bitAnd(first, bits & -unit),
                                    b.bitAnd(laneColumn, bits & kLaneBits)),
                            b.getI32(low & bits))
                  : b.bitAnd(b.add(first, laneColumn), bits);
    }
    elements.push_back(value);
  }
  return elements;
}

LogicalResult Distributor::distributeScalar(Operation *op) {
  Value result = op->getResult(0);
  if (auto id = dyn_cast<gpu::BlockIdOp>(op)) {
    Type type = b.getI32Type();
    Value value;
    switch (id.getDimension()) {
    case gpu::Dimension::x:
      value = NVVM::BlockIdXOp::create(b, type);
      break;
    case gpu::Dimension::y:
      value = NVVM::BlockIdYOp::create(b, type);
      break;
    case gpu::Dimension::z:
      value = NVVM::BlockIdZOp::create(b, type);
      break;
    }
    scalars.map(result, b.convertInt(value, b.getI64Type()));
    return success();
  }
  if (auto dim = dyn_cast<gpu::GridDimOp>(op)) {
    Type type = b.getI32Type();
    Value value;
    switch (dim.getDimension()) {
    case gpu::Dimension::x:
      value = NVVM::GridDimXOp::create(b, type);
      break;
    case gpu::Dimension::y:
      value = NVVM::GridDimYOp::create(b, type);
      break;
    case gpu::Dimension::z:
      value = NVVM::GridDimZOp::create(b, type);
      break;
    }
    scalars.map(result, b.convertInt(value, b.getI64Type()));
    return success();
  }
  FailureOr<SmallVector<Value>> values = applyElementwise(
      op, getScalars(op->getOperands()),
      llvm::map_to_vector(op->getResultTypes(),
                          [&](Type type) { return getScalarType(type); }));
  if (failed(values))
    return failure();
  scalars.map(op->getResults(), *values);
  return success();
}

/// The instructions that round to a few units in the last place of f32.
static bool isApproximated(Operation *op) {
  return isa<math::Exp2Op, math::ExpOp, math::Log2Op, math::LogOp,
             math::RsqrtOp, math::TanhOp>(op);
}

FailureOr<SmallVector<Value>>
Distributor::applyElementwise(Operation *op, ValueRange x, TypeRange results) {
  Type result = results.front();
  if (isApproximated(op) && !result.isF32())
    return op->emitOpError("computes ")
           << result << ", but is known in f32 only; extend the operand";
  auto f32 = [&](double value) -> Value {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(float(value)));
  };
  auto scaled = [&](Value value, double factor) -> Value {
    return arith::MulFOp::create(b, value, f32(factor));
  };
  auto approximate = [&](StringRef name, Value value) {
    return b.callIntrinsic(name, b.getF32Type(), value);
  };
  // The operations of these intrinsics would become calls of libdevice.
  auto standard = [&](StringRef name) {
    std::string typed = ("llvm." + name + ".").str();
    llvm::raw_string_ostream(typed) << result;
    return b.callIntrinsic(typed, result, x);
  };
  Value value =
      llvm::TypeSwitch<Operation *, Value>(op)
          .Case<math::Exp2Op>([&](auto) {
            return approximate("llvm.nvvm.ex2.approx.ftz.f", x[0]);
          })
          .Case<math::ExpOp>([&](auto) {
            return approximate("llvm.nvvm.ex2.approx.ftz.f",
                               scaled(x[0], llvm::numbers::log2e));
          })
          .Case<math::Log2Op>([&](auto) {
            return approximate("llvm.nvvm.lg2.approx.ftz.f", x[0]);
          })
          .Case<math::LogOp>([&](auto) {
            return scaled(approximate("llvm.nvvm.lg2.approx.ftz.f", x[0]),
                          llvm::numbers::ln2);
          })
          .Case<math::TanhOp>([&](auto) -> Value {
            // 1 - 2 / (1 + exp(2x)), to a few units of 2^-24 absolute.
            Value power = approximate("llvm.nvvm.ex2.approx.ftz.f",
                                      scaled(x[0], 2 * llvm::numbers::log2e));
            Value one = f32(1);
            Value fraction = approximate("llvm.nvvm.rcp.approx.ftz.f",
                                         arith::AddFOp::create(b, power, one));
            return LLVM::FMAOp::create(b, f32(-2), fraction, one);
          })
          .Case<math::RsqrtOp>([&](auto) {
            return approximate("llvm.nvvm.rsqrt.approx.ftz.f", x[0]);
          })
          .Case<math::SqrtOp>([&](auto) { return standard("sqrt"); })
          .Case<math::AbsFOp>([&](auto) { return standard("fabs"); })
          .Case<math::FloorOp>([&](auto) { return standard("floor"); })
          .Case<math::CeilOp>([&](auto) { return standard("ceil"); })
          .Case<math::CopySignOp>([&](auto) { return standard("copysign"); })
          .Case<math::FmaOp>(
              [&](auto) { return LLVM::FMAOp::create(b, x[0], x[1], x[2]); })
          // maxnumf would become a call of libdevice.
          .Case<arith::MaxNumFOp>(
              [&](auto) { return LLVM::MaxNumOp::create(b, x[0], x[1]); })
          .Case<arith::MinNumFOp>(
              [&](auto) { return LLVM::MinNumOp::create(b, x[0], x[1]); })
          .Case<arith::MaximumFOp>(
              [&](auto) { return LLVM::MaximumOp::create(b, x[0], x[1]); })
          .Case<arith::MinimumFOp>(
              [&](auto) { return LLVM::MinimumOp::create(b, x[0], x[1]); })
          .Case<arith::IndexCastOp>(
              [&](auto) { return b.convertInt(x[0], result); })
          .Case<arith::IndexCastUIOp>([&](auto) -> Value {
            if (result.getIntOrFloatBitWidth() <=
                x[0].getType().getIntOrFloatBitWidth())
              return b.convertInt(x[0], result);
            return b.createOrFold<arith::ExtUIOp>(result, x[0]);
          })
          .Default([](Operation *) { return Value(); });
  if (value)
    return SmallVector<Value>{value};
  if (!isa<arith::ArithDialect>(op->getDialect()))
    return op->emitOpError("has no form for one lane; of math, exp2, exp, "
                           "log2, log, rsqrt, sqrt, absf, floor, ceil, "
                           "copysign, fma, and tanh and erf of f32 are taken");
  OperationState state(b.getLoc(), op->getName());
  state.addOperands(x);
  state.addAttributes(op->getAttrs());
  state.addTypes(results);
  return SmallVector<Value>(b.create(state)->getResults());
}
