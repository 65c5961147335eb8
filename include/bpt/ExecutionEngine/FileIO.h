//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_FILEIO_H
#define BPT_EXECUTIONENGINE_FILEIO_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include <memory>
#include <optional>
#include <string>

namespace mlir::bpt {

/// An error of one line that names a file and says what is wrong with it.
llvm::Error makeFileError(llvm::StringRef path, const llvm::Twine &reason);

/// Maps a regular file privately: the pages can be written, the file is not
/// changed. An empty file gives no mapping, size 0.
class MappedFile {
public:
  static llvm::Expected<std::shared_ptr<MappedFile>> open(llvm::StringRef path);

  llvm::StringRef getPath() const { return path; }
  llvm::StringRef getBytes() const { return {getData(), getSize()}; }
  char *getData() const { return region ? region->data() : nullptr; }
  size_t getSize() const { return region ? region->size() : 0; }

private:
  std::string path;
  std::optional<llvm::sys::fs::mapped_file_region> region;
};

/// A file that appears complete or not at all: it is written next to its final
/// place under another name, and renamed by `commit`. Without a commit the
/// destructor removes it.
class AtomicFile {
public:
  static llvm::Expected<AtomicFile> create(llvm::StringRef path);
  AtomicFile(AtomicFile &&) = default;
  ~AtomicFile();

  llvm::Error write(llvm::StringRef bytes);
  llvm::Error commit();

private:
  AtomicFile(llvm::StringRef path, llvm::sys::fs::TempFile &&file)
      : path(path),
        file(std::make_unique<llvm::sys::fs::TempFile>(std::move(file))) {}

  std::string path;
  std::unique_ptr<llvm::sys::fs::TempFile> file;
};

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_FILEIO_H
