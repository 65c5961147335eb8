//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/FileIO.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/Path.h"
#include <cerrno>
#include <unistd.h>

using namespace mlir;
using namespace mlir::bpt;
namespace fs = llvm::sys::fs;

llvm::Error bpt::makeFileError(llvm::StringRef path,
                               const llvm::Twine &reason) {
  return llvm::createStringError("'" + path + "': " + reason);
}

llvm::Expected<std::shared_ptr<MappedFile>>
MappedFile::open(llvm::StringRef path) {
  // The type is asked for first: opening a pipe would wait, and a device has
  // no end.
  fs::file_status status;
  if (std::error_code ec = fs::status(path, status))
    return makeFileError(path, ec.message());
  if (status.type() == fs::file_type::directory_file)
    return makeFileError(path, "is a directory, not a file");
  if (status.type() != fs::file_type::regular_file)
    return makeFileError(path, "is not a regular file");

  llvm::Expected<fs::file_t> handle = fs::openNativeFileForRead(path);
  if (!handle)
    return makeFileError(path,
                         llvm::errorToErrorCode(handle.takeError()).message());
  llvm::scope_exit close([&] { (void)fs::closeFile(*handle); });

  auto file = std::make_shared<MappedFile>();
  file->path = path.str();
  if (status.getSize() == 0)
    return file;
  std::error_code ec;
  file->region.emplace(*handle, fs::mapped_file_region::priv, status.getSize(),
                       /*offset=*/0, ec);
  if (ec)
    return makeFileError(path, ec.message());
  return file;
}

llvm::Expected<AtomicFile> AtomicFile::create(llvm::StringRef path) {
  if (path.empty())
    return llvm::createStringError("an output file needs a name");
  if (fs::is_directory(path))
    return makeFileError(path, "is a directory, not a file");
  llvm::Expected<fs::TempFile> file =
      fs::TempFile::create(path + ".tmp-%%%%%%%%");
  if (!file)
    return makeFileError(
        path, "cannot be written: " +
                  llvm::errorToErrorCode(file.takeError()).message());
  return AtomicFile(path, std::move(*file));
}

AtomicFile::~AtomicFile() {
  if (file)
    llvm::consumeError(file->discard());
}

llvm::Error AtomicFile::write(llvm::StringRef bytes) {
  while (!bytes.empty()) {
    // A single write is limited to 2 GiB by the system.
    ssize_t written = ::write(file->FD, bytes.data(),
                              std::min<size_t>(bytes.size(), 1 << 30));
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return makeFileError(path, "cannot be written: " + llvm::sys::StrError());
    bytes = bytes.drop_front(written);
  }
  return llvm::Error::success();
}

llvm::Error AtomicFile::commit() {
  llvm::Error error = file->keep(path);
  file.reset();
  if (error)
    return makeFileError(
        path, "cannot be written: " +
                  llvm::errorToErrorCode(std::move(error)).message());
  return llvm::Error::success();
}
