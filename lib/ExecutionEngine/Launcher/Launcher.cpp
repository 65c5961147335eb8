//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt-c/Launcher.h"
#include "bpt/ExecutionEngine/Device/DeviceScope.h"
#include "bpt/ExecutionEngine/Runtime/Allocator.h"
#include "bpt/ExecutionEngine/Runtime/GuardedCall.h"
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

using namespace mlir::bpt;

namespace {
struct ElementTypeInfo {
  const char *name;
  size_t bytes;
};

/// A memref descriptor of the C interface; every field is a word.
struct Descriptor {
  int64_t *words;
  int64_t rank;

  static size_t getNumWords(int64_t rank) { return 3 + 2 * rank; }
  void *getAllocated() const { return reinterpret_cast<void *>(words[0]); }
  char *getAligned() const { return reinterpret_cast<char *>(words[1]); }
  int64_t getOffset() const { return words[2]; }
  const int64_t *getSizes() const { return words + 3; }
  const int64_t *getStrides() const { return words + 3 + rank; }
};

/// One call: what it holds is given back when it ends.
class Call {
public:
  Call(const BPTFunction &function, const BPTTensor *arguments)
      : function(function), arguments(arguments) {}
  ~Call();

  bool run(BPTTensor *results, std::string &error);

private:
  bool checkArguments(std::string &error) const;
  void appendDescriptor(const BPTTensorType &type, const BPTTensor &tensor,
                        void *data);
  void takeHostResult(const BPTTensorType &type, const Descriptor &descriptor,
                      BPTTensor &result);
  bool takeDeviceResult(const BPTTensorType &type, const Descriptor &descriptor,
                        BPTTensor &result);
  bool isArgument(const void *block) const;

  const BPTFunction &function;
  const BPTTensor *arguments;
  std::vector<int64_t> argumentWords, resultWords;
  /// What the function allocated for results: blocks that were handed over, and
  /// those that were copied from.
  std::vector<void *> takenBlocks, spareBlocks;
  /// Of the device: arguments and results.
  std::vector<void *> deviceBlocks;
};
} // namespace

static ElementTypeInfo getInfo(BPTElementType type) {
  constexpr ElementTypeInfo kInfos[] = {
      {"f64", 8},  {"f32", 4},  {"f16", 2},  {"bf16", 2},    {"i1", 1},
      {"i8", 1},   {"i16", 2},  {"i32", 4},  {"i64", 8},     {"ui8", 1},
      {"ui16", 2}, {"ui32", 4}, {"ui64", 8}, {"f8E4M3FN", 1}};
  return kInfos[type];
}

static std::string formatType(BPTElementType elementType, int64_t rank,
                              const int64_t *sizes) {
  std::string text;
  for (int64_t i = 0; i < rank; ++i)
    text += (sizes[i] == BPT_DYNAMIC ? "?" : std::to_string(sizes[i])) + "x";
  return text + getInfo(elementType).name;
}

static size_t countBytes(const BPTTensorType &type, const int64_t *sizes) {
  size_t bytes = getInfo(type.elementType).bytes;
  for (int64_t i = 0; i < type.rank; ++i)
    bytes *= sizes[i];
  return bytes;
}

static bool contains(const std::vector<void *> &blocks, const void *block) {
  return std::find(blocks.begin(), blocks.end(), block) != blocks.end();
}

Call::~Call() {
  for (void *block : spareBlocks)
    if (!contains(takenBlocks, block))
      runtime::deallocate(block);
  for (void *block : deviceBlocks)
    bptDeviceFree(block);
}

/// Results of earlier calls may be arguments.
bool Call::isArgument(const void *block) const {
  return std::any_of(arguments, arguments + function.numArguments,
                     [&](const BPTTensor &argument) {
                       return argument.data == block || argument.owner == block;
                     });
}

bool Call::checkArguments(std::string &error) const {
  for (int64_t i = 0; i < function.numArguments; ++i) {
    const BPTTensorType &type = function.arguments[i];
    const int64_t *sizes = arguments[i].sizes;
    bool fits = true;
    for (int64_t d = 0; d < type.rank; ++d)
      fits &= sizes[d] >= 0 &&
              (type.sizes[d] == BPT_DYNAMIC || type.sizes[d] == sizes[d]);
    std::string title = "argument " + std::to_string(i);
    if (*type.name)
      title += std::string(" ('") + type.name + "')";
    if (!fits) {
      error = title + ": expected " +
              formatType(type.elementType, type.rank, type.sizes) + ", got " +
              formatType(type.elementType, type.rank, sizes);
      return false;
    }
    if (!arguments[i].data && countBytes(type, sizes) != 0) {
      error = title + " has no data";
      return false;
    }
  }
  return true;
}

void Call::appendDescriptor(const BPTTensorType &type, const BPTTensor &tensor,
                            void *data) {
  argumentWords.insert(argumentWords.end(), 2, reinterpret_cast<int64_t>(data));
  argumentWords.push_back(0);
  argumentWords.insert(argumentWords.end(), tensor.sizes,
                       tensor.sizes + type.rank);
  size_t first = argumentWords.size();
  argumentWords.resize(first + type.rank, 1);
  for (int64_t i = type.rank; i-- > 1;)
    argumentWords[first + i - 1] = argumentWords[first + i] * tensor.sizes[i];
}

/// Whether the elements lie one after the other, in row-major order.
static bool isContiguous(const Descriptor &descriptor) {
  int64_t stride = 1;
  for (int64_t i = descriptor.rank; i-- > 0;) {
    int64_t size = descriptor.getSizes()[i];
    if (size != 1 && descriptor.getStrides()[i] != stride)
      return false;
    stride *= size;
  }
  return true;
}

static void copyElements(const Descriptor &source, int64_t dimension,
                         const char *from, size_t width, char *&to) {
  if (dimension == source.rank) {
    std::memcpy(to, from, width);
    to += width;
    return;
  }
  for (int64_t i = 0; i < source.getSizes()[dimension]; ++i)
    copyElements(source, dimension + 1,
                 from + i * source.getStrides()[dimension] * width, width, to);
}

/// Makes a result the caller's: its block, or a copy where it is an argument, a
/// constant, another result's too, or not in one piece.
void Call::takeHostResult(const BPTTensorType &type,
                          const Descriptor &descriptor, BPTTensor &result) {
  size_t width = getInfo(type.elementType).bytes;
  size_t bytes = countBytes(type, result.sizes);
  void *block = descriptor.getAllocated();
  char *data = descriptor.getAligned() + descriptor.getOffset() * width;
  bool isOwned = runtime::isLive(block) && !isArgument(block);
  if (isOwned && !contains(takenBlocks, block) &&
      (bytes == 0 || isContiguous(descriptor))) {
    takenBlocks.push_back(block);
    result.owner = block;
    result.data = data;
    return;
  }
  if (isOwned && !contains(spareBlocks, block))
    spareBlocks.push_back(block);
  result.owner = result.data = runtime::allocate(bytes);
  char *to = static_cast<char *>(result.data);
  if (bytes != 0)
    copyElements(descriptor, 0, data, width, to);
}

/// False if the result does not lie in one piece.
bool Call::takeDeviceResult(const BPTTensorType &type,
                            const Descriptor &descriptor, BPTTensor &result) {
  size_t bytes = countBytes(type, result.sizes);
  void *block = descriptor.getAllocated();
  if (block && !contains(deviceBlocks, block))
    deviceBlocks.push_back(block);
  result.owner = result.data = runtime::allocate(bytes);
  bptDeviceCopyToHost(result.data,
                      descriptor.getAligned() +
                          descriptor.getOffset() *
                              getInfo(type.elementType).bytes,
                      bytes);
  return bytes == 0 || isContiguous(descriptor);
}

bool Call::run(BPTTensor *results, std::string &error) {
  if (!checkArguments(error))
    return false;
  // What an earlier call left is not this one's.
  (void)bptDeviceTakeError();
  for (int64_t i = 0; i < function.numArguments; ++i) {
    const BPTTensorType &type = function.arguments[i];
    void *data = arguments[i].data;
    if (function.usesDevice) {
      size_t bytes = countBytes(type, arguments[i].sizes);
      data = bptDeviceAlloc(bytes, /*alignment=*/1);
      if (data)
        deviceBlocks.push_back(data);
      bptDeviceCopyToDevice(data, arguments[i].data, bytes);
    }
    appendDescriptor(type, arguments[i], data);
  }
  for (int64_t i = 0; i < function.numResults; ++i)
    resultWords.resize(resultWords.size() +
                       Descriptor::getNumWords(function.results[i].rank));

  std::vector<void *> pointers;
  if (!resultWords.empty())
    pointers.push_back(resultWords.data());
  int64_t *next = argumentWords.data();
  for (int64_t i = 0; i < function.numArguments; ++i) {
    pointers.push_back(next);
    next += Descriptor::getNumWords(function.arguments[i].rank);
  }
  runtime::BlockAllocator *deviceMemory =
      function.usesDevice ? runtime::getDeviceMemory() : nullptr;
  if (!runtime::callGuarded(function.entry, pointers.data(), error,
                            deviceMemory))
    return false;

  bool isDense = true;
  next = resultWords.data();
  for (int64_t i = 0; i < function.numResults; ++i) {
    const BPTTensorType &type = function.results[i];
    Descriptor descriptor{next, type.rank};
    next += Descriptor::getNumWords(type.rank);
    std::copy_n(descriptor.getSizes(), type.rank, results[i].sizes);
    if (function.usesDevice)
      isDense &= takeDeviceResult(type, descriptor, results[i]);
    else
      takeHostResult(type, descriptor, results[i]);
  }
  const char *failure = nullptr;
  if (function.usesDevice) {
    bptDeviceSynchronize();
    failure = bptDeviceTakeError();
  }
  if (!failure && isDense)
    return true;
  error = failure ? failure : "a result does not lie in one piece";
  for (int64_t i = 0; i < function.numResults; ++i)
    bptFree(&results[i]);
  return false;
}

const char *bptCall(const BPTFunction *function, const BPTTensor *arguments,
                    BPTTensor *results) {
  thread_local std::string error;
  Call call(*function, arguments);
  if (call.run(results, error))
    return nullptr;
  error = std::string("function '") + function->name + "': " + error;
  return error.c_str();
}

void bptFree(BPTTensor *tensor) {
  runtime::deallocate(tensor->owner);
  tensor->data = tensor->owner = nullptr;
}
