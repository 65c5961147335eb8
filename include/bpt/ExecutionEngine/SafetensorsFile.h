//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_SAFETENSORSFILE_H
#define BPT_EXECUTIONENGINE_SAFETENSORSFILE_H

#include "bpt/ExecutionEngine/FileIO.h"
#include "bpt/ExecutionEngine/HostTensor.h"
#include <vector>

namespace mlir::bpt {

/// A safetensors file, mapped. Opening checks the whole header, as the format
/// asks: the tensors cover the data without a hole or an overlap, and every
/// byte range is as long as dtype and shape say.
class SafetensorsFile {
public:
  static llvm::Expected<SafetensorsFile> open(llvm::StringRef path);

  bool contains(llvm::StringRef name) const;
  /// The tensor of that name. Its data stay in the mapping when they are
  /// aligned to 64 bytes, else they are copied. An error names the tensors
  /// that the file holds instead.
  llvm::Expected<HostTensor> get(llvm::StringRef name) const;
  /// The names, in order of their data.
  std::vector<std::string> getNames() const;

private:
  struct Entry {
    std::string name;
    ElementType elementType;
    llvm::SmallVector<int64_t, 4> shape;
    uint64_t begin;
    uint64_t end;
  };
  llvm::Error parseHeader();
  llvm::Expected<Entry> parseEntry(llvm::StringRef name,
                                   const void *jsonObject) const;

  std::shared_ptr<MappedFile> file;
  uint64_t dataOffset = 0;
  std::vector<Entry> entries;
};

using NamedTensor = std::pair<std::string, HostTensor>;

/// Writes the tensors in order, their data aligned to 64 bytes in the file.
/// Names must be UTF-8, distinct and not `__metadata__`.
llvm::Error writeSafetensors(AtomicFile &file, llvm::StringRef path,
                             llvm::ArrayRef<NamedTensor> tensors);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_SAFETENSORSFILE_H
