//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/BindableFunction.h"

using namespace mlir;
using namespace mlir::bpt;

ArgumentBinding ArgumentBinding::get(Operation *function) {
  auto attr = function->getAttrOfType<DictionaryAttr>(kAttrName);
  return {attr.getAs<FlatSymbolRefAttr>("function").getValue().str(),
          SmallVector<unsigned>(
              attr.getAs<DenseI64ArrayAttr>("arguments").asArrayRef())};
}

BindableFunction::BindableFunction(FunctionSignature theSignature,
                                   SmallVector<unsigned> theBound,
                                   std::unique_ptr<CompiledFunction> theCall,
                                   std::unique_ptr<CompiledFunction> thePrepare,
                                   SmallVector<unsigned> theKept)
    : signature(std::move(theSignature)), bound(std::move(theBound)),
      call(std::move(theCall)), prepare(std::move(thePrepare)),
      kept(std::move(theKept)) {}

BindableFunction::BindableFunction(SmallVector<unsigned> theBound,
                                   std::unique_ptr<CompiledFunction> theCall)
    : signature(theCall->getSignature()), bound(std::move(theBound)),
      call(std::move(theCall)) {}

llvm::Expected<BindableFunction::Bound>
BindableFunction::bind(ArrayRef<HostTensor> tensors) const {
  if (tensors.size() != bound.size())
    return llvm::createStringError(
        "function '" + signature.name + "' has " + Twine(bound.size()) +
        " bound arguments, got " + Twine(tensors.size()));
  for (auto [number, tensor] : llvm::zip(bound, tensors))
    if (llvm::Error error = signature.checkArgument(number, tensor))
      return std::move(error);

  SmallVector<CompiledFunction::NumberedTensor> given;
  if (!prepare) {
    for (auto [number, tensor] : llvm::zip(bound, tensors))
      given.emplace_back(number, tensor);
    return Bound{call->bind(given, /*keptBytes=*/0)};
  }
  llvm::Expected<CompiledFunction::Result> prepared = prepare->run(tensors);
  if (!prepared)
    return prepared.takeError();
  unsigned next = signature.arguments.size() - bound.size();
  for (unsigned number : kept)
    given.emplace_back(next++, tensors[number]);
  size_t keptBytes = 0;
  for (HostTensor &tensor : prepared->tensors) {
    keptBytes += tensor.getNumBytes();
    given.emplace_back(next++, std::move(tensor));
  }
  return Bound{call->bind(given, keptBytes),
               prepared->workspaceBytes + keptBytes};
}
