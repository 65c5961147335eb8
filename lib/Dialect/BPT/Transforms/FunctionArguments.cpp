//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionArguments.h"
#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

using namespace mlir;
using namespace mlir::bpt;

bool bpt::isDifferentiable(Type type) {
  return isa<FloatType>(getElementTypeOrSelf(type));
}

StringRef bpt::getArgumentName(func::FuncOp function, unsigned number) {
  auto name =
      function.getArgAttrOfType<StringAttr>(number, BPTDialect::kNameAttrName);
  return name ? name.getValue() : StringRef();
}

FailureOr<SmallVector<unsigned>> bpt::findWanted(func::FuncOp function,
                                                 ArrayRef<std::string> wrt) {
  SmallVector<StringRef> names;
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i)
    names.push_back(getArgumentName(function, i));
  DenseSet<StringRef> asked;
  for (const std::string &name : wrt) {
    auto *found = llvm::find(names, StringRef(name));
    if (name.empty() || found == names.end()) {
      InFlightDiagnostic diagnostic =
          emitError(function.getLoc())
          << "option wrt names '" << name
          << "', but no argument is called that; there are:";
      for (StringRef other : names)
        if (!other.empty())
          diagnostic << " " << other;
      return diagnostic;
    }
    if (!isDifferentiable(function.getArgumentTypes()[found - names.begin()]))
      return emitError(function.getLoc())
             << "option wrt names '" << name
             << "', which is not floating-point and has no gradient";
    asked.insert(name);
  }
  SmallVector<unsigned> wanted;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (isDifferentiable(type) && (wrt.empty() || asked.contains(names[i])))
      wanted.push_back(i);
  return wanted;
}

BlockArgument bpt::appendArgument(func::FuncOp function, Type type,
                                  const Twine &name, Location loc) {
  Builder builder(function.getContext());
  unsigned index = function.getNumArguments();
  (void)function.insertArgument(
      index, type,
      builder.getDictionaryAttr(builder.getNamedAttr(
          BPTDialect::kNameAttrName, builder.getStringAttr(name))),
      loc);
  return function.getArgument(index);
}

InPlaceTensor::InPlaceTensor(func::FuncOp function, RankedTensorType type,
                             const Twine &name, Location loc) {
  memref = appendArgument(
      function, MemRefType::get(type.getShape(), type.getElementType()), name,
      loc);
  auto builder = OpBuilder::atBlockBegin(&function.front());
  tensor = bufferization::ToTensorOp::create(builder, loc, type, memref,
                                             /*restrict=*/true,
                                             /*writable=*/true);
}

void InPlaceTensor::write(OpBuilder &builder, Location loc, Value value) const {
  auto write = bufferization::MaterializeInDestinationOp::create(
      builder, loc, /*result=*/Type(), value, memref);
  write.setRestrict(true);
  write.setWritable(true);
}
