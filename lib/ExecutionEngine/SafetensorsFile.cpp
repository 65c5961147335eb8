//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/SafetensorsFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace mlir;
using namespace mlir::bpt;
namespace json = llvm::json;

/// The limit of the format's own library.
static constexpr uint64_t kMaxHeaderBytes = 100'000'000;
static constexpr llvm::StringLiteral kMetadata = "__metadata__";

namespace {
struct SafetensorsType {
  llvm::StringLiteral code;
  ElementType elementType;
};
constexpr SafetensorsType kTypes[] = {
    {"F64", ElementType::F64},  {"F32", ElementType::F32},
    {"F16", ElementType::F16},  {"BF16", ElementType::BF16},
    {"BOOL", ElementType::I1},  {"I8", ElementType::I8},
    {"I16", ElementType::I16},  {"I32", ElementType::I32},
    {"I64", ElementType::I64},  {"U8", ElementType::UI8},
    {"U16", ElementType::UI16}, {"U32", ElementType::UI32},
    {"U64", ElementType::UI64}, {"F8_E4M3", ElementType::F8E4M3FN}};

/// Facts of a JSON text that llvm::json does not tell: how deep it nests (its
/// parser recurses) and how many keys the outer object has (of equal keys it
/// keeps one).
struct JSONOutline {
  size_t depth = 0;
  size_t numKeys = 0;

  explicit JSONOutline(llvm::StringRef text) {
    size_t level = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      switch (text[i]) {
      case '"':
        while (++i < text.size() && text[i] != '"')
          if (text[i] == '\\')
            ++i;
        break;
      case '{':
      case '[':
        depth = std::max(depth, ++level);
        break;
      case '}':
      case ']':
        level -= level != 0;
        break;
      case ':':
        numKeys += level == 1;
        break;
      default:
        break;
      }
    }
  }
};
} // namespace

llvm::Expected<SafetensorsFile> SafetensorsFile::open(llvm::StringRef path) {
  llvm::Expected<std::shared_ptr<MappedFile>> mapped = MappedFile::open(path);
  if (!mapped)
    return mapped.takeError();
  SafetensorsFile file;
  file.file = std::move(*mapped);
  if (llvm::Error error = file.parseHeader())
    return std::move(error);
  return file;
}

llvm::Error SafetensorsFile::parseHeader() {
  llvm::StringRef path = file->getPath(), bytes = file->getBytes();
  if (bytes.size() < 8)
    return makeFileError(path, "is not a safetensors file: it has " +
                                   llvm::Twine(bytes.size()) +
                                   " bytes, less than a header length takes");
  uint64_t headerBytes = llvm::support::endian::read64le(bytes.data());
  if (headerBytes > kMaxHeaderBytes)
    return makeFileError(path, "is not a safetensors file: it states a header "
                               "of " +
                                   llvm::Twine(headerBytes) + " bytes");
  if (headerBytes > bytes.size() - 8)
    return makeFileError(path, "is truncated: its header has " +
                                   llvm::Twine(headerBytes) +
                                   " bytes, the rest of the file " +
                                   llvm::Twine(bytes.size() - 8));
  dataOffset = 8 + headerBytes;
  llvm::StringRef text = bytes.substr(8, headerBytes);
  JSONOutline outline(text);
  if (outline.depth > 8)
    return makeFileError(path, "has a header that nests too deep");
  llvm::Expected<json::Value> root = json::parse(text);
  if (!root) {
    llvm::consumeError(root.takeError());
    return makeFileError(path, "has a header that is not JSON in UTF-8");
  }
  const json::Object *object = root->getAsObject();
  if (!object)
    return makeFileError(path, "has a header that is not a JSON object");
  if (object->size() != outline.numKeys)
    return makeFileError(path, "has a header that names a tensor twice");

  for (const auto &[key, value] : *object) {
    if (llvm::StringRef(key) == kMetadata)
      continue;
    llvm::Expected<Entry> entry = parseEntry(key, value.getAsObject());
    if (!entry)
      return entry.takeError();
    entries.push_back(std::move(*entry));
  }
  llvm::sort(entries, [](const Entry &a, const Entry &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });

  uint64_t covered = 0;
  for (const Entry &entry : entries) {
    if (entry.begin < covered)
      return makeFileError(path, "has overlapping data for tensor '" +
                                     entry.name + "'");
    if (entry.begin > covered)
      return makeFileError(path, "has data bytes " + llvm::Twine(covered) +
                                     " to " + llvm::Twine(entry.begin) +
                                     " that belong to no tensor");
    covered = entry.end;
  }
  uint64_t available = bytes.size() - dataOffset;
  if (covered != available)
    return makeFileError(path, (covered > available ? "is truncated: " : "") +
                                   llvm::Twine("its tensors take ") +
                                   llvm::Twine(covered) +
                                   " bytes, but it holds " +
                                   llvm::Twine(available) + " bytes of data");
  return llvm::Error::success();
}

llvm::Expected<SafetensorsFile::Entry>
SafetensorsFile::parseEntry(llvm::StringRef name,
                            const void *jsonObject) const {
  auto fail = [&](const llvm::Twine &reason) {
    return makeFileError(file->getPath(), "tensor '" + name + "' " + reason);
  };
  const auto *object = static_cast<const json::Object *>(jsonObject);
  if (!object)
    return fail("is not described by a JSON object");
  Entry entry;
  entry.name = name.str();

  std::optional<llvm::StringRef> dtype = object->getString("dtype");
  if (!dtype)
    return fail("has no 'dtype'");
  const SafetensorsType *type =
      llvm::find_if(kTypes, [&](const SafetensorsType &candidate) {
        return candidate.code == *dtype;
      });
  if (type == std::end(kTypes))
    return fail("has dtype '" + *dtype + "', which is not supported");
  entry.elementType = type->elementType;

  const json::Array *shape = object->getArray("shape");
  if (!shape)
    return fail("has no 'shape'");
  for (const json::Value &value : *shape) {
    std::optional<int64_t> size = value.getAsInteger();
    if (!size || *size < 0)
      return fail("has a 'shape' that holds something that is not a size");
    entry.shape.push_back(*size);
  }
  std::optional<int64_t> numElements =
      bpt::getNumElements(entry.elementType, entry.shape);
  if (!numElements)
    return fail("has a shape whose size overflows");

  const json::Array *offsets = object->getArray("data_offsets");
  std::optional<int64_t> begin, end;
  if (offsets && offsets->size() == 2) {
    begin = (*offsets)[0].getAsInteger();
    end = (*offsets)[1].getAsInteger();
  }
  if (!begin || !end || *begin < 0 || *end < *begin)
    return fail("has no 'data_offsets' of a begin and an end");
  uint64_t expected =
      static_cast<uint64_t>(*numElements) * getByteWidth(entry.elementType);
  entry.begin = *begin;
  entry.end = *end;
  if (entry.end - entry.begin != expected)
    return fail("has " + llvm::Twine(entry.end - entry.begin) +
                " bytes of data, but " +
                bpt::getTypeString(entry.elementType, entry.shape) + " takes " +
                llvm::Twine(expected));
  return entry;
}

bool SafetensorsFile::contains(llvm::StringRef name) const {
  return llvm::any_of(entries,
                      [&](const Entry &entry) { return entry.name == name; });
}

std::vector<std::string> SafetensorsFile::getNames() const {
  std::vector<std::string> names;
  for (const Entry &entry : entries)
    names.push_back(entry.name);
  return names;
}

llvm::Expected<HostTensor> SafetensorsFile::get(llvm::StringRef name) const {
  auto entry = llvm::find_if(
      entries, [&](const Entry &entry) { return entry.name == name; });
  if (entry == entries.end()) {
    constexpr size_t maxListed = 8;
    std::vector<std::string> names = getNames();
    std::string listed =
        llvm::join(llvm::ArrayRef(names).take_front(maxListed), ", ");
    if (names.size() > maxListed)
      listed += ", and " + std::to_string(names.size() - maxListed) + " more";
    return makeFileError(
        file->getPath(),
        "holds no tensor '" + name + "'; " +
            (names.empty() ? "it is empty" : "it holds " + listed));
  }
  char *data = file->getData() + dataOffset + entry->begin;
  if (reinterpret_cast<uintptr_t>(data) % 64 == 0 &&
      entry->elementType != ElementType::I1)
    return HostTensor::wrap(entry->elementType, entry->shape, data, file);
  llvm::Expected<HostTensor> tensor =
      HostTensor::create(entry->elementType, entry->shape);
  if (!tensor)
    return makeFileError(file->getPath(), llvm::toString(tensor.takeError()));
  std::memcpy(tensor->getData(), data, tensor->getNumBytes());
  if (entry->elementType == ElementType::I1)
    for (char &byte :
         llvm::MutableArrayRef(tensor->getData(), tensor->getNumBytes()))
      byte = byte != 0;
  return tensor;
}

llvm::Error bpt::writeSafetensors(AtomicFile &file, llvm::StringRef path,
                                  llvm::ArrayRef<NamedTensor> tensors) {
  std::string header;
  llvm::raw_string_ostream os(header);
  json::OStream writer(os);
  llvm::StringSet<> seen;
  uint64_t offset = 0;
  writer.objectBegin();
  for (const NamedTensor &named : tensors) {
    const std::string &name = named.first;
    const HostTensor &tensor = named.second;
    if (!json::isUTF8(name))
      return makeFileError(path, "a tensor's name is not UTF-8");
    if (name == kMetadata)
      return makeFileError(path, "'__metadata__' is not a tensor's name");
    if (!seen.insert(name).second)
      return makeFileError(path, "two tensors are named '" + name + "'");
    const SafetensorsType *type =
        llvm::find_if(kTypes, [&](const SafetensorsType &candidate) {
          return candidate.elementType == tensor.getElementType();
        });
    uint64_t end = offset + tensor.getNumBytes();
    writer.attributeObject(name, [&] {
      writer.attribute("dtype", type->code);
      writer.attributeArray("shape", [&] {
        for (int64_t size : tensor.getShape())
          writer.value(size);
      });
      writer.attributeArray("data_offsets", [&] {
        writer.value(offset);
        writer.value(end);
      });
    });
    offset = end;
  }
  writer.objectEnd();
  // The format lets spaces follow the header; the data start at a multiple of
  // 64 bytes.
  header.append((8 + header.size() + 63) / 64 * 64 - 8 - header.size(), ' ');
  char length[8];
  llvm::support::endian::write64le(length, header.size());
  if (llvm::Error error = file.write({length, 8}))
    return error;
  if (llvm::Error error = file.write(header))
    return error;
  for (const NamedTensor &named : tensors)
    if (llvm::Error error =
            file.write({named.second.getData(), named.second.getNumBytes()}))
      return error;
  return llvm::Error::success();
}
