//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Array.h"
#include "Errors.h"
#include <cstring>
#include <tuple>

namespace nb = nanobind;
using namespace bpt::python;
using nb::dlpack::dtype_code;

namespace {
struct TypeInfo {
  const char *name;
  size_t bytes;
  dtype_code code;
};
/// By BPTElementType. NumPy has no bf16 and no f8E4M3FN of its own.
constexpr TypeInfo kTypes[] = {
    {"f64", 8, dtype_code::Float}, {"f32", 4, dtype_code::Float},
    {"f16", 2, dtype_code::Float}, {"bf16", 2, dtype_code::Bfloat},
    {"i1", 1, dtype_code::Bool},   {"i8", 1, dtype_code::Int},
    {"i16", 2, dtype_code::Int},   {"i32", 4, dtype_code::Int},
    {"i64", 8, dtype_code::Int},   {"ui8", 1, dtype_code::UInt},
    {"ui16", 2, dtype_code::UInt}, {"ui32", 4, dtype_code::UInt},
    {"ui64", 8, dtype_code::UInt}, {"f8E4M3FN", 1, dtype_code::Float8_E4M3FN},
};
} // namespace

const char *bpt::python::getName(BPTElementType type) {
  return kTypes[type].name;
}

size_t bpt::python::getByteWidth(BPTElementType type) {
  return kTypes[type].bytes;
}

static std::optional<BPTElementType> findType(dtype_code code, size_t bytes) {
  for (size_t i = 0; i < std::size(kTypes); ++i)
    if (kTypes[i].code == code && kTypes[i].bytes == bytes)
      return static_cast<BPTElementType>(i);
  return std::nullopt;
}

/// The type of a format of the buffer protocol, as Python's struct module
/// writes it, for elements of so many bytes.
static std::optional<BPTElementType> parseFormat(const char *format,
                                                 size_t bytes) {
  if (!format)
    return BPT_UI8;
  if (*format == '@' || *format == '=' || *format == '<')
    ++format;
  if (*format == '\0' || format[1] != '\0')
    return std::nullopt;
  if (*format == '?')
    return BPT_I1;
  if (std::strchr("efd", *format))
    return findType(dtype_code::Float, bytes);
  if (std::strchr("bhilq", *format))
    return findType(dtype_code::Int, bytes);
  if (std::strchr("BHILQ", *format))
    return findType(dtype_code::UInt, bytes);
  return std::nullopt;
}

/// The type of the elements as the array's library calls it.
static std::string getTypeName(nb::handle object) {
  if (!nb::hasattr(object, "dtype"))
    return "unknown type";
  nb::object dtype = object.attr("dtype");
  return nb::str(dtype).c_str();
}

static Error makeTypeError(nb::handle object, const std::string &title) {
  return Error(title + " has elements of type " + getTypeName(object) +
               "; there are f64, f32, f16, bf16, f8E4M3FN, bool and integers "
               "of 8 to 64 bits, in the byte order of this machine");
}

/// The message of the Python exception that is being handled.
static std::string getMessage(nb::python_error &error) {
  return nb::str(error.value()).c_str();
}

Array Array::import(nb::handle object, Access access,
                    const std::string &title) {
  Array array;
  std::string reason;
  if (array.importBuffer(object, access, reason)) {
    if (!array.setFormat())
      throw makeTypeError(object, title);
    return array;
  }
  // ml_dtypes' types can be no buffers, and NumPy's DLPack has them neither.
  if (nb::hasattr(object, "__array_interface__"))
    for (auto [name, bits, type] :
         {std::tuple{"bfloat16", "uint16", BPT_BF16},
          std::tuple{"float8_e4m3fn", "uint8", BPT_F8E4M3FN}})
      if (getTypeName(object) == name &&
          array.importBuffer(object.attr("view")(bits), access, reason)) {
        array.elementType = type;
        return array;
      }
  if (nb::hasattr(object, "__dlpack__"))
    array.importDLPack(object, access, title);
  else if (reason.empty())
    throw Error(title + " is a " + nb::type_name(object.type()).c_str() +
                "; give a NumPy array, or another that has __dlpack__");
  else
    throw Error(title + " cannot be " +
                (access == Access::Write ? "written: " : "read: ") + reason);
  return array;
}

bool Array::importBuffer(nb::handle object, Access access,
                         std::string &reason) {
  if (!PyObject_CheckBuffer(object.ptr()))
    return false;
  int flags = PyBUF_STRIDES | PyBUF_FORMAT |
              (access == Access::Write ? PyBUF_WRITABLE : 0);
  auto view = std::make_unique<Py_buffer>();
  if (PyObject_GetBuffer(object.ptr(), view.get(), flags) != 0) {
    nb::python_error error;
    reason = getMessage(error);
    return false;
  }
  buffer = {view.release(), [](Py_buffer *held) {
              PyBuffer_Release(held);
              delete held;
            }};
  data = static_cast<char *>(buffer->buf);
  sizes.assign(buffer->shape, buffer->shape + buffer->ndim);
  strides.assign(buffer->strides, buffer->strides + buffer->ndim);
  return true;
}

bool Array::setFormat() {
  std::optional<BPTElementType> type =
      parseFormat(buffer->format, buffer->itemsize);
  if (type)
    elementType = *type;
  return type.has_value();
}

/// The capsule of an object on the CPU.
static nb::object getCapsule(nb::handle object, const std::string &title) {
  constexpr int kCPU = 1, kPinnedByCUDA = 3;
  try {
    if (nb::hasattr(object, "__dlpack_device__")) {
      auto device = nb::cast<nb::tuple>(object.attr("__dlpack_device__")());
      int type = nb::cast<int>(device[0]);
      if (type != kCPU && type != kPinnedByCUDA)
        throw Error(title + " lies in the memory of a device (DLPack's type " +
                    std::to_string(type) +
                    "); bring it to the host's memory first");
    }
    nb::object method = object.attr("__dlpack__");
    try {
      return method(nb::arg("max_version") = nb::make_tuple(1, 1));
    } catch (nb::python_error &error) {
      // Older ones know no versions.
      if (!error.matches(PyExc_TypeError))
        throw;
    }
    return method();
  } catch (nb::python_error &error) {
    throw Error(title + " cannot be read: " + getMessage(error));
  }
}

void Array::importDLPack(nb::handle object, Access access,
                         const std::string &title) {
  nb::object capsule = getCapsule(object, title);
  if (access == Access::Read) {
    if (!nb::try_cast(capsule, readable))
      throw Error(title + " cannot be read: its DLPack capsule is not valid");
    setDLPack(readable.dtype(), readable.data(), readable.ndim(),
              readable.shape_ptr(), readable.stride_ptr(), object, title);
    return;
  }
  if (!nb::try_cast(capsule, writable))
    throw Error(title + " cannot be written: it is read-only");
  setDLPack(writable.dtype(), writable.data(), writable.ndim(),
            writable.shape_ptr(), writable.stride_ptr(), object, title);
}

void Array::setDLPack(const nb::dlpack::dtype &dtype, const void *first,
                      size_t rank, const int64_t *shape, const int64_t *steps,
                      nb::handle object, const std::string &title) {
  std::optional<BPTElementType> type;
  if (dtype.lanes == 1 && dtype.bits % 8 == 0)
    type = findType(static_cast<dtype_code>(dtype.code), dtype.bits / 8);
  if (!type)
    throw makeTypeError(object, title);
  elementType = *type;
  data = const_cast<char *>(static_cast<const char *>(first));
  sizes.assign(shape, shape + rank);
  for (size_t i = 0; i < rank; ++i)
    strides.push_back(steps[i] * static_cast<int64_t>(getByteWidth(*type)));
}

std::string Array::getTypeString() const {
  std::string text;
  for (int64_t size : sizes)
    text += std::to_string(size) + "x";
  return text + getName(elementType);
}

/// In bytes, without overflow: it is the size of an array that exists.
static size_t countBytes(BPTElementType type,
                         const std::vector<int64_t> &sizes) {
  size_t bytes = getByteWidth(type);
  for (int64_t size : sizes)
    bytes *= size;
  return bytes;
}

bool Array::isDense() const {
  size_t width = getByteWidth(elementType);
  if (countBytes(elementType, sizes) == 0)
    return true;
  auto stride = static_cast<int64_t>(width);
  for (size_t i = sizes.size(); i-- > 0; stride *= sizes[i])
    if (sizes[i] != 1 && strides[i] != stride)
      return false;
  return reinterpret_cast<uintptr_t>(data) % width == 0;
}

/// Calls `visit` with the address and the bytes of every run of elements that
/// lie one after the other, in row-major order.
template <typename Visit>
static void visitRuns(const std::vector<int64_t> &sizes,
                      const std::vector<int64_t> &strides, size_t numOuter,
                      size_t bytes, char *data, size_t dimension, Visit visit) {
  if (dimension == numOuter)
    return visit(data, bytes);
  for (int64_t i = 0; i < sizes[dimension]; ++i)
    visitRuns(sizes, strides, numOuter, bytes, data + i * strides[dimension],
              dimension + 1, visit);
}

template <typename Visit> void Array::visitElements(Visit visit) {
  size_t numOuter = sizes.size();
  size_t bytes = getByteWidth(elementType);
  while (numOuter > 0 && strides[numOuter - 1] == static_cast<int64_t>(bytes))
    bytes *= sizes[--numOuter];
  visitRuns(sizes, strides, numOuter, bytes, data, 0, visit);
}

BPTTensorView Array::view() {
  BPTTensorView tensor = {elementType, static_cast<int64_t>(sizes.size()),
                          sizes.data(), data};
  if (isDense())
    return tensor;
  copy.reset(new char[countBytes(elementType, sizes)]);
  char *to = copy.get();
  visitElements([&](const char *from, size_t bytes) {
    std::memcpy(to, from, bytes);
    to += bytes;
  });
  tensor.data = copy.get();
  return tensor;
}

void Array::assign(const BPTTensorView &tensor) {
  if (countBytes(elementType, sizes) == 0)
    return;
  auto *from = static_cast<const char *>(tensor.data);
  visitElements([&](char *to, size_t bytes) {
    std::memcpy(to, from, bytes);
    from += bytes;
  });
}

nb::object bpt::python::toNumPy(BPTResult *result) {
  nb::capsule owner(result, [](void *held) noexcept {
    bptDestroyResult(static_cast<BPTResult *>(held));
  });
  BPTTensorView tensor = bptGetTensor(result);
  const TypeInfo &type = kTypes[tensor.elementType];
  bool isForeign =
      tensor.elementType == BPT_BF16 || tensor.elementType == BPT_F8E4M3FN;
  nb::dlpack::dtype dtype;
  dtype.code = static_cast<uint8_t>(isForeign ? dtype_code::UInt : type.code);
  dtype.bits = static_cast<uint8_t>(type.bytes * 8);
  dtype.lanes = 1;
  std::vector<size_t> shape(tensor.sizes, tensor.sizes + tensor.rank);
  nb::ndarray<nb::numpy> array(tensor.data, shape.size(), shape.data(), owner,
                               /*strides=*/nullptr, dtype);
  return nb::cast(array, nb::rv_policy::reference);
}

nb::object Array::exportAs(BPTElementType type, nb::handle owner) const {
  nb::dlpack::dtype dtype;
  dtype.code = static_cast<uint8_t>(kTypes[type].code);
  dtype.bits = static_cast<uint8_t>(kTypes[type].bytes * 8);
  dtype.lanes = 1;
  std::vector<size_t> shape(sizes.begin(), sizes.end());
  std::vector<int64_t> steps;
  for (int64_t stride : strides)
    steps.push_back(stride / static_cast<int64_t>(kTypes[type].bytes));
  nb::ndarray<nb::array_api> array(data, shape.size(), shape.data(), owner,
                                   steps.data(), dtype);
  return nb::cast(array, nb::rv_policy::reference);
}
