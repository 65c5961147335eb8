//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/CompiledFunction.h"
#include "MemRefDescriptor.h"
#include "bpt/ExecutionEngine/Runtime/Allocator.h"
#include "bpt/ExecutionEngine/Runtime/GuardedCall.h"

using namespace mlir;
using namespace mlir::bpt;

char CompiledCodeError::ID;

llvm::Expected<std::unique_ptr<CompiledFunction>>
CompiledFunction::create(std::shared_ptr<JITEngine> engine, StringRef entryName,
                         FunctionSignature signature,
                         std::shared_ptr<runtime::Device> device) {
  auto entry = engine->lookup(entryName);
  if (!entry)
    return entry.takeError();
  std::unique_ptr<CompiledFunction> function(new CompiledFunction);
  function->codeSignature = signature;
  function->signature = std::move(signature);
  function->engine = std::move(engine);
  function->device = std::move(device);
  function->entry = reinterpret_cast<void (*)(void **)>(*entry);
  return function;
}

std::unique_ptr<CompiledFunction>
CompiledFunction::bind(ArrayRef<NumberedTensor> tensors,
                       size_t keptBytes) const {
  std::unique_ptr<CompiledFunction> function(new CompiledFunction(*this));
  function->bound = llvm::to_vector(tensors);
  function->keptBytes = keptBytes;
  for (const auto &[number, tensor] : llvm::reverse(tensors))
    function->signature.arguments.erase(function->signature.arguments.begin() +
                                        number);
  return function;
}

/// What a call gives, with what is bound in between.
template <typename T, typename GetBound>
static SmallVector<T>
insertBound(ArrayRef<T> given, ArrayRef<CompiledFunction::NumberedTensor> bound,
            GetBound getBound) {
  SmallVector<T> all(given);
  for (const auto &[number, tensor] : bound)
    all.insert(all.begin() + number, getBound(tensor));
  return all;
}

SmallVector<SmallVector<int64_t>>
CompiledFunction::getCodeShapes(ArrayRef<SmallVector<int64_t>> shapes) const {
  return insertBound(shapes, bound, [](const HostTensor &tensor) {
    return SmallVector<int64_t>(tensor.getShape());
  });
}

llvm::Expected<CompiledFunction::Result>
CompiledFunction::run(ArrayRef<HostTensor> arguments) const {
  if (llvm::Error error = signature.checkArguments(arguments))
    return std::move(error);
  SmallVector<HostTensor> all = insertBound(
      arguments, bound, [](const HostTensor &tensor) { return tensor; });
  llvm::Expected<Result> result = device ? runOnDevice(all) : runOnHost(all);
  if (result)
    result->workspaceBytes += keptBytes;
  return result;
}

llvm::Expected<CompiledFunction::Result>
CompiledFunction::runOnHost(ArrayRef<HostTensor> arguments) const {
  SmallVector<int64_t> argWords, resultWords;
  for (const HostTensor &argument : arguments)
    appendDescriptor(argument.getShape(), argument.getData(), argWords);
  for (const TensorSpec &spec : signature.results)
    resultWords.append(MemRefDescriptor::getNumWords(spec.shape.size()), 0);
  SmallVector<void *> pointers;
  if (!resultWords.empty())
    pointers.push_back(resultWords.data());
  int64_t *next = argWords.data();
  for (const HostTensor &argument : arguments) {
    pointers.push_back(next);
    next += MemRefDescriptor::getNumWords(argument.getRank());
  }

  runtime::WorkspaceMeter meter(runtime::getHostAllocator());
  std::string failure;
  if (!runtime::callGuarded(entry, pointers.data(), failure))
    return llvm::make_error<CompiledCodeError>(std::move(failure));

  // The caller owns what is returned. A result may also be an argument or a
  // constant, or two results one block; such are copied.
  Result result;
  SmallVector<std::pair<void *, size_t>> blocks;
  next = resultWords.data();
  for (const TensorSpec &spec : signature.results) {
    MemRefDescriptor descriptor{next, spec.shape.size()};
    next += MemRefDescriptor::getNumWords(descriptor.rank);
    std::optional<int64_t> numElements =
        getNumElements(spec.elementType, descriptor.getSizes());
    if (!numElements)
      return llvm::createStringError(
          "the compiled function returned a tensor of impossible type " +
          bpt::getTypeString(spec.elementType, descriptor.getSizes()));
    void *block = descriptor.getAllocated();
    bool isOwned =
        runtime::isLive(block) &&
        llvm::none_of(blocks, [&](auto &b) { return b.first == block; }) &&
        llvm::none_of(arguments, [&](const HostTensor &argument) {
          return argument.getData() == block;
        });
    std::shared_ptr<void> owner;
    if (isOwned) {
      blocks.emplace_back(block, static_cast<size_t>(*numElements) *
                                     getByteWidth(spec.elementType));
      owner.reset(block, [](void *p) { runtime::deallocate(p); });
    }
    if (isOwned && descriptor.isContiguous()) {
      char *data = descriptor.getAligned() +
                   descriptor.getOffset() * getByteWidth(spec.elementType);
      result.tensors.push_back(HostTensor::wrap(
          spec.elementType, descriptor.getSizes(), data, std::move(owner)));
      continue;
    }
    llvm::Expected<HostTensor> copy =
        HostTensor::create(spec.elementType, descriptor.getSizes());
    if (!copy)
      return copy.takeError();
    copyElements(descriptor, descriptor.getAligned(), *copy);
    result.tensors.push_back(std::move(*copy));
  }
  result.workspaceBytes = meter.getPeak(blocks.data(), blocks.size());
  return result;
}
