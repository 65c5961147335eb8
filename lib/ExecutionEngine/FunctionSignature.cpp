//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/FunctionSignature.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::bpt;

std::string TensorSpec::getTypeString() const {
  return bpt::getTypeString(elementType, shape);
}

bool TensorSpec::accepts(ArrayRef<int64_t> actual) const {
  return shape.size() == actual.size() &&
         llvm::all_of_zip(shape, actual, [](int64_t expected, int64_t size) {
           return ShapedType::isDynamic(expected) || expected == size;
         });
}

static FailureOr<TensorSpec> makeSpec(Operation *function, Type type,
                                      Attribute name, StringRef kind,
                                      unsigned number) {
  auto shaped = dyn_cast<ShapedType>(type);
  auto memref = dyn_cast<MemRefType>(type);
  if (!isa<RankedTensorType, MemRefType>(type) ||
      (memref && !memref.getLayout().isIdentity()))
    return function->emitError()
           << kind << " " << number << " is of type " << type
           << "; a function that is called from outside takes and returns "
              "ranked tensors (or memrefs without a layout)";
  std::optional<ElementType> elementType =
      getElementType(shaped.getElementType());
  if (!elementType)
    return function->emitError()
           << kind << " " << number << " has elements of type "
           << shaped.getElementType()
           << "; supported are f64, f32, f16, bf16, f8E4M3FN, i1, "
              "i8, i16, i32 and i64";
  TensorSpec spec;
  if (auto string = dyn_cast_or_null<StringAttr>(name))
    spec.name = string.str();
  spec.elementType = *elementType;
  spec.isWritten = memref && kind == "argument";
  llvm::append_range(spec.shape, shaped.getShape());
  return spec;
}

FailureOr<DictionaryAttr> FunctionSignature::makeAttr(Operation *operation) {
  auto function = dyn_cast<FunctionOpInterface>(operation);
  auto type = function ? dyn_cast<FunctionType>(function.getFunctionType())
                       : FunctionType();
  if (!type)
    return operation->emitError()
           << "has no signature of tensors: record it with "
              "--bpt-record-signature before the function is lowered to LLVM";
  Builder builder(operation->getContext());
  auto nameOf = [&](Attribute name) -> Attribute {
    return name ? name : builder.getStringAttr("");
  };
  SmallVector<Attribute> args, results;
  for (unsigned i = 0; i < type.getNumInputs(); ++i)
    args.push_back(nameOf(function.getArgAttr(i, kNameAttrName)));
  for (unsigned i = 0; i < type.getNumResults(); ++i)
    results.push_back(nameOf(function.getResultAttr(i, kNameAttrName)));
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("type", TypeAttr::get(type)),
       builder.getNamedAttr("args", builder.getArrayAttr(args)),
       builder.getNamedAttr("results", builder.getArrayAttr(results))});
}

FailureOr<FunctionSignature> FunctionSignature::get(Operation *function) {
  DictionaryAttr attr;
  if (Attribute recorded = function->getAttr(kAttrName)) {
    attr = dyn_cast<DictionaryAttr>(recorded);
  } else {
    FailureOr<DictionaryAttr> made = makeAttr(function);
    if (failed(made))
      return failure();
    attr = *made;
  }
  auto typeAttr = attr ? attr.getAs<TypeAttr>("type") : TypeAttr();
  auto args = attr ? attr.getAs<ArrayAttr>("args") : ArrayAttr();
  auto results = attr ? attr.getAs<ArrayAttr>("results") : ArrayAttr();
  auto type =
      typeAttr ? dyn_cast<FunctionType>(typeAttr.getValue()) : FunctionType();
  if (!type || !args || !results || args.size() != type.getNumInputs() ||
      results.size() != type.getNumResults())
    return function->emitError()
           << "'" << kAttrName
           << "' must be a dictionary of 'type', a function type, and 'args' "
              "and 'results', as many names";

  FunctionSignature signature;
  signature.name = SymbolTable::getSymbolName(function).str();
  for (auto [i, argType] : llvm::enumerate(type.getInputs())) {
    FailureOr<TensorSpec> spec =
        makeSpec(function, argType, args[i], "argument", i);
    if (failed(spec))
      return failure();
    signature.arguments.push_back(std::move(*spec));
  }
  for (auto [i, resultType] : llvm::enumerate(type.getResults())) {
    FailureOr<TensorSpec> spec =
        makeSpec(function, resultType, results[i], "result", i);
    if (failed(spec))
      return failure();
    signature.results.push_back(std::move(*spec));
  }
  return signature;
}

FailureOr<FunctionSignature> FunctionSignature::find(ModuleOp module,
                                                     StringRef name) {
  auto function = module.lookupSymbol<FunctionOpInterface>(name);
  if (!function || function.isExternal())
    return module.emitError()
           << "there is no function '" << name << "' with a body";
  return get(function);
}

std::optional<unsigned> FunctionSignature::findArgument(StringRef name) const {
  for (auto [i, spec] : llvm::enumerate(arguments))
    if (!name.empty() && name == spec.name)
      return i;
  unsigned number;
  if (!name.getAsInteger(10, number) && number < arguments.size())
    return number;
  return std::nullopt;
}

std::string FunctionSignature::getArgumentTitle(unsigned number) const {
  std::string title = "argument " + std::to_string(number);
  if (!arguments[number].name.empty())
    title += " ('" + arguments[number].name + "')";
  return title;
}

llvm::Error FunctionSignature::checkArgument(unsigned number,
                                             const HostTensor &actual) const {
  const TensorSpec &spec = arguments[number];
  if (isCompatible(actual.getElementType(), spec.elementType) &&
      spec.accepts(actual.getShape()))
    return llvm::Error::success();
  return llvm::createStringError(getArgumentTitle(number) + ": expected " +
                                 spec.getTypeString() + ", got " +
                                 actual.getTypeString());
}

llvm::Error
FunctionSignature::checkArguments(ArrayRef<HostTensor> actuals) const {
  if (actuals.size() != arguments.size())
    return llvm::createStringError("function '" + name + "' takes " +
                                   Twine(arguments.size()) +
                                   " arguments, got " + Twine(actuals.size()));
  for (auto [i, actual] : llvm::enumerate(actuals))
    if (llvm::Error error = checkArgument(i, actual))
      return error;
  return llvm::Error::success();
}
