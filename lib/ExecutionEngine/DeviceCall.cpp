//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A call of a host program whose arguments and results are memory of a device.

#include "MemRefDescriptor.h"
#include "bpt/ExecutionEngine/CompiledFunction.h"
#include "bpt/ExecutionEngine/Device/DeviceScope.h"
#include "bpt/ExecutionEngine/Runtime/GuardedCall.h"

using namespace mlir;
using namespace mlir::bpt;

static llvm::Error toError(const runtime::Status &status) {
  return status.failed() ? llvm::createStringError(status.getMessage())
                         : llvm::Error::success();
}

namespace {
/// Blocks of a device that are freed with their owner.
class DeviceBlocks {
public:
  explicit DeviceBlocks(runtime::Device &device) : device(device) {}
  DeviceBlocks(const DeviceBlocks &) = delete;
  DeviceBlocks &operator=(const DeviceBlocks &) = delete;
  ~DeviceBlocks() {
    // It failed only if the block was not live.
    for (const auto &[block, bytes] : blocks)
      (void)device.deallocate(block);
  }

  /// Takes over a block that holds `bytes` of use; null and what is not a block
  /// are left alone.
  void take(void *block, size_t bytes) {
    bool isNew = llvm::none_of(
        blocks, [&](const auto &entry) { return entry.first == block; });
    if (isNew && device.getMemory().isLive(block))
      blocks.emplace_back(block, bytes);
  }

  llvm::Expected<void *> upload(const HostTensor &tensor) {
    void *block = nullptr;
    runtime::Status status =
        device.allocate(tensor.getNumBytes(), /*alignment=*/1, block);
    if (status.failed())
      return toError(status);
    take(block, tensor.getNumBytes());
    if (tensor.getNumBytes() != 0)
      status =
          device.copyToDevice(block, tensor.getData(), tensor.getNumBytes());
    if (status.failed())
      return toError(status);
    return block;
  }

  bool contains(void *block) const {
    return llvm::any_of(
        blocks, [&](const auto &entry) { return entry.first == block; });
  }
  ArrayRef<std::pair<void *, size_t>> get() const { return blocks; }

private:
  runtime::Device &device;
  SmallVector<std::pair<void *, size_t>> blocks;
};
} // namespace

static llvm::Expected<HostTensor> download(runtime::Device &device,
                                           const TensorSpec &spec,
                                           const MemRefDescriptor &descriptor) {
  llvm::Expected<HostTensor> tensor =
      HostTensor::create(spec.elementType, descriptor.getSizes());
  if (!tensor || tensor->getNumElements() == 0)
    return tensor;
  size_t width = getByteWidth(spec.elementType);
  size_t offset = descriptor.getOffset() * width;
  size_t bytes = descriptor.getSpan() * width;
  if (descriptor.isContiguous()) {
    runtime::Status status = device.copyToHost(
        tensor->getData(), descriptor.getAligned() + offset, bytes);
    if (status.failed())
      return toError(status);
    return tensor;
  }
  std::vector<char> elements(offset + bytes);
  runtime::Status status = device.copyToHost(
      elements.data() + offset, descriptor.getAligned() + offset, bytes);
  if (status.failed())
    return toError(status);
  copyElements(descriptor, elements.data(), *tensor);
  return tensor;
}

llvm::Expected<CompiledFunction::Result>
CompiledFunction::runOnDevice(ArrayRef<HostTensor> arguments) const {
  runtime::DeviceScope scope(*device);
  if (scope.getStatus().failed())
    return toError(scope.getStatus());

  DeviceBlocks argumentBlocks(*device);
  SmallVector<int64_t> argumentWords, resultWords;
  SmallVector<void *> blockOf;
  for (const HostTensor &argument : arguments) {
    llvm::Expected<void *> block = argumentBlocks.upload(argument);
    if (!block)
      return block.takeError();
    blockOf.push_back(*block);
    appendDescriptor(argument.getShape(), *block, argumentWords);
  }
  for (const TensorSpec &spec : signature.results)
    resultWords.append(MemRefDescriptor::getNumWords(spec.shape.size()), 0);
  SmallVector<void *> pointers;
  if (!resultWords.empty())
    pointers.push_back(resultWords.data());
  int64_t *next = argumentWords.data();
  for (const HostTensor &argument : arguments) {
    pointers.push_back(next);
    next += MemRefDescriptor::getNumWords(argument.getRank());
  }

  Result result;
  runtime::WorkspaceMeter meter(device->getMemory());
  runtime::Status status = device->startTimer();
  if (status.failed())
    return toError(status);
  std::string failure;
  if (!runtime::callGuarded(entry, pointers.data(), failure,
                            &device->getMemory()))
    return llvm::make_error<CompiledCodeError>(std::move(failure));
  status = scope.getStatus();
  if (!status.failed())
    status = device->stopTimer(result.deviceMs);

  // What the program wrote in place; each argument has a block of its own.
  for (auto [spec, argument, pointer] :
       llvm::zip(codeSignature.arguments, arguments, blockOf)) {
    if (status.failed() || !spec.isWritten || argument.getNumBytes() == 0)
      continue;
    status =
        device->copyToHost(argument.getData(), pointer, argument.getNumBytes());
  }

  // What the program returned is ours, also where it failed half-way.
  DeviceBlocks resultBlocks(*device);
  next = resultWords.data();
  for (const TensorSpec &spec : signature.results) {
    MemRefDescriptor descriptor{next, spec.shape.size()};
    next += MemRefDescriptor::getNumWords(descriptor.rank);
    std::optional<int64_t> numElements =
        getNumElements(spec.elementType, descriptor.getSizes());
    if (!numElements && !status.failed())
      status = runtime::Status::failure(
          "the compiled function returned a tensor of impossible type " +
          bpt::getTypeString(spec.elementType, descriptor.getSizes()));
    if (!argumentBlocks.contains(descriptor.getAllocated()))
      resultBlocks.take(descriptor.getAllocated(),
                        numElements.value_or(0) *
                            getByteWidth(spec.elementType));
    if (status.failed())
      continue;
    llvm::Expected<HostTensor> tensor = download(*device, spec, descriptor);
    if (!tensor)
      return tensor.takeError();
    result.tensors.push_back(std::move(*tensor));
  }
  if (status.failed())
    return toError(status);
  result.workspaceBytes =
      meter.getPeak(resultBlocks.get().data(), resultBlocks.get().size());
  return result;
}
