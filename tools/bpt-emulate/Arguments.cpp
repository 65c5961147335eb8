//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "bpt/ExecutionEngine/NpyFile.h"
#include "bpt/ExecutionEngine/TensorLiteral.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <cstring>

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;
using llvm::Twine;

static bool isTensorMap(StringRef text) { return text.starts_with("map:"); }

llvm::Expected<Arguments> Arguments::parse(llvm::ArrayRef<std::string> texts,
                                           const Kernel &kernel,
                                           DeviceMemory &memory) {
  size_t numParameters = kernel.parameters.size();
  if (texts.size() < numParameters)
    return llvm::createStringError("kernel '" + kernel.name + "' has " +
                                   Twine(numParameters) + " parameters, but " +
                                   Twine(texts.size()) + " --arg are given");
  Arguments result;
  result.arguments.resize(texts.size());
  // Maps refer to buffers, which may stand behind them.
  for (bool isMapPass : {false, true})
    for (auto [i, text] : llvm::enumerate(texts)) {
      if (isTensorMap(text) != isMapPass)
        continue;
      if (llvm::Error error = result.parseArgument(i, text, memory))
        return llvm::createStringError(
            "argument " + Twine(i) + " ('" + text +
            "'): " + llvm::toString(std::move(error)));
      if (i >= numParameters) {
        if (!result.arguments[i].tensor)
          return llvm::createStringError(
              "argument " + Twine(i) + " ('" + text + "'): kernel '" +
              kernel.name + "' has " + Twine(numParameters) +
              " parameters; only buffers for tensor maps may follow");
        continue;
      }
      uint32_t expected = kernel.parameters[i].bytes;
      uint32_t actual = result.arguments[i].bytes.size();
      if (actual != expected)
        return llvm::createStringError(
            "argument " + Twine(i) + " ('" + text + "') has " + Twine(actual) +
            " bytes, but parameter '" + kernel.parameters[i].name + "' has " +
            Twine(expected));
    }
  return result;
}

llvm::Error Arguments::parseArgument(unsigned index, StringRef text,
                                     DeviceMemory &memory) {
  if (isTensorMap(text))
    return parseTensorMap(arguments[index], text.drop_front(4));
  auto [type, value] = text.split(':');
  bool isScalar = value.data() && llvm::all_of(type, llvm::isAlnum) &&
                  text.contains(':') && !text.contains('=');
  if (isScalar)
    return parseScalar(arguments[index], type, value);
  return parseBuffer(index, text, memory);
}

llvm::Error Arguments::parseBuffer(unsigned index, StringRef text,
                                   DeviceMemory &memory) {
  bool isFile = text.consume_front("@");
  if (isFile && !text.ends_with(".npy"))
    return llvm::createStringError("the file's name must end in .npy");
  if (!isFile && !text.contains('='))
    return llvm::createStringError(
        "write a buffer (@FILE.npy or 2x3xf32=1 2 3), a scalar (i32:5) or a "
        "tensor map (map:0;type=f32;...)");
  llvm::Expected<HostTensor> tensor =
      isFile ? readNpy(text) : parseTensorLiteral(text);
  if (!tensor)
    return tensor.takeError();
  Argument &argument = arguments[index];
  size_t bytes = tensor->getNumBytes();
  argument.address = memory.allocate(bytes, ("argument " + Twine(index)).str());
  if (!argument.address)
    return llvm::createStringError("there is no memory for it");
  std::memcpy(argument.address, tensor->getData(), bytes);
  argument.tensor = std::move(*tensor);
  auto address = reinterpret_cast<uint64_t>(argument.address);
  argument.bytes.resize(sizeof(address));
  std::memcpy(argument.bytes.data(), &address, sizeof(address));
  return llvm::Error::success();
}

/// `u32` is what tensors call `ui32`; a literal of rank 0 does the rest.
llvm::Error Arguments::parseScalar(Argument &argument, StringRef type,
                                   StringRef value) {
  if (type == "bytes") {
    std::string bytes;
    if (value.size() % 2 || !llvm::tryGetFromHex(value, bytes))
      return llvm::createStringError("write two hexadecimal digits a byte");
    argument.bytes.assign(bytes.begin(), bytes.end());
    return llvm::Error::success();
  }
  std::string name = type.starts_with("u") && !type.starts_with("ui")
                         ? ("ui" + type.drop_front()).str()
                         : type.str();
  if (!parseElementType(name))
    return llvm::createStringError("'" + type +
                                   "' is not a type; write one like i32, u64, "
                                   "f32 or bf16");
  llvm::Expected<HostTensor> tensor =
      parseTensorLiteral(name + "=" + value.str());
  if (!tensor)
    return tensor.takeError();
  const auto *data = reinterpret_cast<const uint8_t *>(tensor->getData());
  argument.bytes.assign(data, data + tensor->getNumBytes());
  return llvm::Error::success();
}

/// `64x128`: numbers with `x` between them.
template <typename Number>
static bool parseList(StringRef text, llvm::SmallVectorImpl<Number> &numbers) {
  llvm::SmallVector<StringRef> words;
  if (!text.empty())
    text.split(words, 'x');
  for (StringRef word : words)
    if (word.getAsInteger(10, numbers.emplace_back()))
      return false;
  return true;
}

template <typename Enum>
static bool parseChoice(StringRef text,
                        llvm::ArrayRef<std::pair<StringRef, Enum>> choices,
                        Enum &result) {
  for (const auto &[name, value] : choices) {
    if (name != text)
      continue;
    result = value;
    return true;
  }
  return false;
}

static bool parseSwizzle(StringRef text, TensorMapSwizzle &swizzle) {
  return parseChoice<TensorMapSwizzle>(text,
                                       {{"0", TensorMapSwizzle::None},
                                        {"32", TensorMapSwizzle::Bytes32},
                                        {"64", TensorMapSwizzle::Bytes64},
                                        {"128", TensorMapSwizzle::Bytes128}},
                                       swizzle);
}

static bool parseInterleave(StringRef text, TensorMapInterleave &interleave) {
  return parseChoice<TensorMapInterleave>(
      text,
      {{"0", TensorMapInterleave::None},
       {"16", TensorMapInterleave::Bytes16},
       {"32", TensorMapInterleave::Bytes32}},
      interleave);
}

static bool parsePromotion(StringRef text, TensorMapL2Promotion &promotion) {
  return parseChoice<TensorMapL2Promotion>(
      text,
      {{"0", TensorMapL2Promotion::None},
       {"64", TensorMapL2Promotion::Bytes64},
       {"128", TensorMapL2Promotion::Bytes128},
       {"256", TensorMapL2Promotion::Bytes256}},
      promotion);
}

static bool parseFill(StringRef text, TensorMapFill &fill) {
  return parseChoice<TensorMapFill>(
      text, {{"zero", TensorMapFill::Zero}, {"nan", TensorMapFill::NaN}}, fill);
}

llvm::Error Arguments::parseTensorMap(Argument &argument, StringRef text) {
  llvm::SmallVector<StringRef> fields;
  text.split(fields, ';');
  unsigned buffer = 0;
  if (fields[0].getAsInteger(10, buffer) || buffer >= arguments.size() ||
      !arguments[buffer].tensor)
    return llvm::createStringError("'" + fields[0] +
                                   "' is not the number of a buffer argument");
  TensorMapDescription description;
  description.address = arguments[buffer].address;
  llvm::SmallVector<uint64_t> dims, strides;
  llvm::SmallVector<uint32_t> box, elementStrides;
  bool hasType = false;
  for (StringRef field : llvm::drop_begin(fields)) {
    auto [key, value] = field.split('=');
    bool ok = true;
    if (key == "type") {
      // Scalars and buffers write i32 for what PTX calls s32.
      std::string name = value.str();
      if (value.starts_with("i"))
        name[0] = 's';
      std::optional<TensorMapType> type = parseTensorMapType(name);
      ok = hasType = type.has_value();
      description.type = type.value_or(TensorMapType::F32);
    } else if (key == "dims") {
      ok = parseList(value, dims);
    } else if (key == "strides") {
      ok = parseList(value, strides);
    } else if (key == "box") {
      ok = parseList(value, box);
    } else if (key == "elementstrides") {
      ok = parseList(value, elementStrides);
    } else if (key == "swizzle") {
      ok = parseSwizzle(value, description.swizzle);
    } else if (key == "interleave") {
      ok = parseInterleave(value, description.interleave);
    } else if (key == "l2") {
      ok = parsePromotion(value, description.l2Promotion);
    } else if (key == "oob") {
      ok = parseFill(value, description.fill);
    } else {
      return llvm::createStringError(
          "'" + key +
          "' is not a property of a tensor map; these are type, dims, strides, "
          "box, elementstrides, swizzle, interleave, l2 and oob");
    }
    if (!ok)
      return llvm::createStringError("'" + value + "' is not a " + key +
                                     " of a tensor map");
  }
  if (!hasType || dims.empty() || box.empty())
    return llvm::createStringError(
        "a tensor map needs type, dims and box: map:0;type=f32;dims=64x32;"
        "strides=256;box=8x8");
  description.dims = dims;
  description.strides = strides;
  description.box = box;
  description.elementStrides = elementStrides;
  llvm::Expected<TensorMap> map = encodeTiled(description);
  if (!map)
    return map.takeError();
  argument.bytes.assign(map->bytes, map->bytes + sizeof(map->bytes));
  return llvm::Error::success();
}

std::vector<void *> Arguments::getPointers() {
  std::vector<void *> pointers;
  for (Argument &argument : arguments)
    pointers.push_back(argument.bytes.data());
  return pointers;
}

llvm::Expected<HostTensor> Arguments::readBuffer(unsigned index) const {
  if (index >= arguments.size() || !arguments[index].tensor)
    return llvm::createStringError("argument " + Twine(index) +
                                   " is not a buffer that could be read");
  const Argument &argument = arguments[index];
  llvm::Expected<HostTensor> tensor = HostTensor::create(
      argument.tensor->getElementType(), argument.tensor->getShape());
  if (tensor)
    std::memcpy(tensor->getData(), argument.address, tensor->getNumBytes());
  return tensor;
}
