//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/NpyFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/SwapByteOrder.h"
#include <algorithm>
#include <cstring>

using namespace mlir;
using namespace mlir::bpt;

static constexpr llvm::StringLiteral kMagic = "\x93NUMPY";
/// Far beyond any header that NumPy writes for a plain array.
static constexpr uint64_t kMaxNpyHeaderBytes = 1 << 20;
static constexpr size_t kMaxRank = 64;

namespace {
struct NpyType {
  llvm::StringLiteral code;
  ElementType elementType;
};
constexpr NpyType kNpyTypes[] = {
    {"f8", ElementType::F64},  {"f4", ElementType::F32},
    {"f2", ElementType::F16},  {"b1", ElementType::I1},
    {"i1", ElementType::I8},   {"i2", ElementType::I16},
    {"i4", ElementType::I32},  {"i8", ElementType::I64},
    {"u1", ElementType::UI8},  {"u2", ElementType::UI16},
    {"u4", ElementType::UI32}, {"u8", ElementType::UI64}};

struct NpyHeader {
  ElementType elementType = ElementType::F32;
  bool isSwapped = false;
  bool isFortranOrder = false;
  llvm::SmallVector<int64_t, 4> shape;
};

/// Reads the header, a literal of a Python dictionary with the keys `descr`,
/// `fortran_order` and `shape`.
class HeaderParser {
public:
  HeaderParser(llvm::StringRef text) : rest(text) {}

  /// Returns what is wrong, or an empty string.
  std::string parse(NpyHeader &header);

private:
  bool consume(char c) {
    rest = rest.ltrim(" \t\n\r");
    if (rest.empty() || rest.front() != c)
      return false;
    rest = rest.drop_front();
    return true;
  }
  bool parseString(llvm::StringRef &value) {
    rest = rest.ltrim(" \t\n\r");
    if (rest.empty() || (rest.front() != '\'' && rest.front() != '"'))
      return false;
    size_t end = rest.find(rest.front(), 1);
    if (end == llvm::StringRef::npos)
      return false;
    value = rest.slice(1, end);
    rest = rest.drop_front(end + 1);
    return true;
  }
  std::string parseDescr(NpyHeader &header);
  std::string parseShape(NpyHeader &header);

  llvm::StringRef rest;
};
} // namespace

std::string HeaderParser::parseDescr(NpyHeader &header) {
  llvm::StringRef descr;
  if (!parseString(descr))
    return "structured dtypes are not supported, only plain numbers";
  llvm::StringRef code = descr;
  char order = '|';
  if (!code.empty() && llvm::StringRef("<>=|").contains(code.front())) {
    order = code.front();
    code = code.drop_front();
  }
  for (const NpyType &type : kNpyTypes) {
    if (type.code != code)
      continue;
    header.elementType = type.elementType;
    header.isSwapped = getByteWidth(type.elementType) > 1 && order == '>';
    return "";
  }
  return ("dtype '" + descr +
          "' is not supported; use a boolean, integer or "
          "float type")
      .str();
}

std::string HeaderParser::parseShape(NpyHeader &header) {
  if (!consume('('))
    return "its 'shape' is not a tuple";
  while (!consume(')')) {
    rest = rest.ltrim(" \t\n\r");
    int64_t size;
    if (rest.consumeInteger(10, size) || size < 0)
      return "its 'shape' holds something that is not a size";
    // Python 2 wrote long integers so.
    rest.consume_front("L");
    header.shape.push_back(size);
    if (header.shape.size() > kMaxRank)
      return "its 'shape' has more than 64 dimensions";
    if (!consume(',')) {
      if (!consume(')'))
        return "its 'shape' is not a tuple";
      break;
    }
  }
  return "";
}

std::string HeaderParser::parse(NpyHeader &header) {
  const std::string malformed = "its header is not a dictionary of 'descr', "
                                "'fortran_order' and 'shape'";
  bool hasDescr = false, hasOrder = false, hasShape = false;
  if (!consume('{'))
    return malformed;
  while (!consume('}')) {
    llvm::StringRef key;
    if (!parseString(key) || !consume(':'))
      return malformed;
    std::string problem;
    if (key == "descr" && !hasDescr) {
      hasDescr = true;
      problem = parseDescr(header);
    } else if (key == "fortran_order" && !hasOrder) {
      hasOrder = true;
      rest = rest.ltrim(" \t\n\r");
      if (rest.consume_front("True"))
        header.isFortranOrder = true;
      else if (!rest.consume_front("False"))
        problem = "its 'fortran_order' is neither True nor False";
    } else if (key == "shape" && !hasShape) {
      hasShape = true;
      problem = parseShape(header);
    } else {
      return malformed;
    }
    if (!problem.empty())
      return problem;
    if (!consume(',')) {
      if (!consume('}'))
        return malformed;
      break;
    }
  }
  if (!hasDescr || !hasOrder || !hasShape || !rest.trim(" \t\n\r").empty())
    return malformed;
  return "";
}

/// Copies an array stored with the first index running fastest.
static void copyFromFortranOrder(const char *source, HostTensor &target) {
  unsigned width = getByteWidth(target.getElementType());
  llvm::ArrayRef<int64_t> shape = target.getShape();
  llvm::SmallVector<int64_t> strides, index(shape.size(), 0);
  int64_t stride = width;
  for (int64_t size : shape) {
    strides.push_back(stride);
    stride *= size;
  }
  char *out = target.getData();
  for (int64_t i = 0, e = target.getNumElements(); i < e; ++i, out += width) {
    std::memcpy(out, source, width);
    for (size_t dim = shape.size(); dim-- > 0;) {
      source += strides[dim];
      if (++index[dim] < shape[dim])
        break;
      source -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
  }
}

static void swapBytes(HostTensor &tensor) {
  unsigned width = getByteWidth(tensor.getElementType());
  for (char *data = tensor.getData(), *end = data + tensor.getNumBytes();
       data != end; data += width)
    std::reverse(data, data + width);
}

llvm::Expected<HostTensor> bpt::readNpy(llvm::StringRef path) {
  llvm::Expected<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  llvm::StringRef bytes = (*file)->getBytes();
  if (!bytes.starts_with(kMagic))
    return makeFileError(path, "is not a .npy file");
  if (bytes.size() < 8)
    return makeFileError(path, "is truncated in its header");
  unsigned major = static_cast<uint8_t>(bytes[6]);
  if (major < 1 || major > 3 || bytes[7] != 0)
    return makeFileError(path, "has .npy format version " + llvm::Twine(major) +
                                   "." +
                                   llvm::Twine((unsigned)(uint8_t)bytes[7]) +
                                   "; versions 1.0 to 3.0 are supported");
  size_t lengthBytes = major == 1 ? 2 : 4;
  if (bytes.size() < 8 + lengthBytes)
    return makeFileError(path, "is truncated in its header");
  uint64_t headerBytes =
      major == 1 ? llvm::support::endian::read16le(bytes.data() + 8)
                 : llvm::support::endian::read32le(bytes.data() + 8);
  if (headerBytes > kMaxNpyHeaderBytes)
    return makeFileError(path, "states a header of " +
                                   llvm::Twine(headerBytes) +
                                   " bytes; an array's is smaller");
  size_t dataOffset = 8 + lengthBytes + headerBytes;
  if (bytes.size() < dataOffset)
    return makeFileError(path, "is truncated in its header");

  NpyHeader header;
  std::string problem =
      HeaderParser(bytes.substr(8 + lengthBytes, headerBytes)).parse(header);
  if (!problem.empty())
    return makeFileError(path, problem);
  std::optional<int64_t> numElements =
      bpt::getNumElements(header.elementType, header.shape);
  if (!numElements)
    return makeFileError(path, "states a shape whose size overflows");
  uint64_t expected =
      static_cast<uint64_t>(*numElements) * getByteWidth(header.elementType);
  uint64_t actual = bytes.size() - dataOffset;
  if (actual != expected)
    return makeFileError(
        path, "holds " + llvm::Twine(actual) +
                  " bytes of data, but its header "
                  "(" +
                  bpt::getTypeString(header.elementType, header.shape) +
                  ") says " + llvm::Twine(expected));

  char *data = (*file)->getData() + dataOffset;
  // One dimension is in both orders.
  bool isTransposed =
      header.isFortranOrder &&
      llvm::count_if(header.shape, [](int64_t size) { return size != 1; }) > 1;
  bool isAligned = reinterpret_cast<uintptr_t>(data) % 64 == 0;
  if (!isTransposed && !header.isSwapped && isAligned &&
      header.elementType != ElementType::I1)
    return HostTensor::wrap(header.elementType, header.shape, data, *file);

  llvm::Expected<HostTensor> tensor =
      HostTensor::create(header.elementType, header.shape);
  if (!tensor)
    return makeFileError(path, llvm::toString(tensor.takeError()));
  if (isTransposed)
    copyFromFortranOrder(data, *tensor);
  else if (expected != 0)
    std::memcpy(tensor->getData(), data, expected);
  if (header.isSwapped)
    swapBytes(*tensor);
  if (header.elementType == ElementType::I1)
    for (char &byte : llvm::MutableArrayRef(tensor->getData(), expected))
      byte = byte != 0;
  return tensor;
}

bool bpt::isNpyElementType(ElementType type) {
  return type != ElementType::BF16 && type != ElementType::F8E4M3FN;
}

llvm::Error bpt::writeNpy(AtomicFile &file, const HostTensor &tensor) {
  const NpyType *type = llvm::find_if(kNpyTypes, [&](const NpyType &candidate) {
    return candidate.elementType == tensor.getElementType();
  });
  if (type == std::end(kNpyTypes))
    return llvm::createStringError(
        getName(tensor.getElementType()) +
        " has no .npy type; write it as @FILE.safetensors#NAME");
  std::string header = "{'descr': '";
  header += getByteWidth(type->elementType) == 1 ? '|' : '<';
  header += type->code.str() + "', 'fortran_order': False, 'shape': (";
  for (auto [dim, size] : llvm::enumerate(tensor.getShape()))
    header += (dim ? " " : "") + std::to_string(size) + ",";
  // NumPy writes (2, 3) and (2,).
  if (tensor.getRank() > 1)
    header.pop_back();
  header += "), }";
  // Data start at a multiple of 64 bytes.
  size_t prefix = kMagic.size() + 4;
  size_t padded = (prefix + header.size() + 1 + 63) / 64 * 64;
  header.append(padded - prefix - header.size() - 1, ' ');
  header += '\n';
  if (header.size() > UINT16_MAX)
    return llvm::createStringError("a tensor of rank " +
                                   llvm::Twine(tensor.getRank()) +
                                   " has no .npy header");

  std::string start = kMagic.str();
  start += '\x01';
  start += '\x00';
  start += static_cast<char>(header.size() & 0xff);
  start += static_cast<char>(header.size() >> 8);
  if (llvm::Error error = file.write(start + header))
    return error;
  return file.write({tensor.getData(), tensor.getNumBytes()});
}
