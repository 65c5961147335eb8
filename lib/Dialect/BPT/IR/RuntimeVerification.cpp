//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The shape rules of the table for sizes that are known only at run time.
//
//===----------------------------------------------------------------------===//

#include "OpUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// One dimension of one operand.
struct OperandDim {
  unsigned operand;
  unsigned position;
  int64_t divisor;
  int64_t staticSize;
  bool ragged = false;
};

/// What the verifier says of static sizes, without the numbers.
std::string describe(const BlockTable &table, unsigned dim, OperandDim known,
                     OperandDim other) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto name = [&](OperandDim ref) {
    os << "'" << table.operandNames[ref.operand] << "' (dimension "
       << ref.position << ")";
  };
  os << table.dims[dim] << " size of ";
  name(other);
  os << " is not ";
  if (other.divisor != known.divisor)
    os << "1/" << other.divisor / known.divisor << " of ";
  os << "that of ";
  name(known);
  return text;
}

template <typename OpTy>
struct TableVerification
    : RuntimeVerifiableOpInterface::ExternalModel<TableVerification<OpTy>,
                                                  OpTy> {
  void generateRuntimeVerification(
      Operation *op, OpBuilder &builder, Location loc,
      function_ref<std::string(Operation *, StringRef)> makeMessage) const {
    BlockTable table = cast<BlockedOpInterface>(op).getBlockTable();
    SmallVector<std::optional<OperandDim>> first(table.dims.size());
    for (auto [operand, map] : llvm::enumerate(table.operands))
      for (auto [position, ref] : llvm::enumerate(map)) {
        if (ref.broadcast)
          continue;
        auto type = cast<RankedTensorType>(op->getOperand(operand).getType());
        OperandDim here{static_cast<unsigned>(operand),
                        static_cast<unsigned>(position), ref.divisor,
                        type.getDimSize(position), ref.ragged};
        std::optional<OperandDim> &known = first[ref.dim];
        if (!known) {
          known = here;
          continue;
        }
        if (!ShapedType::isDynamic(known->staticSize) &&
            !ShapedType::isDynamic(here.staticSize))
          continue;
        auto sizeOf = [&](OperandDim dim) {
          OpFoldResult size = tensor::getMixedSize(
              builder, loc, op->getOperand(dim.operand), dim.position);
          Value value = getValueOrCreateConstantIndexOp(builder, loc, size);
          if (dim.divisor == 1)
            return value;
          Value factor =
              arith::ConstantIndexOp::create(builder, loc, dim.divisor);
          return arith::MulIOp::create(builder, loc, value, factor).getResult();
        };
        // One for every `divisor`, and one for those that are left.
        auto countGroups = [&](OperandDim dim, int64_t divisor) -> Value {
          Value factor = arith::ConstantIndexOp::create(builder, loc, divisor);
          Value rest =
              arith::ConstantIndexOp::create(builder, loc, divisor - 1);
          return arith::DivUIOp::create(
              builder, loc,
              arith::AddIOp::create(builder, loc, sizeOf(dim), rest), factor);
        };
        OperandDim whole = here;
        whole.divisor = 1;
        Value equal = arith::CmpIOp::create(
            builder, loc, arith::CmpIPredicate::eq,
            here.ragged ? countGroups(*known, here.divisor) : sizeOf(*known),
            sizeOf(here.ragged ? whole : here));
        cf::AssertOp::create(
            builder, loc, equal,
            makeMessage(op, describe(table, ref.dim, *known, here)));
      }
  }
};

template <typename... OpTys>
void attach(MLIRContext *context, OpList<OpTys...>) {
  (OpTys::template attachInterface<TableVerification<OpTys>>(*context), ...);
}
} // namespace

void bpt::attachRuntimeVerification(MLIRContext *context) {
  attach(context, BlockedOps());
}
