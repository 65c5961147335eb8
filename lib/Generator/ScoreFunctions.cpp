//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Score regions: soft caps and linear biases.
//
//===----------------------------------------------------------------------===//

#include "FunctionBuilder.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::bpt;

static Value constant(ImplicitLocOpBuilder &builder, float value) {
  return arith::ConstantOp::create(builder, builder.getF32FloatAttr(value));
}

/// cap · tanh(score / cap)
static Value softCap(ImplicitLocOpBuilder &builder, Value score, float cap) {
  Value limit = constant(builder, cap);
  Value ratio = arith::DivFOp::create(builder, score, limit);
  Value bent = math::TanhOp::create(builder, ratio);
  return arith::MulFOp::create(builder, bent, limit);
}

/// score − 2^(−8 (head + 1) / heads) · |query + shift − key|: the slopes of
/// Press, Smith and Lewis 2022, the last query aligned to the last key.
static Value alibi(ImplicitLocOpBuilder &builder, Block &block, int64_t heads,
                   Value shift) {
  auto toFloat = [&](Value index) -> Value {
    Value integer =
        arith::IndexCastOp::create(builder, builder.getI32Type(), index);
    return arith::SIToFPOp::create(builder, builder.getF32Type(), integer);
  };
  Value head = toFloat(block.getArgument(2));
  Value number = arith::AddFOp::create(builder, head, constant(builder, 1));
  Value exponent = arith::MulFOp::create(
      builder, number, constant(builder, -8.0f / static_cast<float>(heads)));
  Value slope = math::Exp2Op::create(builder, exponent);
  Value row = block.getArgument(3);
  if (shift)
    row = arith::AddIOp::create(builder, row, shift);
  Value difference = arith::SubIOp::create(builder, row, block.getArgument(4));
  Value distance = math::AbsFOp::create(builder, toFloat(difference));
  Value penalty = arith::MulFOp::create(builder, slope, distance);
  return arith::SubFOp::create(builder, block.getArgument(0), penalty);
}

void FunctionBuilder::buildScore(Region &region, Value query, Value key) {
  Value shift;
  if (options.score->kind == ScoreFunction::Alibi &&
      options.kind == GeneratedKind::Attention) {
    auto toValue = [&](OpFoldResult size) {
      return getValueOrCreateConstantIndexOp(builder, builder.getLoc(), size);
    };
    shift = arith::SubIOp::create(builder, toValue(getSize(key, 1)),
                                  toValue(rows[1]));
  }
  Type index = builder.getIndexType();
  SmallVector<Type> types{builder.getF32Type(), index, index, index, index};
  SmallVector<Location> locations(types.size(), builder.getLoc());
  Block *block = builder.createBlock(&region, {}, types, locations);
  Value score =
      options.score->kind == ScoreFunction::SoftCap
          ? softCap(builder, block->getArgument(0), options.score->cap)
          : alibi(builder, *block, options.heads, shift);
  YieldOp::create(builder, score);
}
