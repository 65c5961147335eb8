//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_BINDINGS_PYTHON_ARRAY_H
#define BPT_LIB_BINDINGS_PYTHON_ARRAY_H

#include "bpt-c/Compiler.h"
#include <memory>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <optional>
#include <string>
#include <vector>

namespace bpt::python {

/// `f32`, `f8E4M3FN`, `i1`, `ui8`.
const char *getName(BPTElementType type);
size_t getByteWidth(BPTElementType type);

/// An array of Python's in host memory, held as long as this lives: what has
/// `__dlpack__`, or the buffer protocol, which NumPy's arrays are taken by.
class Array {
public:
  enum class Access { Read, Write };

  /// Throws an Error that begins with `title` if it is none.
  static Array import(nanobind::handle object, Access access,
                      const std::string &title);

  BPTElementType getElementType() const { return elementType; }
  const std::vector<int64_t> &getSizes() const { return sizes; }
  /// `2x3xf32`
  std::string getTypeString() const;

  /// The elements in row-major order without gaps: in place where they lie so
  /// and are aligned, else a copy. Needs no GIL.
  BPTTensorView view();

  /// Fills the array from a tensor of its type and sizes. Needs no GIL.
  void assign(const BPTTensorView &tensor);

  /// An object whose DLPack says that the elements are of another type of the
  /// same width; it keeps the owner.
  nanobind::object exportAs(BPTElementType type, nanobind::handle owner) const;

  /// Whether it can be used where it is: contiguous and aligned.
  bool isDense() const;

private:
  /// False, with the reason if it is one, if the object is no such buffer.
  bool importBuffer(nanobind::handle object, Access access,
                    std::string &reason);
  /// Takes the type from the buffer; false if it is none of ours.
  bool setFormat();
  void importDLPack(nanobind::handle object, Access access,
                    const std::string &title);
  void setDLPack(const nanobind::dlpack::dtype &dtype, const void *data,
                 size_t rank, const int64_t *shape, const int64_t *steps,
                 nanobind::handle object, const std::string &title);
  template <typename Visit> void visitElements(Visit visit);

  BPTElementType elementType = BPT_F32;
  std::vector<int64_t> sizes;
  /// In bytes.
  std::vector<int64_t> strides;
  char *data = nullptr;

  /// What keeps the memory: one of these.
  std::unique_ptr<Py_buffer, void (*)(Py_buffer *)> buffer{nullptr, nullptr};
  nanobind::ndarray<nanobind::ro> readable;
  nanobind::ndarray<> writable;
  std::unique_ptr<char[]> copy;
};

/// A NumPy array of the memory of a result, which it owns from now on; elements
/// that NumPy has no type for are unsigned integers.
nanobind::object toNumPy(BPTResult *result);

} // namespace bpt::python

#endif // BPT_LIB_BINDINGS_PYTHON_ARRAY_H
