//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Invocation.h"
#include "bpt/ExecutionEngine/Device/DeviceABI.h"
#include <set>

using namespace mlir::bpt::devicecheck;

static constexpr int64_t kAligned = 1, kOffset = 2, kSizes = 3;

static int64_t getNumWords(int64_t rank) { return kSizes + 2 * rank; }

Invocation::Invocation(const BPTFunction &function,
                       const std::vector<Tensor> &tensors)
    : function(function) {
  int64_t resultWords = 0;
  for (int64_t i = 0; i < function.numResults; ++i)
    resultWords += getNumWords(function.results[i].rank);
  results.resize(resultWords);
  if (resultWords != 0)
    pointers.push_back(results.data());
  for (const Tensor &tensor : tensors) {
    void *block = bptDeviceAlloc(tensor.bytes.size(), /*alignment=*/1);
    blocks.push_back(block);
    bptDeviceCopyToDevice(block, tensor.bytes.data(), tensor.bytes.size());
    auto address = reinterpret_cast<int64_t>(block);
    std::vector<int64_t> words = {address, address, 0};
    words.insert(words.end(), tensor.sizes.begin(), tensor.sizes.end());
    size_t strides = words.size();
    words.resize(strides + tensor.sizes.size(), 1);
    for (size_t i = tensor.sizes.size(); i-- > 1;)
      words[strides + i - 1] = words[strides + i] * tensor.sizes[i];
    arguments.push_back(std::move(words));
    pointers.push_back(arguments.back().data());
  }
}

Invocation::~Invocation() {
  freeResults();
  for (void *block : blocks)
    bptDeviceFree(block);
}

/// A block may be of several results, or an argument's.
void Invocation::freeResults() {
  std::set<void *> freed(blocks.begin(), blocks.end());
  int64_t *words = results.data();
  for (int64_t i = 0; i < function.numResults; ++i) {
    void *block = reinterpret_cast<void *>(words[0]);
    words += getNumWords(function.results[i].rank);
    if (freed.insert(block).second)
      bptDeviceFree(block);
  }
  results.assign(results.size(), 0);
}

void Invocation::call() {
  freeResults();
  function.entry(pointers.data());
}

Tensor Invocation::fetchResult(int64_t index) const {
  const int64_t *words = results.data();
  for (int64_t i = 0; i < index; ++i)
    words += getNumWords(function.results[i].rank);
  const BPTTensorType &type = function.results[index];
  Tensor tensor;
  tensor.sizes.assign(words + kSizes, words + kSizes + type.rank);
  int64_t width = getByteWidth(type.elementType);
  tensor.bytes.resize(getNumElements(tensor.sizes) * width);
  bptDeviceCopyToHost(tensor.bytes.data(),
                      reinterpret_cast<const char *>(words[kAligned]) +
                          words[kOffset] * width,
                      tensor.bytes.size());
  return tensor;
}
